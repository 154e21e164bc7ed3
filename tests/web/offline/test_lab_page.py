"""A page of recorded games in a real browser, as a file: the library's own numbers, by mouse, key and finger."""

import functools
import inspect
import re
import shutil
import sys
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page
from small_games import GRID, LINE, SMALL

from ganatomy import cli
from ganatomy.cli import lab as command
from ganatomy.cli.arguments import parse_seeds
from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory.game import play
from ganatomy.theory.lab.api import game_of
from ganatomy.theory.lab.arrows import arrow_scale
from ganatomy.theory.lab.snapshot import LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target
from ganatomy.web.offline import lab as room
from ganatomy.web.offline import page as pages
from ganatomy.web.offline.encoding import Coarse
from ganatomy.web.offline.grid import GameGrid, parse_grid
from ganatomy.web.offline.lab import lab_page
from ganatomy.web.offline.recording import record

GAME = """async ([number, frame]) => {
  const { game } = await import("ganatomy/recorded.js"), answer = (await game(number)).at(frame);
  return Object.fromEntries(Object.entries(answer).map(([name, value]) =>
    [name, value instanceof Float32Array ? Array.from(value, (each) => Number.isNaN(each) ? null : each) : value]));
}"""


@pytest.fixture(scope="module")
def on_the_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("line") / "games"
    lab_page(LINE, folder)
    return folder


def played(grid: GameGrid, number: int, rounds: int) -> tuple[Target, LabSnapshot]:
    """A game of a grid after so many rounds, by the library."""
    options = grid.games()[number]
    target = TARGETS[grid.target]()
    game = play(target.density, game_of(options, target), rounds)
    return target, take_snapshot(target, game, rounds)


def array(values: list[float | None], *shape: int) -> np.ndarray:
    return np.array(values, float).reshape(shape)  # null becomes nan


def check_game(page: Page, grid: GameGrid, number: int, frame: int, rounds: int) -> None:
    """What a page has of a game is the library's, to within what it rounds."""
    answer = page.evaluate(GAME, [number, frame])
    target, snapshot = played(grid, number, rounds)
    d, interval = target.dimension, target.grid.high[0] - target.grid.low[0]
    assert answer["moves"] == rounds
    assert answer["probabilistic"] == OBJECTIVES[grid.games()[number].objective].probabilistic
    for name, value in (
        ("value", snapshot.value),
        ("best_value", snapshot.best_value.value),
        ("divergence", snapshot.divergence.value),
        ("distance", snapshot.distance),
        ("gradient", snapshot.descent.norm(dim=1).mean().item()),
    ):
        assert answer[name] == (None if value is None else pytest.approx(value, rel=1e-4, abs=1e-9)), name

    times = 2 if d == 2 else 1
    cells = target.grid.counts[0] // times

    def joined(values: Any) -> np.ndarray:  # [cell, axis, part]: every cell's parts beside each other
        across = np.asarray(values, float).reshape((cells, times, cells, times) if d == 2 else (cells, 1, 1, 1))
        return across.swapaxes(1, 2).reshape(cells**d, -1)

    p, q = joined(target.masses).sum(1), joined(snapshot.q).sum(1)
    assert array(answer["p"], cells**d) == pytest.approx(p, rel=1e-3)
    assert np.abs(np.sqrt(array(answer["q"], cells**d)) - np.sqrt(q)).max() <= np.sqrt(q.max()) * 0.501 / 254
    scores = snapshot.scores.sigmoid() if answer["probabilistic"] else snapshot.scores
    width = 1 if answer["probabilistic"] else float(scores.max() - scores.min())
    assert np.abs(array(answer["discriminator"], cells**d) - joined(scores).mean(1)).max() <= width * 0.501 / 254
    best = array(answer["optimal"], cells**d)
    known = ~np.isnan(best)
    assert np.abs(best - p / np.maximum(p + q, 1e-300))[known].max() <= 0.501 / 254
    assert (p + q)[~known].max(initial=0) < 0.3 / cells**d
    assert (p + q)[known].min() > 0.3 / cells**d

    fakes = array(answer["fakes"], -1, d)
    assert np.abs(fakes - snapshot.fakes.numpy()[: len(fakes)]).max() <= interval * 0.501 / 1000
    largest = arrow_scale(target).largest
    gradients = snapshot.descent.numpy()
    shown = gradients * np.minimum(1, largest / np.linalg.norm(gradients, axis=1, keepdims=True))
    assert np.abs(array(answer["descent"], -1, d) - shown).max() <= largest * 0.501 / 1000
    mesh = snapshot.mesh.numpy()
    kept = np.concatenate([mesh[:17:2, ::2], mesh[17::2, ::2]]) if d == 2 else mesh
    assert np.abs(array(answer["mesh"], *kept.shape) - kept).max() <= interval * 0.501 / 1000


