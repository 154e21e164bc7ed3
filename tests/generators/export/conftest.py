"""Generators that are given images, exported; and pages in a real browser, from a host of files."""

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ganatomy
from ganatomy.runs.run import Run
from pairs import rich

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def given_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """given_run(recipe) → a run of it, whose generator draws images of contrast, each trained once; only read."""
    return functools.cache(lambda recipe: rich(tmp_path_factory.mktemp(recipe), recipe))


@pytest.fixture(scope="session")
def graph_of(given_run: Callable[[str], Run], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """graph_of(recipe) → its run's graph, exported once; only read."""
    made: dict[str, Path] = {}

    def export(recipe: str) -> Path:
        if recipe not in made:
            folder = tmp_path_factory.mktemp(f"{recipe}-graph")
            made[recipe] = ganatomy.export(given_run(recipe), out=folder, licence="mit").file
        return made[recipe]

    return export


@pytest.fixture(scope="module")
def hosted(browser: "Browser") -> Iterator[Callable[..., "Page"]]:
    """hosted(folder, …) → its page, from a host of files; whatever goes wrong there, or leaves it, fails the test."""
    wrong: list[str] = []
    servers = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    def show(folder: Path, after: str = "", **context: Any) -> "Page":
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        address = f"http://127.0.0.1:{server.server_port}/"
        page = browser.new_context(**{"viewport": {"width": 600, "height": 900}, **context}).new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        allowed = (address, "data:", f"blob:{address}")
        page.on("request", lambda request: request.url.startswith(allowed) or wrong.append(request.url))
        page.goto(address + after)
        return page

    yield show
    for server in servers:
        server.shutdown()
        server.server_close()
    assert not wrong
