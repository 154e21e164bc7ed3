"""`ganatomy evaluate` of a run on sounds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.evaluation.sounds.of_run import evaluate_run
from ganatomy.runs.run import Run
from sounds import sounding


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two steps by class; evaluated, otherwise only read."""
    folder = tmp_path_factory.mktemp("measured")
    return sounding(folder, training__steps=2, data__first=300, prior__conditional=True, diagnosis__on=False)


def test_a_run_is_measured_beside_baselines_on_unseen_sounds(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "card.json"
    arguments = ["evaluate", str(run.path), "--n", "64", "--out", str(out)]
    said = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments).output
    for words in ("fd ↓", "pitch ↓", "random phase", "copies of training sounds", "64 generated sounds against 300"):
        assert words in said
    assert "put aside" not in said
    (kept,) = run.at("eval").glob("*.json")
    card = json.loads(kept.read_text())
    assert card["made"]["baselines"]["copies of training sounds"]["nearest_ratio"] == 0
    assert card["protocol"]["reference"]["unseen"] == 1500
    assert json.loads(out.read_text())["scores"] == card["scores"]
    assert "nearest_ratio" in run.at("report.html").read_text()
    again = ganatomy.evaluate(run, n=64, metrics=["fd"])
    assert again.scores["fd"].value == pytest.approx(card["scores"]["fd"]["value"])


def test_what_cannot_be_measured_is_said(run: Run) -> None:
    with pytest.raises(UserError, match="fewer than 20 sounds"):
        evaluate_run(run, n=5)
    with pytest.raises(UserError, match="There is no folder"):
        evaluate_run(run, held_out="missing", n=64)