def test_what_is_shown_is_the_librarys(games: Path, on_the_line: Path, shown: Callable[..., Page]) -> None:
    page = shown(games)
    assert page.evaluate('JSON.parse(document.getElementById("games").textContent).rounds') == [0, 1, 5, 12]
    check_game(page, GRID, 0, 2, 5)
    check_game(page, GRID, 3, 3, 12)  # Wasserstein, seed 1
    check_game(shown(on_the_line), LINE, 0, 1, 12)


def said(page: Page) -> str:
    return page.locator(".comparison").inner_text()


def address(page: Page) -> dict[str, str]:
    return dict(part.split("=", 1) for part in page.evaluate("location.hash")[1:].split("&"))


def test_it_is_used_by_mouse(games: Path, shown: Callable[..., Page]) -> None:
    page = shown(games)
    assert address(page) == {
        "left": "minimax/2/0.001:0.005/none/0",
        "right": "wasserstein/2/0.001:0.005/none/0",
        "round": "12",
    }
    slider = page.get_by_role("slider", name="Round").bounding_box()
    assert slider
    page.mouse.move(slider["x"] + slider["width"] - 3, slider["y"] + slider["height"] / 2)
    page.mouse.down()
    page.mouse.move(slider["x"] + slider["width"] / 3, slider["y"] + slider["height"] / 2, steps=4)
    page.mouse.up()
    assert address(page)["round"] == "1"
    assert "Round 1 of 12" in page.locator(".time output").inner_text()

    page.get_by_role("button", name="Compare seed").click()
    page.wait_for_function('() => location.hash.includes("right=minimax/2/0.001:0.005/none/1")')
    assert said(page).startswith("The two games differ in seed alone.")
    page.get_by_role("button", name=re.compile("wasserstein, seed 1")).click()
    page.wait_for_function('() => location.hash.includes("right=wasserstein/2/0.001:0.005/none/1")')
    assert said(page).startswith("The two games differ in objective and seed:")
    page.get_by_role("combobox", name="Seed").nth(1).select_option("0")
    page.wait_for_function('() => location.hash.includes("right=wasserstein/2/0.001:0.005/none/0")')
    assert "The two games differ in objective alone." in said(page)

    page.get_by_role("checkbox", name="two games side by side").uncheck()
    page.wait_for_function('() => document.querySelectorAll(".board").length === 1')
    assert address(page).keys() == {"left", "round"}
    page.get_by_role("button", name="Play").click()
    page.wait_for_function('() => location.hash.endsWith("round=12")')
    page.get_by_role("button", name="▶ Play").wait_for()


def test_it_is_used_by_keyboard(games: Path, shown: Callable[..., Page]) -> None:
    page = shown(games)
    slider = page.get_by_role("slider", name="Round")
    slider.press("ArrowLeft")
    assert address(page)["round"] == "5"
    slider.press("Home")
    assert address(page)["round"] == "0"
    text = slider.get_attribute("aria-valuetext") or ""
    _, start = played(GRID, 0, 0)
    assert text.startswith("Round 0 of 12, left JSD ")
    assert float(text.split("left JSD ")[1].split(",")[0]) == pytest.approx(start.divergence.value, abs=0.006)
    page.keyboard.press("End")
    assert address(page)["round"] == "12"

    panel = page.locator('[data-panel="discriminator"] canvas').first
    panel.focus()
    panel.press("ArrowRight")
    target, snapshot = played(GRID, 0, 12)
    cells = Coarse(target).means(snapshot.scores.sigmoid()).reshape(36, 36)
    readout = page.locator(".readout").first.inner_text()
    assert float(readout.split("): D ")[1].split(",")[0]) == pytest.approx(cells[18, 18], abs=0.003)
    assert "optimal D" in readout


