"""The claims as a page in a real browser, as a file: each with its figures, its picture, and its lesson's game."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from ganatomy import cli
from ganatomy.errors import UserError
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.experiments.claims.page import measured
from ganatomy.theory.lab.snapshot import take_snapshot
from ganatomy.web.offline import lab, page
from ganatomy.web.offline.claims import FRAMES, claims_page, linked_games
from ganatomy.web.studio.lab_games import LiveGame

DOCS = Path(__file__).parents[3] / "docs"
SHOWN = ("likelihood", "saturation", "too-weak")  # without a game, with two, and with one


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `ganatomy claims` leaves: three claims, one of which did not hold."""
    folder = tmp_path_factory.mktemp("decided")
    verdicts = {name: json.loads((DOCS / "claims.json").read_text())[name] for name in SHOWN}
    verdicts["too-weak"]["holds"] = False
    (folder / "claims.json").write_text(json.dumps(verdicts))
    (folder / "claims").mkdir()
    for name in SHOWN:
        shutil.copy(DOCS / "claims" / f"{name}.png", folder / "claims")
    return folder


@pytest.fixture(scope="module")
def folder(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = claims_page(decided, tmp_path_factory.mktemp("page") / "claims")
    assert str(made).partition("\n")[2].startswith("3 claims, of which 2 hold, and 3 games, ")
    assert made.size == page.size(made.file.parent) < page.LARGEST
    return made.file.parent


def test_each_claim_has_its_sentence_verdict_figures_and_picture(
    folder: Path, decided: Path, shown: Callable[..., Page]
) -> None:
    page, known = shown(folder), catalogue()
    verdicts = json.loads((decided / "claims.json").read_text())
    assert page.locator(".contents li").count() == len(SHOWN)
    for name in SHOWN:
        section = page.locator(f"section#{name}")
        verdict = "holds" if verdicts[name]["holds"] else "does not hold"
        assert section.locator("h2").inner_text() == f"{known[name].sentence} {verdict}"
        assert known[name].source in section.inner_text()
        rows = section.locator("tbody tr")
        assert rows.count() == len(verdicts[name]["figures"])
        for i, (figure, values) in enumerate(verdicts[name]["figures"].items()):
            cells = rows.nth(i).locator("th, td").all_inner_texts()
            holds = "–" if values["must be"] == "not judged" else "yes" if values["holds"] else "no"
            assert cells == [figure, values["predicted"], values["must be"], measured(values), holds]
        picture = section.locator("img")
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
        assert picture.get_attribute("alt") == known[name].sentence
    page.get_by_role("link", name=known["saturation"].sentence).click()
    assert page.evaluate("location.hash") == "#saturation"


def test_a_lessons_game_is_the_one_of_its_address(folder: Path, shown: Callable[..., Page]) -> None:
    page = shown(folder)
    for name, count in (("saturation", 2), ("too-weak", 1)):
        lesson = catalogue()[name].lesson
        assert lesson
        opened = page.locator(f"section#{name} details")
        summary = opened.locator("summary")
        summary.focus()
        summary.press("Enter")
        opened.locator(".board").nth(count - 1).wait_for()
        assert lesson.see in opened.inner_text()
        assert opened.locator(".board").count() == count
        for i, game in enumerate(linked_games(lesson.lab)):
            live = LiveGame(game.options)
            for action, times in game.moves:
                live.play(action, times)
            snapshot = take_snapshot(live.target, live.game, live.moves)
            words = opened.locator(".board").nth(i).inner_text()
            assert f"JSD {snapshot.divergence} nats" in words
            assert f"Move {live.moves} of {live.moves}" in opened.locator("output").first.inner_text()
    slider = page.locator("section#too-weak").get_by_role("slider", name="Round")
    slider.press("Home")
    assert slider.get_attribute("aria-valuetext") == "Move 0 of 200"
    assert page.locator("section#likelihood details").count() == 0


def test_it_fits_a_phone_and_its_pictures_are_dark_in_the_dark(folder: Path, shown: Callable[..., Page]) -> None:
    size: dict[str, Any] = {"viewport": {"width": 400, "height": 800}, "has_touch": True}
    page = shown(folder, **size, color_scheme="dark")
    page.locator("section#saturation summary").tap()
    page.locator("section#saturation .board").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    inverted = 'getComputedStyle(document.querySelector(".picture")).filter'
    assert page.evaluate(inverted).startswith("invert")
    assert shown(folder, **size).evaluate(inverted) == "none"


def test_all_claims_of_the_docs_fit() -> None:
    lessons = [claim.lesson for claim in catalogue().values() if claim.lesson and claim.lesson.lab]
    games = [game for lesson in lessons for game in linked_games(lesson.lab)]
    assert len(games) > len(lessons) > 10
    pictures = sum(path.stat().st_size for path in (DOCS / "claims").iterdir())
    frames = (FRAMES + 2) * max(lab.FRAME.values())
    assert pictures + len(games) * frames + 2 * lab.SCRIPTS < page.LARGEST


def test_what_is_missing_is_said_before_anything_is_played(decided: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no claims\.json: `ganatomy claims --run all --out .*` decides"):
        claims_page(tmp_path, tmp_path / "page")
    shutil.copytree(decided, tmp_path / "decided")
    (tmp_path / "decided" / "claims" / "saturation.png").unlink()
    with pytest.raises(UserError, match=r"saturation\.png is missing: `ganatomy claims --run saturation` draws it"):
        claims_page(tmp_path / "decided", tmp_path / "page")
    with pytest.raises(UserError, match="is not empty: name a new folder"):
        claims_page(decided, decided)
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--to web", "--to web needs a new folder: ganatomy claims --to web FOLDER."),
        ("somewhere", "somewhere: a folder is of pages: ganatomy claims --to web somewhere."),
        ("--to pdf somewhere", "There is no form of a page called 'pdf'; valid: web."),
        ("--to web somewhere", "docs has no claims.json"),
    ],
)
def test_the_command_refuses_in_one_sentence(
    arguments: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ganatomy", "claims", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
