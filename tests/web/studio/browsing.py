"""Pages in a real browser.

GANATOMY_SHOTS=FOLDER keeps the screenshots that tests take.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright lets these tests run.")

WIDE, NARROW, PHONE = (1400, 900), (400, 800), (375, 800)
SHOTS = os.environ.get("GANATOMY_SHOTS")


@contextmanager
def opened(browser: "playwright.Browser", address: str, size: tuple[int, int] = WIDE) -> Iterator["playwright.Page"]:
    """A page of that size; its console must stay empty."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert not console, console


def ready(page: "playwright.Page") -> None:
    page.wait_for_selector("main[data-ready], .card", timeout=40_000)


def holds(page: "playwright.Page", condition: str, seconds: float = 15) -> None:
    """Waits for a condition. Evaluated from here: the page's own policy forbids eval."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def shot(page: "playwright.Page", name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
