"""What the studio shows of a run on sounds, and lets one hear."""

from pathlib import Path

import pytest
from visiting import Visitor

from ganatomy.evaluation.sounds.of_run import evaluate_run
from ganatomy.runs.run import Run
from sounds import sounding
from tiny import quick


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two steps on notes, evaluated; only read."""
    made = sounding(tmp_path_factory.mktemp("studio"), training__steps=2, diagnosis__on=False)
    evaluate_run(made, n=64)
    return made


def test_a_run_on_sounds_is_seen_and_heard(run: Run) -> None:
    visitor = Visitor(run.path.parent)
    news = visitor.get("/api/runs/run").json()
    assert (news["heard"], news["reals"]) == (True, True)
    snapshots = visitor.get("/api/runs/run/snapshots").json()
    assert snapshots == {"steps": [0, 2], "tiles": None}
    for path, place in (("files/reals.wav", run.at("reals.wav")), ("snapshots/2.wav", run.at("samples", "000002.wav"))):
        found = visitor.get(f"/api/runs/run/{path}")
        assert found.headers["content-type"] == "audio/wav"
        assert found.content == place.read_bytes()
    assert visitor.get("/api/runs/run/snapshots/1.wav").status_code == 404
    assert "media-src 'self'" in visitor.get("/").headers["content-security-policy"]
    report = visitor.get("/api/runs/run/files/report.html")
    assert "media-src data:" in report.headers["content-security-policy"]


def test_scores_and_summaries_of_sounds_are_read_and_what_is_of_images_is_refused(run: Run) -> None:
    visitor = Visitor(run.path.parent)
    (card,) = visitor.get("/api/runs/run/scores").json()["cards"]
    assert {"fd", "nearest_ratio"} <= set(card["scores"])
    (summary,) = visitor.get("/api/runs").json()["runs"]
    assert summary["name"] == "run"
    assert visitor.get("/api/runs/run/nearest?step=2&tile=0").status_code == 404
    refused = visitor.get('/api/runs/run/walk?request={"action": "describe"}')
    assert refused.status_code == 400
    assert "draws sounds, not images: `ganatomy sample" in refused.json()["error"]


def test_runs_on_images_are_not_heard(images: Path, tmp_path: Path) -> None:
    quick(images, tmp_path, training__steps=1, diagnosis__on=False)
    visitor = Visitor(tmp_path)
    assert visitor.get("/api/runs/run").json()["heard"] is False
    assert visitor.get("/api/runs/run/files/reals.wav").status_code == 404