def test_it_is_used_by_finger_on_a_phone(games: Path, shown: Callable[..., Page]) -> None:
    page = shown(games, viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    box = page.get_by_role("slider", name="Round").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.34 * box["width"], box["y"] + box["height"] / 2)
    assert address(page)["round"] == "1"
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *across: float) -> None:
        points = [{"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2} for share in across]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.34)
    for step in range(1, 9):
        touch("touchMove", 0.34 + step * 0.08)
    touch("touchEnd")
    assert address(page)["round"] == "12"
    for name in ("points", "discriminator", "value"):  # beside each other, to be compared
        left, right = [page.locator(f'[data-panel="{name}"] canvas').nth(i).bounding_box() for i in (0, 1)]
        assert left
        assert right
        assert left["y"] == pytest.approx(right["y"], abs=1)
        assert left["x"] < 200 <= right["x"]
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(100)
    bar = page.locator(".time").bounding_box()
    assert bar
    assert 0 <= bar["y"] < 400 or page.evaluate("scrollY") == 0  # the slider stays in sight
    page.get_by_role("button", name=re.compile("minimax, seed 1")).tap()
    page.wait_for_function('() => location.hash.includes("right=minimax/2/0.001:0.005/none/1")')


def test_an_address_brings_the_choice_back(games: Path, shown: Callable[..., Page]) -> None:
    there = "#left=wasserstein/2/0.001:0.005/none/1&right=minimax/2/0.001:0.005/none/1&round=5"
    page = shown(games, there)
    assert page.evaluate("location.hash") == there
    assert page.locator(".board h2").all_inner_texts() == ["wasserstein, seed 1", "minimax, seed 1"]
    assert page.locator(".time output").inner_text() == "Round 5 of 12"
    for nonsense in ("#left=x&round=7", "#<script>", "#left=minimax/9/0.001:0.005/none/1&right=", "#%E0"):
        page = shown(games, nonsense)
        assert address(page)["left"] == "minimax/2/0.001:0.005/none/0"
        assert address(page)["round"] == "12"


def test_a_host_of_files_shows_the_same(games: Path, browser: Browser) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=games))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("main[data-ready=yes]")
        assert len(page.locator(".board").all()) == 2
        page.close()
    finally:
        server.shutdown()
        server.server_close()


def figures(*jsd: float, gradient: float = 1.0, behind: float = 0.0) -> dict[str, Any]:
    """Of a game with one frame for each JSD."""
    best = [2 * each - log(4) for each in jsd]
    return {
        "divergence": jsd,
        "error": [0.001] * len(jsd),
        "divergence_words": [f"{each:.3f}" for each in jsd],
        "best": best,
        "value": [each - behind for each in best],
        "distance": [0.1] * len(jsd),
        "gradient": [gradient] * len(jsd),
        "covered": [3] * len(jsd),
        "near": [0.5] * len(jsd),
        "of": 8,
    }


