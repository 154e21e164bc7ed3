"""The pages in a real browser, of a finished run and of one in training, at two widths and without an error."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import NARROW, WIDE, holds, opened, playwright, ready, shot
from servers import until
from visiting import studio

from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.runs.run import Run
from ganatomy.theory.lab.targets import TARGETS
from ganatomy.web.studio.pages import PAGES, RUN_PAGES
from probe_records import record as probe
from tiny import TINY

QUERIES = {"/compare": "?run=waves&run=live", "/lab": "?target=ring&width=8"}
LESSON = "minimum"


@pytest.fixture(scope="module")
def training(
    trained: Run, lab_run: Run, swept: Path, images: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A folder with a finished run, a game of the lab, and a run that goes on as long as the tests do."""
    folder = tmp_path_factory.mktemp("browsed")
    shutil.copytree(lab_run.path, folder / "runs" / "ring")
    shutil.copytree(trained.path, folder / "runs" / "waves")
    shutil.copytree(trained.path, folder / "runs" / "ill")
    shutil.copytree(swept, folder / "sweeps")
    with (folder / "runs" / "ill" / "metrics.jsonl").open("a") as file:
        for step in range(20, 1020, 20):
            sick = {"kinds": 2.0, "distance": 0.4} if step > 400 else {}
            file.write(json.dumps(probe(step, **sick)) + "\n")
    options = {**TINY, "log.snapshot": 200, "log.checkpoint": 200, "log.every": 20}
    patient = ["nice", "-n", "19"]  # the tests first
    command = [
        *patient,
        sys.executable,
        "-m",
        "ganatomy",
        "train",
        str(images),
        "--recipe",
        "dcgan",
        "--steps",
        "9999999",
    ]
    command += ["--name", "live", *(f"--set={name}={value}" for name, value in options.items())]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=folder, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or (folder / "runs" / "live" / "metrics.jsonl").exists(), seconds=400)
        assert process.poll() is None
        yield folder / "runs"
    finally:
        process.terminate()
        process.wait(timeout=400)  # it is nice, and saves before it ends


@pytest.fixture(scope="module")
def address(training: Path) -> Iterator[str]:
    with studio(training, "--no-token") as server:
        yield server.address


def addresses() -> list[str]:
    """Of all pages, run by run."""
    named = {"lessons": LESSON, "course": "forger", "sweep": "small"}
    shared = [page.path.replace("{name}", named.get(page.script, "")) + QUERIES.get(page.path, "") for page in PAGES]
    runs = [page.path.replace("{name}", name) for name in ("waves", "live") for page in RUN_PAGES]
    return [*shared, *runs, *(page.path.replace("{name}", "ring") for page in RUN_PAGES if page.of_lab)]


def test_every_page_fits_two_widths_and_shows_no_error(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, address) as page:
        for path in addresses():
            page.goto(address + path)
            ready(page)
            assert page.locator(".problem").count() == 0, page.locator(".problem").first.inner_text()
            assert page.locator("h1").count() == 1
            assert page.locator("header [aria-current=page]").count() == 1
            if path.startswith("/run/"):
                assert page.locator(".tabs [aria-current=page]").count() == 1
            if path.startswith("/run/") and path.count("/") == 2:
                page.wait_for_selector(".chart .main-svg")
            for width, height in (WIDE, NARROW):
                page.set_viewport_size({"width": width, "height": height})
                holds(page, f"document.documentElement.scrollWidth <= {width}")
                shot(page, f"{path.split('?')[0].strip('/').replace('/', '-') or 'runs'}-{width}")
            page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


