"""The page of a sweep in a real browser: while the sweep goes on, on a phone, by keyboard, in light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import NARROW, WIDE, holds, opened, playwright, ready, shot
from made_up_sweep import ENDED, finished
from visiting import studio

from ganatomy.sweeps.folder import Sweep


@pytest.fixture(scope="module")
def sweeps(swept: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sweeps beside an empty one of runs."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "runs").mkdir()
    return Path(shutil.copytree(swept, folder / "sweeps"))


@pytest.fixture(scope="module")
def address(sweeps: Path) -> Iterator[str]:
    with studio(sweeps.parent / "runs", "--no-token") as server:
        yield server.address


def test_it_fits_two_widths(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/sweeps/small") as page:
        ready(page)
        page.locator(".drawn .main-svg").first.wait_for()
        for width, height in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": height})
            holds(page, f"document.documentElement.scrollWidth <= {width}")
            shot(page, f"sweep-{width}")
        assert page.locator(".problem").count() == 0
        assert page.locator("main b").count() == 0  # text from a journal stays text


def test_a_sweep_is_shown_while_it_goes_on(browser: "playwright.Browser", address: str, sweeps: Path) -> None:
    sweep = Sweep(shutil.copytree(sweeps / "small", sweeps / "growing"))
    with opened(browser, f"{address}/runs") as page:
        page.get_by_role("link", name="growing").click()
        ready(page)
        page.wait_for_selector(".drawn .main-svg")
        with sweep.lock():
            page.wait_for_selector("h1 .state[data-state=running]", timeout=30_000)
            trials = page.locator(".trials").last.locator("tbody tr")
            assert "interrupted, step 10" in trials.last.inner_text()
            assert ENDED in page.locator("main").inner_text()
            page.get_by_text("Space", exact=True).click()
            finished(sweep)
            page.wait_for_selector("text=6 trials: 5 finished, 1 ended early", timeout=30_000)
            assert page.locator("details").first.get_attribute("open") is not None
        page.wait_for_selector("h1 .state[data-state=finished]", timeout=30_000)
        assert trials.first.inner_text().split("\t")[:3] == ["5", "seconds 2.5 s", "2 s"]
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        page.get_by_role("group", name="Slices").focus()
        page.keyboard.press("ArrowRight")
        holds(page, "[...document.querySelectorAll('.scrolled')].some((each) => each.scrollLeft > 0)")
        page.get_by_role("link", name="5", exact=True).click()
        page.wait_for_url("**/run/growing%3Atrial-0005")
        ready(page)
        page.get_by_role("link", name="Sweep", exact=True).click()
        page.wait_for_url("**/sweeps/growing")
