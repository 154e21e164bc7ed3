"""A page without a server: its parts in one index.html, its data in scripts beside it.

A browser refuses `fetch`, and modules in files of their own, for a page that is itself a file. So modules are in the
page, as addresses that hold them; and data are plain scripts, which are loaded when they are needed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from ganatomy import __version__
from ganatomy.errors import UserError
from ganatomy.system.files import explained, new_folder, write_text
from ganatomy.system.wording import duration

if TYPE_CHECKING:
    from rich.console import Console

LARGEST = 5_000_000  # bytes of a folder that is passed on
STUDIO = ("dom.js", "drawing.js", "panels.js")  # the studio's own drawing
GAMES = ("recorded.js", "prose.js", "player.js")  # recorded games, on every page
NO_SCRIPT = "<noscript>This page needs JavaScript, which is disabled in this browser.</noscript>"


@dataclass(frozen=True)
class WrittenPage:
    """What was written: the page, what it holds in words, the bytes of its folder, and the seconds it took."""

    file: Path
    content: str
    size: int
    seconds: float

    def __str__(self) -> str:
        """As a command prints it."""
        return (
            f"{self.file}\n{self.content}, {self.size / 1e6:.1f} MB, {duration(self.seconds)}. "
            "Open it in a browser, or put the folder on any host of files."
        )


def check_folder(folder: Path) -> None:
    """Raises UserError unless a folder is new or empty."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UserError(f"{folder} is not empty: name a new folder." if folder.is_dir() else f"{folder} is a file.")


@contextmanager
def page_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which is at `folder` when the block ends. Raises UserError where it cannot be written."""
    check_folder(folder)
    with explained(folder), new_folder(folder.resolve()) as filled:
        yield filled
        if folder.is_dir():
            folder.rmdir()  # it is empty


def write_page(folder: Path, name: str, title: str, data: Mapping[str, Any], body: str = NO_SCRIPT) -> None:
    """Write index.html: the style static/NAME.css, the module static/NAME.js, which reads `data`, and `body`, HTML."""
    static = files("ganatomy.web.studio") / "static"
    texts = {each: (static / each).read_text(encoding="utf-8") for each in STUDIO}
    texts |= {each: _own(each) for each in (*GAMES, f"{name}.js")}
    shared = files("ganatomy.report")
    page = Template(_own("page.html")).substitute(
        title=escape(title),
        style=(shared / "colours.css").read_text(encoding="utf-8")
        + (static / "studio.css").read_text(encoding="utf-8")
        + _own("games.css")
        + _own(f"{name}.css"),
        charts=(shared / "charts.js").read_text(encoding="utf-8"),
        modules=json.dumps({"imports": {_bare(each): _address(text) for each, text in texts.items()}}),
        body=body,
        start=_bare(f"{name}.js"),
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        version=__version__,
    )
    write_text(folder / "index.html", page)


def write_games(folder: Path, arrays: Sequence[bytes]) -> None:
    """Write the arrays of recorded games as the scripts that `static/recorded.js` loads: games/0.js, …"""
    folder.joinpath("games").mkdir()
    for number, content in enumerate(arrays):
        text = base64.b64encode(content).decode()
        write_text(folder / "games" / f"{number}.js", f'recorded({number}, "{text}");\n')


@contextmanager
def progress(console: Console | None, total: int) -> Iterator[Callable[[int], None]]:
    """A line that says how many games are played; a function that is called with their number."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ganatomy.system.terminal import Terminal

    columns = (TextColumn("Playing games"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console or Terminal(quiet=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _own(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


def _bare(name: str) -> str:
    """What an import map calls a module: an address such as /assets/dom.js has no meaning inside a data: address."""
    return f"ganatomy/{name}"


def _address(module: str) -> str:
    """An address that holds a module."""
    text = module.replace('"/assets/', f'"{_bare("")}')
    return f"data:text/javascript;base64,{base64.b64encode(text.encode()).decode()}"