def test_the_words_follow_from_the_figures(games: Path, shown: Callable[..., Page]) -> None:
    page = shown(games)
    axes = [
        {
            "name": "objective",
            "label": "Objective",
            "words": ["a", "b"],
            "explained": "It is this.",
            "summaries": ["", ""],
        },
        {
            "name": "seed",
            "label": "Seed",
            "words": ["seed 0", "seed 1"],
            "explained": "It is luck.",
            "summaries": ["", ""],
        },
    ]

    def words(left: dict, right: dict, others: list, values: tuple = ([0, 0], [1, 0])) -> str:
        games = [{"values": each, "figures": game} for each, game in zip(values, (left, right), strict=True)]
        script = "async (given) => (await import('ganatomy/prose.js')).compared(...given).join(' ')"
        return page.evaluate(script, [*games, axes, others, 0])

    low, high = figures(0.1), figures(0.4)
    assert "the left game is nearer to the target: JSD 0.1 against 0.4" in words(low, high, [[low], [high]])
    assert "the right game is nearer to the target: JSD 0.1 against 0.4" in words(high, low, [[high], [low]])
    assert "differ by no more than their errors" in words(low, figures(0.1015), [[low], [high]])
    assert "every seed says the same" in words(low, high, [[low, figures(0.2)], [high, figures(0.3)]])
    assert "overlap" in words(low, high, [[low, figures(0.35)], [high, figures(0.3)]])
    assert "every seed" not in words(low, high, [[low], [high]])
    assert "differ in objective and seed: what is seen may come from any" in words(
        low, high, [[low], [high]], [[0, 0], [1, 1]]
    )
    assert "10 times as large in the right one" in words(low, figures(0.1, gradient=10), [[low], [high]])
    assert "times as large" not in words(low, figures(0.1, gradient=1.5), [[low], [high]])

    def about(game: dict) -> str:
        script = "async ([game, target]) => (await import('ganatomy/prose.js')).about(game, target, 0).join(' ')"
        return page.evaluate(script, [game, {"low": -1, "high": 1, "arrows": {"per_gradient": 0.1}}])

    assert "hardly overlap" in about(figures(log(2)))
    assert "as the target is, or nearly so" in about(figures(0.005))
    assert "in part" in about(figures(0.3))
    assert "3 of 8 modes are reached, and 50% of the points" in about(figures(0.3))
    assert "a better D exists" in about(figures(0.3, behind=0.2))
    assert "D does what the best one could" in about(figures(0.3))
    assert "too short to be seen" in about(figures(0.3, gradient=0.1))
    assert "too short to be seen" not in about(figures(0.3, gradient=2))
    assert "scores and not probabilities" in about({**figures(0.3), "distance": [None]})


def test_a_game_that_diverges_says_so(tmp_path: Path, shown: Callable[..., Page]) -> None:
    wild = GameGrid("two", ["least_squares"], [1], [(1.0, 1.0)], [{"r1": 1e30}, {}], [0], {**SMALL, "pictures": 3})
    recording = record(wild.games()[0])
    assert recording.diverged == 3
    assert len(recording.figures["value"]) == 1
    lab_page(wild, tmp_path / "games")
    page = shown(tmp_path / "games")
    assert "This game diverged before round 3" in page.locator(".board .warning").first.inner_text()
    assert "diverged" in page.locator(".map").inner_text()


def test_a_missing_file_is_named(games: Path, tmp_path: Path, browser: Browser) -> None:
    shutil.copytree(games, tmp_path / "games")
    (tmp_path / "games" / "games" / "2.js").unlink()
    page = browser.new_page()
    page.goto((tmp_path / "games" / "index.html").as_uri())
    assert "games/2.js is missing beside this page" in page.get_by_role("alert").inner_text()
    page.close()


def test_the_folder_is_whole_and_says_nothing_private(games: Path) -> None:
    assert {str(path.relative_to(games)) for path in games.rglob("*")} == {
        "index.html",
        "games",
        *(f"games/{number}.js" for number in range(4)),
    }
    index = (games / "index.html").read_text(encoding="utf-8")
    assert "http" not in index.replace("http://www.w3.org/2000/svg", "")
    assert str(games.parent) not in index
    options = "--objectives minimax,wasserstein --ks 2 --rates 0.001:0.005 --penalties none --seeds 0,1"
    assert f"ganatomy lab ring --to web FOLDER {options} --steps 12 --pictures 4 --width 8" in index
    named = set(re.findall(r"var\(--([\w-]+)", index)) - {"near"}  # which the script sets, cell by cell
    assert named <= set(re.findall(r"--([\w-]+)[\":]", index))


