"""What the pages are told of runs: of whole ones, and of those that something is wrong with."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from visiting import Visitor

from ganatomy.diagnosis import diagnose_run
from ganatomy.runs.run import Run
from ganatomy.web.studio.status import status
from probe_records import record as look


def test_a_run_at_once_and_then_only_what_is_new(visitor: Visitor, record: Callable[..., None]) -> None:
    whole = visitor.get("/api/runs/waves").json()
    assert (whole["state"], whole["whole"], whole["step"], whole["snapshots"]) == ("finished", True, 10, 3)
    titles = {chart["title"] for chart in whole["charts"]}
    assert {"Losses", "The discriminator's probabilities", "Gradient norms", "Speed"} <= titles
    losses = next(chart for chart in whole["charts"] if chart["title"] == "Losses")["data"]
    assert losses["series"][0]["x"] == [2, 4, 6, 8, 10]
    assert {level["text"] for level in losses["levels"]} == {"log 4", "log 2"}

    record("waves", {"step": 12, "loss/discriminator": 1.25, "loss/generator": None})
    time.sleep(0.6)
    news = visitor.get(f"/api/runs/waves?after=10&generation={whole['generation']}").json()
    assert (news["whole"], news["step"]) == (False, 12)
    chart = next(chart for chart in news["charts"] if chart["title"] == "Losses")
    assert [(curve["x"], curve["y"]) for curve in chart["data"]["series"]] == [([12], [1.25]), ([12], [None])]


def test_beliefs_have_a_band(visitor: Visitor) -> None:
    charts = {chart["title"]: chart["data"] for chart in visitor.get("/api/runs/waves").json()["charts"]}
    for curve in charts["The discriminator's probabilities"]["series"]:
        assert all(0 <= low < high <= 1 for low, high in zip(curve["low"]["y"], curve["high"]["y"], strict=True))


def test_cards(visitor: Visitor) -> None:
    (card,) = visitor.get("/api/runs").json()["runs"]
    assert (card["name"], card["state"], card["step"], card["picture"]) == ("waves", "finished", 10, 10)
    assert (card["recipe"], card["problem"]) == ("dcgan", None)
    assert list(card["curves"]["lines"]) == ["probability/real", "probability/fake"]
    assert visitor.get("/api/runs/waves/snapshots/10.png").headers["content-type"] == "image/png"


def damage_json(run: Path) -> None:
    (run / "run.json").write_text('{"status": "runn')


def damage_kind(run: Path) -> None:
    (run / "run.json").write_text('[["status"]]')


def newer(run: Path) -> None:
    (run / "run.json").write_text('{"format": 99, "status": "finished"}')


def odd_types(run: Path) -> None:
    (run / "run.json").write_text('{"format": 1, "status": ["x"], "data": 3, "machine": "m", "step": "y", "pid": "z"}')
    (run / "events.jsonl").write_text('{"event": "verdict"}\n{"event": "resumed", "step": {}}\n3\n')


def halves(run: Path) -> None:
    (run / "run.json").unlink()
    (run / "config.yaml").unlink()
    (run / "metrics.jsonl").write_text('{"step": 1, "loss/gene')


def bad_config(run: Path) -> None:
    (run / "config.yaml").write_text("recipe: dcgan\nunknown: {part: 1}\n")


def bad_pictures(run: Path) -> None:
    for path in (run / "samples").iterdir():
        path.write_bytes(b"\x89PNG\r\n\x1a\n and no more")


def bad_scores(run: Path) -> None:
    (run / "eval").mkdir(exist_ok=True)
    (run / "eval" / "step-00000010-x-9.json").write_text('{"format": 1, "scores": {"fd": {"value": "x"}}}')


WRONG: dict[Callable[[Path], None], str] = {
    damage_json: "is damaged",
    damage_kind: "is damaged",
    newer: "newer version of Ganatomy",
    odd_types: "",
    halves: "",
    bad_config: "",
    bad_pictures: "",
    bad_scores: "",
}


@pytest.mark.parametrize("harm", WRONG, ids=lambda harm: harm.__name__)
def test_a_folder_that_is_not_whole_is_told_and_the_rest_goes_on(
    visitor: Visitor, runs: Path, trained: Run, harm: Callable[[Path], None]
) -> None:
    shutil.copytree(trained.path, runs / "other")
    harm(runs / "waves")
    cards = {card["name"]: card for card in visitor.get("/api/runs").json()["runs"]}
    assert cards["other"]["state"] == "finished"
    for part in ("", "/snapshots", "/scores", "/nearest?step=10&tile=3", "/real/0.png"):
        answer = visitor.get(f"/api/runs/waves{part}")
        assert answer.status_code in (200, 400, 404), (part, answer.text)
        assert answer.status_code == 200 or answer.json()["error"].endswith((".", "?")), answer.text
    if WRONG[harm]:
        assert WRONG[harm] in cards["waves"]["problem"]
        assert WRONG[harm] in visitor.get("/api/runs/waves").json()["error"]
    assert visitor.get("/api/runs/other").status_code == 200


def test_a_run_that_is_deleted_while_it_is_shown(visitor: Visitor, runs: Path) -> None:
    assert visitor.get("/api/runs/waves").status_code == 200
    shutil.rmtree(runs / "waves")
    answer = visitor.get("/api/runs/waves")
    assert (answer.status_code, "removed" in answer.json()["error"]) == (404, True)
    assert visitor.get("/api/runs").json()["runs"] == []


def test_conditions(runs: Path) -> None:
    run = Run(runs / "waves")
    old = time.time() - 3600
    os.utime(run.path / "metrics.jsonl", (old, old))
    paused = [{"event": "started"}, {"event": "paused"}]
    assert status(run, {"status": "running", "pid": os.getpid()}, []) == "running"
    assert status(run, {"status": "running", "pid": os.getpid()}, paused) == "paused"
    assert status(run, {"status": "running", "pid": os.getpid()}, [*paused, {"event": "resumed"}]) == "running"
    assert status(run, {"status": "running", "pid": 2**22 + 1}, []) == "interrupted"
    assert status(run, {"status": "finished"}, paused) == "finished"
    os.utime(run.path / "metrics.jsonl")
    assert status(run, {"status": "running", "pid": 2**22 + 1}, []) == "running", "perhaps on another machine"


def test_the_diagnosis_says_what_the_command_says(visitor: Visitor, runs: Path, record: Callable[..., None]) -> None:
    """While the records grow, and when they begin anew."""
    run = Run(runs / "waves")
    collapse = {"kinds": 2.0, "distance": 0.4}
    told = visitor.get("/api/runs/waves").json()
    assert (told["diagnosis"], told["evidence"]) == (None, [])
    for sick, steps in (({}, range(20, 420, 20)), (collapse, range(420, 1020, 20)), ({}, range(1020, 1420, 20))):
        record("waves", *(look(step, **sick) for step in steps))
        time.sleep(0.6)
        told = visitor.get(f"/api/runs/waves?after={told['step']}&generation={told['generation']}").json()
        now, found = diagnose_run(run), told["diagnosis"]
        assert not told["whole"]
        assert (found["verdict"], found["step"], found["healthy"]) == (now.verdict, steps[-1], not sick)
        assert [each["title"] for each in found["findings"]] == [str(each) for each in now.findings()]
        assert [chart["data"]["series"][0]["name"] for chart in told["evidence"]] == ["kinds"] * len(now.findings())
    (finding,) = found["findings"]
    assert (finding["began"], finding["until"]) == (now.findings()[0].began, now.findings()[0].until)
    assert told["evidence"][0]["data"]["shades"] == [[finding["began"], finding["until"]]]
    assert finding["command"].startswith("ganatomy train --config ")
    again = visitor.get(f"/api/runs/waves?after={told['step']}&generation={told['generation']}").json()
    assert again["evidence"] == [], "it was told already"
    assert again["diagnosis"] == told["diagnosis"]
    run.forget_after(10)
    time.sleep(0.6)
    assert visitor.get("/api/runs/waves").json()["diagnosis"] is None


def test_a_training_that_was_stopped_by_a_number_says_so(visitor: Visitor, runs: Path) -> None:
    run = Run(runs / "waves")
    run.event("not finite", step=10)
    run.update(status="failed")
    assert visitor.get("/api/runs/waves").json()["diagnosis"]["verdict"] == diagnose_run(run).verdict
    assert diagnose_run(run).verdict.startswith("not finite")


def test_a_card_has_the_last_verdict(visitor: Visitor, runs: Path) -> None:
    run = Run(runs / "waves")
    for said in ("mode collapse: 3 kinds left", "healthy"):
        run.event("verdict", step=100, verdict=said)
        (card,) = visitor.get("/api/runs").json()["runs"]
        assert card["verdict"] == {"verdict": said, "healthy": said == "healthy"}


def test_the_real_image_nearest_to_a_tile(visitor: Visitor, runs: Path, images: Path) -> None:
    """A snapshot whose tiles are real images finds just those."""
    import numpy as np

    from ganatomy.modalities.images import enlarge, grid, save_png

    pixels = np.load(images)
    save_png(runs / "waves" / "samples" / "000010.png", enlarge(grid(np.resize(pixels, (64, *pixels.shape[1:]))), 480))
    told = visitor.get("/api/runs/waves/snapshots").json()
    assert (told["steps"], told["tiles"]["count"], told["tiles"]["times"]) == ([0, 5, 10], 64, 4)
    for tile in (0, 17, 36):
        nearest = visitor.get(f"/api/runs/waves/nearest?step=10&tile={tile}").json()["nearest"]
        assert nearest[0] == {"index": tile, "distance": 0.0}
        assert nearest[1]["distance"] > 0
    assert visitor.get("/api/runs/waves/real/36.png").status_code == 200
    assert visitor.get("/api/runs/waves/real/37.png").status_code == 404


def test_the_real_images_are_found_by_their_fingerprint_alone(visitor: Visitor, runs: Path) -> None:
    """A run's folder cannot name what is to be read."""
    path = runs / "waves" / "run.json"
    info = json.loads(path.read_text())
    info["data"]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(info))
    answer = visitor.get("/api/runs/waves/nearest?step=10&tile=0")
    assert (answer.status_code, "not in the cache" in answer.json()["error"]) == (400, True)


def test_the_command_of_a_form(visitor: Visitor) -> None:
    wanted = {
        "data": "my cats/",
        "recipe": "digits",
        "minutes": "2",
        "settings": "training.batch=8",
        "conditional": True,
    }
    told = visitor.order("/api/command", wanted).json()
    assert told["command"] == (
        "ganatomy train 'my cats/' --recipe digits --minutes 2 --conditional --set training.batch=8 --name digits-001"
    )
    answer = visitor.order("/api/command", {**wanted, "settings": "trainin.batch=8"})
    assert (answer.status_code, "training.batch" in answer.json()["error"]) == (400, True)
    assert "already" in visitor.order("/api/command", {**wanted, "name": "waves"}).json()["error"]
