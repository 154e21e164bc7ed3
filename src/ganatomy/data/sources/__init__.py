"""The kinds of data: what is given by a path or a name → the images there. Nothing is ever extracted or unpickled.

Each kind is a function beside which it is registered; every module in this folder is loaded. A stranger's is registered
in the same way, in a module that `--parts` or a plain `import` loads:

    @register_source(".rar", example="cats.rar")
    def rar(name: str, split: str, cache: Path) -> Found | None:
        \"""A RAR archive of images.\"""
        if (path := file_with(name, ".rar")) is None:
            return None
        return Found(name, stamp(path, split), lambda: Items(names, read))

No numpy and no Pillow while they are listed.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ganatomy.data.kinds import EXTENSIONS, HEIC
from ganatomy.errors import UserError
from ganatomy.system.addresses import is_address
from ganatomy.system.registry import Registry, summary_of

if TYPE_CHECKING:
    from ganatomy.data.items import Items
    from ganatomy.data.shards import Shards
    from ganatomy.data.store import Images

NAMES, FILES, FOLDERS = range(3)  # when a kind is tried: a set's name before a file's, and any folder at the end


@dataclass(frozen=True)
class Found:
    """Data that exist.

    name      how messages call them: the path or name that was given
    stamp     a text that changes whenever the files do, without reading them; None if there is none
    load      opens them
    prepared  the set in the cache, if that is what they are
    shards    the tar shards that they are, which may be read one by one
    """

    name: str
    stamp: str | None
    load: Callable[[], Items]
    prepared: Images | None = None
    shards: Shards | None = None


Recognise = Callable[[str, str, Path], Found | None]


@dataclass(frozen=True)
class Source:
    """A kind of data: the function that recognises it, an example of what a person writes, and when it is tried."""

    recognise: Recognise
    example: str
    rank: int


SOURCES: Registry[Source] = Registry("kind of data")
Function = TypeVar("Function", bound=Recognise)


def register_source(name: str, *, example: str, rank: int = FILES) -> Callable[[Function], Function]:
    """Make a kind of data known, by the name that lists of kinds give it; example: what a person writes.

    The function gets (path or name, split, cache folder) and returns what is there, or None if that is of another
    kind; it raises UserError if the data are of its kind but damaged or without that split. The first line of its
    docstring describes the kind in docs/DATA.md. Kinds of the lowest rank (NAMES, FILES, FOLDERS) are tried first.
    """

    def register(function: Function) -> Function:
        source = Source(function, example, rank)
        SOURCES.add(name, source, module=function.__module__, summary=summary_of(function))
        return function

    return register


def find(path: str | os.PathLike[str], split: str, cache: Path) -> Found:
    """What `path` names. A set's name comes before a file's: write ./digits for a folder called digits.

    Raises UserError when there is nothing, or nothing of a kind that can be read.
    """
    name = os.fspath(path)
    for source in sorted(SOURCES.values(), key=lambda source: source.rank):
        if (found := source.recognise(name, split, cache)) is not None:
            return found
    place = Path(name).expanduser()
    if not os.path.exists(place):
        raise _missing(name, place)
    if not os.path.isfile(place) and not os.path.isdir(place):
        raise UserError(f"{name} is no file but a pipe or a device; {_advice()}.")
    if place.suffix.lower() in (*EXTENSIONS, *HEIC):
        raise UserError(f"{name} is a single image; training needs many: give the folder that holds them.")
    raise UserError(f"{name} is of no kind that can be read; {_advice()}.")


def is_name(text: str) -> bool:
    """Whether a text is a set's name, such as hf:owner/name, or an address, and no path."""
    if is_address(text):
        return True
    kinds = [name for name, source in SOURCES.items() if source.rank == NAMES]
    return any(text == kind or (":" in kind and text.startswith(kind.partition(":")[0] + ":")) for kind in kinds)


def table() -> str:
    """The table of docs/DATA.md, in Markdown."""
    rows = [f"| {SOURCES.summary(name)} | `ganatomy train {SOURCES[name].example}` |" for name in SOURCES]
    return "\n".join(["| you have | you write |", "|---|---|", *rows])


def file_with(name: str, *suffixes: str) -> Path | None:
    """The file of that name if it is there and ends in one of the suffixes, in capitals or not."""
    path = Path(name).expanduser()
    return path if path.suffix.lower() in suffixes and os.path.isfile(path) else None


def stamp(path: Path, split: str) -> str:
    """A text that changes when the file does: its place, size and time."""
    info = path.stat()
    return f"{path.resolve()}\n{split}\n{info.st_size} {info.st_mtime_ns}"


def _advice() -> str:
    return f"give data of one of these kinds: {SOURCES.listed}"


def _missing(name: str, place: Path) -> UserError:
    beside = os.listdir(place.parent) if os.path.isdir(place.parent) else []
    near = [str(place.with_name(other)) for other in get_close_matches(place.name, beside)] if place.name else []
    known = {source.example for source in SOURCES.values() if source.rank == NAMES}
    near += get_close_matches(name, known, n=1)
    hint = f"did you mean {' or '.join(near)}?" if near else f"{_advice()}."
    return UserError(f"There is no file, folder or set called {name!r}; {hint}")


for _module in ("folder", *(module.name for module in pkgutil.iter_modules(__path__))):  # the most common kind first
    import_module(f"{__name__}.{_module}")
