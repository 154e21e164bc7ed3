"""The folder of runs, and that of sweeps beside it: what may be read of them, and nothing else. No torch."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from ganatomy.errors import UserError, short
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, in_order, read
from ganatomy.sweeps.folder import SWEEPS, Sweep

MARKERS = ("run.json", "config.yaml", "metrics.jsonl")  # one of them makes a folder a run
OPENED = (*MARKERS, "events.jsonl", "samples", "eval", "checkpoints")  # what readers open without asking the store
OPENED_OF_SWEEP = ("sweep.json", "journal.jsonl", "best.yaml", "report.html", ".lock", "runs")
MAX_SENT = 2**27  # bytes of a file that is sent to a page
MAX_BYTES = {"run.json": 2**22, "config.yaml": 2**20, "sweep.json": 2**22, "journal.jsonl": MAX_SENT}  # read whole
IN_SWEEP = ":"  # between a sweep's name and its run's, where pages name such a run
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
    """Runs and sweeps by name, and their files. Names come from clients: nothing outside the folders can be reached.

    A run of a sweep is called SWEEP:RUN. A link that leads out of the folder counts as missing.
    """

    def __init__(self, runs: str | Path) -> None:
        """runs: the folder of runs; that of sweeps is beside it."""
        self.runs = Path(runs).resolve()
        self.sweeps = (self.runs.parent / SWEEPS).resolve()

    def words(self, text: object) -> str:
        """A sentence as pages show it: cut where it is too long, and without the path of the folder of runs."""
        shown = str(text).replace(f"{self.sweeps}{os.sep}", f"{SWEEPS}{os.sep}")
        return brief(shown.replace(f"{self.runs}{os.sep}", "").replace(str(self.runs), self.runs.name))

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
        folder, own = self.runs, name
        if IN_SWEEP in name and not _is_run(folder / name):
            sweep, _, own = name.rpartition(IN_SWEEP)
            folder = self.sweep(sweep).runs
        if not _is_plain(own) or not _is_run(folder / own):
            raise NotFoundError(f"There is no run called {short(name)!r} here; it may have been removed or renamed.")
        self._check_parts(name, folder / own, OPENED)
        return Run(folder / own)

    def sweep_of(self, run: Run) -> Sweep | None:
        """The sweep that a run belongs to."""
        return Sweep(run.path.parent.parent) if run.path.is_relative_to(self.sweeps) else None

    def address(self, run: Run) -> str:
        """How to name a run on the command line of whoever started the studio."""
        sweep = self.sweep_of(run)
        return shlex.quote(run.name if sweep is None else str(SWEEPS / sweep.name / "runs" / run.name))

    def sweep_names(self) -> list[str]:
        """All sweeps, sorted by name."""
        try:
            folders = sorted(path for path in self.sweeps.iterdir() if not path.name.startswith("."))
        except OSError:
            return []
        return [path.name for path in folders if _is_sweep(path)]

    def sweep(self, name: str) -> Sweep:
        """A sweep by its folder's name. Raises NotFoundError if there is none, UserError where a file is too large.

        Also where what should be a file or folder is neither.
        """
        path = self.sweeps / name
        if not _is_plain(name) or not _is_sweep(path):
            raise NotFoundError(f"There is no sweep called {short(name)!r} here; it may have been removed or renamed.")
        self._check_parts(name, path, OPENED_OF_SWEEP)
        return Sweep(path)

    def _check_parts(self, name: str, path: Path, parts: Sequence[str]) -> None:
        for part in parts:
            self._check(path / part)
            kind, size = _stat(path / part)
            if kind and not (S_ISREG(kind) or S_ISDIR(kind)):  # a pipe keeps its reader waiting for ever
                raise UserError(f"{name} cannot be shown: {part} is neither a file nor a folder.")
            if size > (limit := MAX_BYTES.get(part, inf)):
                raise UserError(f"{name} cannot be shown: {part} has more than {limit:,} bytes.")

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
        folder = self.sweeps if path.is_relative_to(self.sweeps) else self.runs
        within = path.relative_to(folder)
        if not any((folder / part).is_symlink() for part in (within, *within.parents[:-1])):
            return
        try:
            inside = path.resolve().is_relative_to(folder)
        except (OSError, RuntimeError, ValueError):  # a link to itself
            inside = False
        if not inside:
            raise NotFoundError(f"{within} is a link that leads out of the folder of {folder.name}.")


def _is_plain(name: str) -> bool:
    """Whether it names something in a folder, and nothing hidden."""
    return Path(name).name == name and not name.startswith(".") and "\0" not in name


def _is_run(path: Path) -> bool:
    return _has(path, MARKERS)


def _is_sweep(path: Path) -> bool:
    return _has(path, OPENED_OF_SWEEP[:1])


def _has(path: Path, markers: Sequence[str]) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and any((path / marker).is_file() for marker in markers)
    except (OSError, ValueError):
        return False


def _stat(path: Path) -> tuple[int, int]:
    """What a file is, and its size in bytes; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mode, found.st_size
