"""The folder of runs: what may be read of it, and nothing else. No torch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from ganatomy.errors import UserError, short
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, in_order, read

MARKERS = ("run.json", "config.yaml", "metrics.jsonl")  # one of them makes a folder a run
OPENED = (*MARKERS, "events.jsonl", "samples", "eval", "checkpoints")  # what readers open without asking the store
MAX_BYTES = {"run.json": 2**22, "config.yaml": 2**20}  # of files that are read whole
MAX_SENT = 2**27  # bytes of a file that is sent to a page
MAX_WORDS = 500  # characters of a text in a run's files that a page shows


class NotFoundError(UserError):
    """There is nothing under that name, or it must not be read."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """While a run is read that may be damaged, or removed meanwhile: any failure becomes one sentence.

    Raises NotFoundError where a file has gone, UserError where one cannot be read.
    """
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"{name} was removed while it was being read.") from None
    except (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise UserError(
            f"{name} cannot be shown: a file is damaged or not in Ganatomy's format ({type(error).__name__}: {error})."
        ) from None


def brief(text: object) -> str:
    """A text of a run's files, cut where it is too long for a page."""
    words = str(text)
    return words if len(words) <= MAX_WORDS else f"{words[: MAX_WORDS - 1]}…"


class RunStore:
    """Runs by name, and their files. Names come from clients: nothing outside the folder can be reached.

    A link that leads out of the folder counts as missing.
    """

    def __init__(self, runs: str | Path) -> None:
        self.runs = Path(runs).resolve()

    def words(self, text: object) -> str:
        """A sentence as pages show it: cut where it is too long, and without the path of the folder of runs."""
        return brief(str(text).replace(f"{self.runs}{os.sep}", "").replace(str(self.runs), self.runs.name))

    def names(self) -> list[str]:
        """All runs, sorted by name."""
        try:
            folders = sorted(path for path in self.runs.iterdir() if not path.name.startswith("."))
        except OSError:
            return []
        return [path.name for path in folders if _is_run(path)]

    def run(self, name: str) -> Run:
        """A run by its folder's name. Raises NotFoundError if there is none, UserError where a file is too large.

        Also where what should be a file or folder is neither.
        """
        path = self.runs / name
        if Path(name).name != name or name.startswith(".") or "\0" in name or not _is_run(path):
            raise NotFoundError(f"There is no run called {short(name)!r} here; it may have been removed or renamed.")
        for part in OPENED:
            self._check(path / part)
            kind, size = _stat(path / part)
            if kind and not (S_ISREG(kind) or S_ISDIR(kind)):  # a pipe keeps its reader waiting for ever
                raise UserError(f"{name} cannot be shown: {part} is neither a file nor a folder.")
            if size > (limit := MAX_BYTES.get(part, inf)):
                raise UserError(f"{name} cannot be shown: {part} has more than {limit:,} bytes.")
        return Run(path)

    def is_lab(self, name: str) -> bool:
        """Whether a run is a game of the lab. Raises UserError as `run`, and where run.json is damaged."""
        run = self.run(name)
        with reading(name):
            return "lab" in run.info()

    def file(self, run: Run, *parts: str) -> Path:
        """A file in a run's folder.

        Raises NotFoundError if there is none, or if it leads out of the folder; UserError where it is too large.
        """
        path = run.path.joinpath(*parts)
        self._check(path)
        if not path.is_file():
            raise NotFoundError(f"{run.name} has no {'/'.join(parts)}.")
        if _stat(path)[1] > MAX_SENT:
            raise UserError(f"{'/'.join(parts)} of {run.name} has more than {MAX_SENT:,} bytes.")
        return path

    def checkpoint(self, run: Run, step: int | None) -> Path:
        """A run's checkpoint, the newest or that of a step, all of its files checked.

        Raises UserError if there is none, NotFoundError if a file leads out of the folder.
        """
        folder = run.checkpoint(step)
        for path in folder.iterdir():
            self._check(path)
        return folder

    def scores(self, run: Run) -> tuple[list[ScoreCard], list[str]]:
        """A run's score cards that can be read, and a sentence on each of the others."""
        found, wrong = [], []
        for path in sorted((run.path / "eval").glob("step-*.json")):
            try:
                found.append(read(self.file(run, "eval", path.name)))
            except UserError as error:
                wrong.append(self.words(error))
        return in_order(found), wrong

    def _check(self, path: Path) -> None:
        """NotFoundError for a path that leads out of the folder, by a link anywhere on the way."""
        within = path.relative_to(self.runs)
        if not any((self.runs / part).is_symlink() for part in (within, *within.parents[:-1])):
            return
        try:
            inside = path.resolve().is_relative_to(self.runs)
        except (OSError, RuntimeError, ValueError):  # a link to itself
            inside = False
        if not inside:
            raise NotFoundError(f"{within} is a link that leads out of the folder of runs.")


def _is_run(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and any((path / marker).is_file() for marker in MARKERS)
    except (OSError, ValueError):
        return False


def _stat(path: Path) -> tuple[int, int]:
    """What a file is, and its size in bytes; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mode, found.st_size
