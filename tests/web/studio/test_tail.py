"""Files that grow: what is read, when, and what is kept of it."""

import json
from pathlib import Path

import numpy as np
import pytest

from ganatomy.web.studio import tail
from ganatomy.web.studio.tail import Events, Records, sketch, thinned


def write(path: Path, steps: range, mode: str = "a", **columns: float) -> None:
    with path.open(mode) as file:
        file.writelines(json.dumps({"step": step, "loss/generator": step / 7, **columns}) + "\n" for step in steps)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    records = Records(path)
    assert not records.advance(1)
    assert records.all() == {}
    write(path, range(10))
    records.advance(1)
    read = records.offset
    write(path, range(10, 15))
    records.advance(1)
    assert read < records.offset == path.stat().st_size
    np.testing.assert_array_equal(records.all()["step"], np.arange(15))
    np.testing.assert_array_equal(records.after(12)["loss/generator"], np.array([13, 14]) / 7)


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    write(path, range(3))
    with path.open("a") as file:
        file.write('{"step": 3, "loss/gen')
    records = Records(path)
    records.advance(1)
    assert len(records.all()["step"]) == 3
    with path.open("a") as file:
        file.write('erator": 5.0}\n')
    records.advance(1)
    assert records.all()["loss/generator"][3] == 5.0


@pytest.mark.parametrize("how", ["replaced", "shortened", "removed"])
def test_a_file_that_starts_anew_is_read_anew(tmp_path: Path, how: str) -> None:
    path = tmp_path / "metrics.jsonl"
    write(path, range(100))
    records = Records(path)
    records.advance(1)
    if how == "removed":
        path.unlink()
        records.advance(1)
        assert records.all() == {}
        write(path, range(5))
    elif how == "replaced":
        write(tmp_path / "other", range(5))
        (tmp_path / "other").replace(path)
    else:
        write(path, range(5), "w")
    records.advance(1)
    assert records.generation > 0
    assert len(records.all()["step"]) == 5


def test_what_no_trainer_writes_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    odd = ["", "nonsense", "[]", "7", '{"step": "x"}', '{"step": 1e400}', '{"loss": 1}', '{"step": 2, "a": {"b": 1}}']
    odd += [
        '{"step": 3, "a": [1, 2]}',
        '{"step": 4, "a": "12"}',
        '{"step": 4.5, "a": ' + "9" * 400 + "}",
        '{"step": 1}',
    ]
    path.write_bytes("\n".join(odd).encode() + b"\n\xff\xfe\x00\n" + b'{"step": 5, "a": 1.5}\n')
    records = Records(path)
    records.advance(1)
    np.testing.assert_array_equal(records.all()["step"], [2, 3, 4, 4.5, 5])
    assert records.all()["a"][-1] == 1.5
    assert np.isnan(records.all()["a"][:2]).all()


def test_many_records_become_few_and_spikes_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "MOST", 1000)
    monkeypatch.setattr(tail, "CHUNK", 20_000)
    path = tmp_path / "metrics.jsonl"
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 30_000))
    spikes = {777: 99.0, 12_345: -55.0, 29_001: 1e6}
    for step, value in spikes.items():
        a[step] = value
    with path.open("w") as file:
        file.writelines(f'{{"step": {i}, "a": {x}, "b": {y}}}\n' for i, (x, y) in enumerate(zip(a, b, strict=True)))
    records = Records(path)
    while records.advance(0.01):
        pass
    kept = records.all()
    assert len(kept["step"]) <= 1000
    assert (kept["step"][0], kept["step"][-1]) == (0, 29_999)
    for step, value in spikes.items():
        assert kept["a"][kept["step"] == step] == value
    assert (kept["b"].min(), kept["b"].max()) == (b.min(), b.max())
    gaps = np.diff(kept["step"])
    assert gaps.max() < 30_000 / 50, "evenly spread, however long ago"


def test_buckets_keep_their_extremes_and_gaps_stay_gaps() -> None:
    columns = {"step": np.arange(20.0), "a": np.sin(np.arange(20.0)), "b": np.full(20, np.nan)}
    columns["a"][10:] = np.nan
    kept = thinned(columns, 10)
    first = kept["step"] < 10
    assert (kept["a"][first].min(), kept["a"][first].max()) == (columns["a"][:10].min(), columns["a"][:10].max())
    np.testing.assert_array_equal(kept["step"][~first], [10, 19])


def test_a_sketch_is_of_whole_records_from_all_over(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    write(path, range(50_000))
    found = sketch(path, 10)
    np.testing.assert_allclose(found["loss/generator"], found["step"] / 7)
    assert (found["step"][0], found["step"][-1]) == (0, 49_999)
    assert 100 < len(found["step"]) < 5000
    assert sketch(tmp_path / "none") == {}


def test_events_are_objects(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "started"}\n[1]\nnull\n{"event": "verdict", "x": NaN}\n{"event": "cut')
    events = Events(path)
    events.advance()
    assert events.entries == [{"event": "started"}, {"event": "verdict", "x": None}]
