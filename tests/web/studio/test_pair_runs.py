"""What the studio shows of a run on pairs of images."""

from pathlib import Path

from visiting import Visitor

from pairs import enlarging


def test_there_is_no_walk_through_latent_space(tmp_path: Path) -> None:
    run = enlarging(tmp_path, training__steps=1, diagnosis__on=False)
    visitor = Visitor(run.path.parent)
    assert visitor.get("/api/runs/run").json()["name"] == "run"
    refused = visitor.get('/api/runs/run/walk?request={"action": "describe"}')
    assert refused.status_code == 400
    assert "is given an image and draws of no seed" in refused.json()["error"]
