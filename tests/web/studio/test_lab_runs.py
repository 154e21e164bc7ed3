"""Runs of `ganatomy lab` in the studio: games on points, with no generator of images to walk through or to score."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from visiting import Visitor

from ganatomy.report.lab import READING
from ganatomy.runs.run import Run
from ganatomy.theory.lab.options import LabOptions
from ganatomy.web.studio.lab_games import LiveGames
from ganatomy.web.studio.pages import RUN_PAGES, Page


@pytest.fixture
def runs(runs: Path, lab_run: Run) -> Path:
    """A folder with a game of the lab, too."""
    shutil.copytree(lab_run.path, runs / "ring")
    return runs


@pytest.mark.parametrize("page", RUN_PAGES, ids=lambda page: page.title)
def test_a_page_for_images_is_not_offered_for_a_game_of_the_lab(visitor: Visitor, page: Page) -> None:
    for name, lab in (("waves", False), ("ring", True)):
        offered = [each for each in RUN_PAGES if each.of_lab or not lab]
        answer = visitor.get(page.path.replace("{name}", name))
        assert answer.status_code == (200 if page in offered else 404)
        if page in offered:
            tabs = re.search(r'name="tabs" content="([^"]+)"', answer.text)
            assert tabs
            assert json.loads(unescape(tabs[1])) == [[each.path, each.title] for each in offered]
        else:
            assert f"ring is a game of the lab, on points: the page {page.title} is for images." in answer.text


def test_there_is_a_page_of_both_kinds() -> None:
    assert {page.of_lab for page in RUN_PAGES} == {True, False}


def test_charts_of_a_game_speak_of_points(visitor: Visitor) -> None:
    for name, counted, other in (("ring", "points", "images"), ("waves", "images", "points")):
        news = visitor.get(f"/api/runs/{name}").json()
        words = [text for chart in news["charts"] for text in (chart["words"], chart["data"]["series"][0]["name"])]
        assert {"Losses", "The discriminator's probabilities", "Speed"} <= {chart["title"] for chart in news["charts"]}
        assert sum(counted in text for text in words) >= 4
        assert not any(other in text for text in words)


def test_a_game_is_sent_with_its_options_and_how_to_read_its_picture(visitor: Visitor) -> None:
    news = visitor.get("/api/runs/ring").json()
    assert news["game"]["reading"] == list(READING)
    assert LabOptions(**news["game"]["options"]).penalties == {"r1": 0.5}
    assert visitor.get("/api/runs/waves").json()["game"] is None


def test_the_lab_plays_the_same_game_as_the_run(visitor: Visitor, lab_run: Run) -> None:
    options = visitor.get("/api/runs/ring").json()["game"]["options"]
    del options["steps"], options["pictures"]
    games = LiveGames()
    games.answer({"game": "a", "action": "new", "options": options})
    games.answer({"game": "a", "action": "round", "times": 20, "quick": True})
    view = games.answer({"game": "a", "action": "view"}).content
    last = json.loads((lab_run.path / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 20
    for name in ("value", "best_value", "divergence", "distance"):
        assert view[name] == pytest.approx(last[f"lab/{name}"], abs=1e-6)


def test_a_message_does_not_tell_where_the_folder_of_runs_is(visitor: Visitor, runs: Path) -> None:
    answer = visitor.get('/api/runs/ring/walk?request={"action":"describe"}')
    assert answer.json()["error"] == "ring has no checkpoint yet."
    info = json.loads((runs / "ring" / "run.json").read_text())
    info = {**info, "status": "failed", "error": f"{runs}/ring/samples is full."}
    del info["sha256"]
    (runs / "ring" / "run.json").write_text(json.dumps(info))
    assert visitor.get("/api/runs/ring").json()["error"] == "ring/samples is full."
    problems = {run["name"]: run["problem"] for run in visitor.get("/api/runs").json()["runs"]}
    assert problems["ring"] == "ring/samples is full."
    (runs / "waves" / "run.json").write_text("[")
    for sentence in (visitor.get("/api/runs").text, visitor.get("/api/runs/waves").text):
        assert "waves/run.json is damaged" in sentence
        assert f"{runs}/" not in sentence
