"""Records as columns, and curves that keep every spike."""

import json
from pathlib import Path

import numpy as np
import pytest

from ganatomy.report import curves
from ganatomy.runs import lines
from ganatomy.runs.problems import problems
from ganatomy.runs.run import Run


@pytest.mark.parametrize("count", [2001, 99_999, 100_000])
def test_spikes_survive_thinning(count: int) -> None:
    values = np.random.default_rng(0).normal(size=count)
    spikes = {3: 1e6, count // 2: -1e6, count - 2: 1e5}
    for where, value in spikes.items():
        values[where] = value
    values[50:60] = np.nan
    steps, kept = curves.thin(np.arange(count, dtype=float), values)
    assert len(kept) <= 2000
    assert (steps[0], steps[-1]) == (0, count - 1)
    assert np.all(np.diff(steps) > 0)
    assert set(spikes.items()) <= set(zip(steps.astype(int).tolist(), kept.tolist(), strict=True))
    np.testing.assert_array_equal(kept, values[steps.astype(int)])


def test_a_long_gap_survives_thinning() -> None:
    values = np.ones(50_000)
    values[20_000:30_000] = np.nan
    steps, kept = curves.thin(np.arange(50_000.0), values)
    inside = (steps >= 20_100) & (steps < 29_900)
    assert inside.any()
    assert np.isnan(kept[inside]).all()
    assert not np.isnan(kept[(steps < 20_000) | (steps >= 30_000)]).any()


def test_records_are_read_a_chunk_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    records = [
        {"step": step, "loss/generator": 1 / step, **({"late": 1.0} if step > 20 else {})} for step in range(1, 31)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    whole = curves.read(path)
    assert list(whole) == ["step", "loss/generator", "late"]
    assert np.isnan(whole["late"][:20]).all()
    monkeypatch.setattr(curves, "CHUNK", 7)
    for name, column in curves.read(path).items():
        np.testing.assert_array_equal(column, whole[name])


def test_many_names_cost_no_more_than_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record with a name of its own: 20,000 × 20,000 numbers would be 3.2 GB."""
    run = Run(tmp_path)
    (tmp_path / "metrics.jsonl").write_text("".join(f'{{"a{i}": 1.0, "step": {i}}}\n' for i in range(20_000)))
    columns = curves.read(run.at("metrics.jsonl"))
    assert list(columns)[:3] == ["step", "a0", "a1"]
    assert {len(column) for column in columns.values()} == {20_000}
    assert len(columns) == 200
    assert problems(run) == ["metrics.jsonl: 19,801 names left out, beyond the first 200."]
    monkeypatch.setattr(lines, "CELLS", 20_000 * 50)
    monkeypatch.setattr(curves, "CELLS", 20_000 * 50)
    assert len(curves.read(run.at("metrics.jsonl"))) == 50