def test_the_menus_of_the_lab_are_the_registries(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?width=8&target=line") as page:
        ready(page)

        def offered(label: str) -> list[str]:
            return [each.get_attribute("value") or "" for each in page.get_by_label(label).locator("option").all()]

        assert offered("Target") == [*TARGETS, "drawn"]
        assert offered("Objective") == list(OBJECTIVES)
        assert offered("Beside it") == ["", *OBJECTIVES]
        assert TARGETS.summary("line") in page.locator(".options").inner_text()
        assert all(name in page.locator(".options").inner_text() for name in PENALTIES)


def test_a_running_training_is_shown_live_and_the_zoom_stays(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/live") as page:
        ready(page)
        page.wait_for_selector(".chart .main-svg")
        last = "Math.max(...document.querySelector('.chart').data.map((curve) => curve.x.at(-1)))"
        before = page.evaluate(last)
        page.locator(".chart").first.scroll_into_view_if_needed()
        box = page.locator(".chart").first.locator(".nsewdrag").first.bounding_box()
        assert box
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 65, steps=5)
        page.mouse.up()
        reach = "document.querySelector('.chart').layout.xaxis.range.join()"
        holds(page, f"{reach} && Number({reach}.split(',')[0]) > 0")
        zoomed = page.evaluate(reach)
        holds(page, f"{last} > {before}")
        assert page.evaluate(reach) == zoomed


def test_a_finding_is_shown_and_its_evidence_shaded(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/ill") as page:
        ready(page)
        page.wait_for_selector("text=mode collapse: 2 of about 10 kinds left, at step 1,000")
        page.wait_for_selector("text=Next: smooth the discriminator with an R1 penalty:")
        next_step, remedy = page.locator(".findings pre").all_inner_texts()
        assert next_step == remedy
        assert remedy.startswith("ganatomy train --config ")
        page.locator("[aria-label='Evidence: kinds'] .main-svg").first.wait_for()
        for title in ("Evidence: kinds", "Losses"):
            shapes = f"document.querySelector('[aria-label=\"{title}\"]').layout.shapes"
            holds(page, f"{shapes}.filter((each) => each.type === 'rect').length === 1")
        shot(page, "ill-live")


def test_pause_and_continue(browser: "playwright.Browser", address: str, training: Path) -> None:
    run = Run(training / "live")
    with opened(browser, f"{address}/run/live") as page:
        ready(page)
        page.get_by_role("button", name="Pause").click()
        page.wait_for_selector(".state[data-state=paused]", timeout=20_000)
        records = (run.path / "metrics.jsonl").stat().st_size
        time.sleep(0.5)
        assert (run.path / "metrics.jsonl").stat().st_size == records
        page.get_by_role("button", name="Snapshot").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector(".state[data-state=running]", timeout=20_000)
        page.get_by_label("Learning rate of the generator").fill("0.00001")
        page.get_by_role("button", name="Change").click()
        until(lambda: any(event["event"] == "changed" for event in run.events()))  # after config.yaml is written
    events = [event["event"] for event in run.events()]
    asked = [event for event in events if event in ("paused", "continued", "changed")]
    assert asked == ["paused", "continued", "changed"]
    assert run.config().generator_optimiser.learning_rate == 1e-5


def test_dragging_explores_the_latent_space(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/waves/walk") as page:
        ready(page)
        box = page.locator(".plane").bounding_box()
        assert box
        before = page.locator(".walker").get_attribute("src")
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down()
        for i in range(30):
            page.mouse.move(box["x"] + 100 + 8 * i, box["y"] + 100 + 5 * i)
            page.wait_for_timeout(20)
        page.mouse.up()
        holds(page, "Number(document.querySelector('main').dataset.drawn) > 12")
        assert page.locator(".walker").get_attribute("src") != before
        drawn = page.evaluate("Number(document.querySelector('main').dataset.drawn)")
        page.locator(".plane").focus()
        page.keyboard.press("ArrowRight")
        holds(page, f"Number(document.querySelector('main').dataset.drawn) > {drawn}")
        page.get_by_role("button", name="Find the principal directions").click()
        page.get_by_label("Direction 1").press("ArrowRight")
        holds(page, f"Number(document.querySelector('main').dataset.drawn) > {drawn + 1}")


def test_scrubbing_through_the_timeline(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/waves/timeline") as page:
        ready(page)
        slider = page.get_by_role("slider", name="Snapshot")
        slider.press("Home")
        assert page.locator(".player output").inner_text() == "step 0"
        slider.press("ArrowRight")
        assert page.locator(".player output").inner_text() == "step 5"
        holds(page, "document.querySelector('.sheet img').src.endsWith('/5.png')")
        holds(page, "document.querySelector('.chart').layout?.shapes.some((shape) => shape.x0 === 5 && shape.x1 === 5)")
        page.get_by_role("button", name="Seed 12", exact=True).click()
        page.wait_for_selector(".tile h2:has-text('Seed 12')")
        holds(page, "document.querySelectorAll('.tile .strip')[1].querySelectorAll('img').length === 5")
        assert page.locator(".tile .strip").first.locator("canvas").count() == 3
        page.get_by_role("button", name="Play or pause").click()
        holds(page, "document.querySelector('.player output').innerText === 'step 10'")


def test_a_lesson_from_start_to_verdict(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lessons") as page:
        ready(page)
        page.get_by_text("Where does the game end?").click()
        page.wait_for_url("**/lessons/minimum")
        run = page.get_by_role("button", name="Run the experiment")
        assert run.is_disabled()
        page.get_by_label("To −log 4, and only with q = p").check()
        run.click()
        page.wait_for_selector(".verdict", timeout=60_000)
        assert "The claim holds" in page.locator(".verdict").inner_text()
        assert "Your prediction was right" in page.locator("main").inner_text()
        holds(page, "document.querySelector('.picture-of-trial').naturalWidth > 900")  # decoded after the verdict
        shot(page, "lesson-1400")
        page.get_by_role("link", name="Play with it in the lab").click()
        ready(page)
        assert page.get_by_label("Target").input_value() == "line"


def test_two_games_side_by_side_and_their_moves_taken_back(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?target=two&width=16&other=minimax&k=2") as page:
        ready(page)
        assert page.locator(".board").count() == 2
        moved = "Number(document.querySelector('main').dataset.moves)"
        for key, moves in (("d", 1), ("g", 2), ("r", 3)):
            page.keyboard.press(key)
            holds(page, f"{moved} === {moves}")
        numbers = page.locator(".numbers").first.inner_text()
        page.get_by_role("button", name="Play", exact=False).first.click()
        holds(page, "document.querySelector('.caption').innerText.includes('rounds')")
        page.wait_for_timeout(800)
        page.get_by_role("button", name="Pause").click()
        holds(page, f"{moved} > 3")
        shown = page.locator(".numbers").first.inner_text()
        assert shown != numbers
        kept = page.url
        page.reload()  # all moves are in the address
        ready(page)
        holds(page, f"{moved} > 3")
        assert page.url == kept
        assert page.locator(".numbers").first.inner_text() == shown
        play = page.evaluate(moved)
        page.get_by_role("button", name="Start over").click()
        holds(page, f"{moved} === 0")
        for key, moves in (("d", 1), ("g", 2), ("r", 3)):
            page.keyboard.press(key)
            holds(page, f"{moved} === {moves}")
        assert page.locator(".numbers").first.inner_text() == numbers
        page.keyboard.press("b")
        holds(page, f"{moved} === 2")
        assert page.url.endswith("moves=d1.g1")
        assert play > 3


def test_a_target_drawn_by_hand(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?width=8") as page:
        ready(page)
        page.get_by_label("Target").select_option("drawn")
        page.wait_for_selector("text=Draw a target on the paper")
        assert page.locator(".primary").is_disabled()
        box = page.locator(".paper canvas").bounding_box()
        assert box
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 150, box["y"] + 120, steps=20)
        page.mouse.up()
        page.get_by_role("button", name="Play on this").click()
        holds(
            page, "!document.querySelector('.problem') && document.querySelector('.numbers').innerText.includes('JSD')"
        )
        assert "draw=" in page.url


def test_a_strange_name_is_shown_as_text(browser: "playwright.Browser", training: Path, address: str) -> None:
    name = "<b onmouseover=alert(1)>&amp;"
    folder = training / name
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"format": 1, "status": "failed", "error": "<i>x</i>"}))
    (folder / "metrics.jsonl").write_text("".join(f'{{"step": {i}, "loss/<u>": {i}}}\n' for i in range(5)))
    (folder / "events.jsonl").write_text('{"event": "<script>alert(1)</script>"}\n')
    try:
        with opened(browser, f"{address}/runs") as page:
            page.get_by_role("link", name=name).last.click()
            ready(page)
            assert page.locator("h1").inner_text().startswith(name)
            assert page.locator(".problem").inner_text() == "<i>x</i>"
            assert page.locator("main b, main i, main script").count() == 0
    finally:
        shutil.rmtree(folder)


def test_a_run_that_is_removed_while_it_is_shown(browser: "playwright.Browser", training: Path, address: str) -> None:
    unfinished = shutil.ignore_patterns("checkpoints", ".*", "control.json")  # the training may remove them meanwhile
    shutil.copytree(training / "live", training / "brief", ignore=unfinished)
    page = browser.new_page()
    page.goto(f"{address}/run/brief")
    ready(page)
    shutil.rmtree(training / "brief")
    page.wait_for_selector(".problem", timeout=20_000)
    assert "no run called" in page.locator(".problem").inner_text()
    page.goto(f"{address}/runs")
    ready(page)
    assert page.get_by_role("link", name="brief").count() == 0
    page.close()
