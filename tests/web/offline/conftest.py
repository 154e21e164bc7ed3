"""A page of recorded games, and a browser in which nothing may leave the page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from small_games import GRID

from ganatomy.web.offline.lab import lab_page

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright lets these tests run.")


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with four games in the plane: two objectives, two seeds; tests read it only."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("offline") / "games"
    lab_page(GRID, folder)
    return folder


@pytest.fixture
def shown(browser: "playwright.Browser") -> Iterator[Callable[..., "playwright.Page"]]:
    """shown(folder, fragment, …) → its page, as a file, without a network; whatever goes wrong there fails the test."""
    wrong: list[str] = []
    contexts = []

    def show(folder: Path, fragment: str = "", **options: Any) -> "playwright.Page":
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **options})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        home = (folder.as_uri() + "/", "data:", "blob:")
        page.on("request", lambda request: request.url.startswith(home) or wrong.append(request.url))
        page.goto(f"{folder.as_uri()}/index.html{fragment}")
        page.wait_for_selector("main[data-ready=yes]")
        return page

    yield show
    for context in contexts:
        context.close()
    assert not wrong
