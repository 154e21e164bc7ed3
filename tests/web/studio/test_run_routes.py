"""What pages read of runs, whole or damaged."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from visiting import Visitor

from ganatomy.evaluation.metrics import METRICS
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Better


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


def no_numbers(run: Path) -> None:
    info = '{"format": 1, "status": "failed", "error": NaN, "step": 1e999, "lr": -Infinity, "data": {"images": 1e999}}'
    (run / "run.json").write_text(info)
    (run / "events.jsonl").write_text(
        '{"event": "resumed", "step": 1e999}\n{"event": "remedy", "step": NaN}\n'
        '{"event": "verdict", "verdict": -1e999}\n'
    )
    (run / "metrics.jsonl").write_text('{"step": 1e999, "loss/generator": 1}\n{"step": 2, "loss/generator": -1e999}\n')


def no_text(run: Path) -> None:
    (run / "run.json").write_text('{"format": 1, "status": "\\ud800", "error": "\\udcff", "command": "\\ud83d"}')


def deep(run: Path) -> None:
    (run / "run.json").write_text('{"error": ' + "[" * 900 + "]" * 900 + "}")
    (run / "events.jsonl").write_text('{"event": ' + "[" * 100_000 + "]" * 100_000 + "}\n")


def large(run: Path) -> None:
    (run / "run.json").write_text('{"error": "' + "x" * 2**22 + '"}')


def wordy(run: Path) -> None:
    (run / "run.json").write_text(
        '{"format": 1, "error": "' + "x" * 2**20 + '", "data": {"source": ["' + "y" * 2**20 + '"]}}'
    )


def pipes(run: Path) -> None:
    for name in ("events.jsonl", "metrics.jsonl"):
        (run / name).unlink()
        os.mkfifo(run / name)


WRONG: dict[Callable[[Path], None], str] = {
    damage_json: "is damaged",
    damage_kind: "is damaged",
    newer: "newer version of Ganatomy",
    odd_types: "",
    halves: "",
    bad_config: "",
    bad_pictures: "",
    bad_scores: "",
    no_numbers: "",
    no_text: "",
    deep: "",
    wordy: "",
    large: "more than 4,194,304 bytes",
    pipes: "neither a file nor a folder",
}


def strictly(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of an answer, read as a browser does: NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    found: dict[str, Any] = json.loads(answer.content.decode(), parse_constant=refuse)
    return found


@pytest.mark.parametrize("harm", WRONG, ids=lambda harm: harm.__name__)
def test_a_damaged_folder_is_reported_and_the_others_are_shown(
    visitor: Visitor, runs: Path, trained: Run, harm: Callable[[Path], None]
) -> None:
    shutil.copytree(trained.path, runs / "other")
    harm(runs / "waves")
    found = visitor.get("/api/runs")
    assert len(found.content) < 10_000
    summaries = {each["name"]: each for each in strictly(found)["runs"]}
    assert summaries["other"]["state"] == "finished"
    for part in ("", "/snapshots", "/scores", "/nearest?step=10&tile=3", "/real/0.png"):
        answer = visitor.get(f"/api/runs/waves{part}")
        assert answer.status_code in (200, 400, 404), (part, answer.text)
        assert answer.headers["content-type"] == "image/png" or len(answer.content) < 100_000
        content = {} if answer.headers["content-type"] == "image/png" else strictly(answer)
        assert answer.status_code == 200 or content["error"].endswith((".", "?")), answer.text
    if WRONG[harm]:
        assert WRONG[harm] in summaries["waves"]["problem"]
        assert WRONG[harm] in visitor.get("/api/runs/waves").json()["error"]
    assert visitor.get("/api/runs/other").status_code == 200


@pytest.mark.parametrize("problems", [[], ["fewer than 16 images"]])
@pytest.mark.parametrize("written", range(5))
def test_a_run_opens_however_little_of_it_is_written(
    visitor: Visitor, runs: Path, trained: Run, written: int, problems: list[str]
) -> None:
    """`train --studio` opens it before the first record."""
    run = runs / "new"
    run.mkdir()
    info = {
        "format": 1,
        "status": "running",
        "pid": os.getpid(),
        "step": 0,
        "data": {"images": 9, "problems": problems},
    }
    files = {
        "config.yaml": (trained.path / "config.yaml").read_text(),
        "run.json": json.dumps(info),
        "events.jsonl": '{"event": "started", "step": 0}\n',
        "metrics.jsonl": "",
    }
    for name in list(files)[:written]:
        (run / name).write_text(files[name])
    summaries = {each["name"]: each for each in strictly(visitor.get("/api/runs"))["runs"]}
    assert set(summaries) == ({"waves", "new"} if written else {"waves"})
    for query in ("", "?generation=0", "?after=0&generation=0"):
        answer = visitor.get(f"/api/runs/new{query}")
        assert answer.status_code == (200 if written else 404), answer.text
        news = strictly(answer)
        assert not written or (news["charts"], news["evidence"], news["step"]) == (
            [],
            [],
            0 if "after" in query else None,
        )
    if written > 1:
        assert (summaries["new"]["state"], news["state"]) == ("running", "running")
        assert (news["diagnosis"]["state"] == "ill") == bool(problems)


def test_a_run_that_is_removed_while_it_is_shown(visitor: Visitor, runs: Path) -> None:
    assert visitor.get("/api/runs/waves").status_code == 200
    shutil.rmtree(runs / "waves")
    answer = visitor.get("/api/runs/waves")
    assert (answer.status_code, "removed" in answer.json()["error"]) == (404, True)
    assert visitor.get("/api/runs").json()["runs"] == []


def test_the_real_image_nearest_to_a_tile(visitor: Visitor, runs: Path, images: Path) -> None:
    """A snapshot whose tiles are real images finds just those."""
    import numpy as np

    from ganatomy.modalities.images import enlarge, grid, save_png

    pixels = np.load(images)
    save_png(runs / "waves" / "samples" / "000010.png", enlarge(grid(np.resize(pixels, (64, *pixels.shape[1:]))), 480))
    answer = visitor.get("/api/runs/waves/snapshots").json()
    assert (answer["steps"], answer["tiles"]["count"], answer["tiles"]["times"]) == ([0, 5, 10], 64, 4)
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
    assert (answer.status_code, "no longer in the cache" in answer.json()["error"]) == (400, True)


def test_scores_name_what_improves_and_what_tells_copies(visitor: Visitor) -> None:
    scores = visitor.get("/api/runs/waves/scores").json()
    assert scores["copying"] == {"metric": "memorisation", "scores": list(METRICS["memorisation"].scores)}
    assert set(scores["better"]) == set(get_args(Better))