def test_a_frame_takes_no_more_than_what_is_reckoned_with(games: Path, on_the_line: Path) -> None:
    for folder, dimension, frames in ((games, 2, 4), (on_the_line, 1, 2)):
        for script in (folder / "games").iterdir():
            assert script.stat().st_size < frames * room.FRAME[dimension]
    assert (games / "index.html").stat().st_size < room.SCRIPTS


@pytest.mark.parametrize("target", TARGETS)
def test_the_default_grid_of_any_target_fits(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {name: each.default for name, each in inspect.signature(command.lab).parameters.items()}
    lists = {name: defaults[name] for name in ("objectives", "ks", "rates", "penalties")}
    shared = {"steps": command.STEPS, "pictures": command.PICTURES, "width": defaults["width"]}
    grid = parse_grid(target, **lists, seeds=parse_seeds(defaults["seeds"]), shared=shared)
    assert len(grid.games()) == 48

    class PlayedError(Exception): ...

    def stop(*_: Any) -> None:
        raise PlayedError

    monkeypatch.setattr(room, "record_all", stop)
    with pytest.raises(PlayedError):
        lab_page(grid, tmp_path / "games")
    too_large = GameGrid(target, grid.objectives, grid.ks, grid.rates, grid.penalties, range(30), shared)
    with pytest.raises(UserError, match=r"^720 games of 16 pictures would take up to [\d.]+ MB, and a page has 5 MB"):
        lab_page(too_large, tmp_path / "games")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("rnig --to web games", "There is no target called 'rnig'; did you mean ring?"),
        ("ring --to web games --objectives minimx", "There is no objective called 'minimx'; did you mean minimax?"),
        ("ring --to web games --penalties none,r3=1", "There is no penalty called 'r3'; did you mean"),
        ("ring --to web games --ks 1,x", "--ks 1,x: write whole numbers as 1,5."),
        ("ring --to web games --ks 0", "k"),
        ("ring --to web games --rates 0.1", "--rates 0.1: write G:D pairs"),
        ("ring --to web games --rates 0:1", "learning_rate_generator"),
        ("ring --to web games --seeds 1,1", "Seed: 1 is in the list twice."),
        ("ring --to web games --objectives ,", "--objectives ,: write NAME,NAME."),
        ("ring --to web games --objective minimax", "--objective does not go with the rest: a page has --objectives"),
        ("ring --to web games --k 2", "--k does not go with the rest: a page has --ks instead."),
        ("ring --to page games", "There is no form of a page called 'page'; valid: web."),
        ("ring --to web", "--to web needs a new folder: ganatomy lab ring --to web FOLDER."),
        ("ring --ks 1,2", "--ks does not go with the rest: --to web makes a page"),
        ("ring games", "games: a folder is of pages: ganatomy lab ring --to web games."),
        ("ring --to web full", "full is not empty: name a new folder."),
        ("ring --to web file", "file is a file."),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_played(
    arguments: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full", "kept").write_text("x")
    Path("file").write_text("x")
    monkeypatch.setattr(sys, "argv", ["ganatomy", "lab", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("ganatomy: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file"}


def test_the_command_plays_in_processes_and_prints_size_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shown: Callable[..., Page]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("games").mkdir()  # empty: it is filled
    monkeypatch.setattr("ganatomy.system.runtime.cores", lambda: 2)
    own = "--objectives hinge --ks 1 --rates 0.01:0.01 --penalties none,r1=0.1+r2=0.1 --seeds 4 --steps 3 --pictures 2"
    monkeypatch.setattr(sys, "argv", f"ganatomy lab line --to web games {own}".split())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    printed = capsys.readouterr().out
    assert re.search(r"games/index.html\n2 games, 0\.\d MB, \d+ s\. Open it in a browser", printed)
    grid = GameGrid(
        "line", ["hinge"], [1], [(0.01, 0.01)], [{}, {"r1": 0.1, "r2": 0.1}], [4], {"steps": 3, "pictures": 2}
    )
    check_game(shown(tmp_path / "games"), grid, 1, 1, 3)
    assert pages.size(tmp_path / "games") < 200_000
