"""The folder of runs: what may be read, and nothing else. No torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard, in_order, read

SIGNS = ("run.json", "config.yaml", "metrics.jsonl")  # one of them makes a folder a run
READ = (*SIGNS, "events.jsonl", "samples", "eval", "checkpoints")  # what is opened by those who know no store


class NotThereError(UserError):
    """Nothing is there under that name, or it is nobody's business."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """While a run is read that may be corrupt, or vanish meanwhile: whatever goes wrong becomes a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise NotThereError(f"{name} was removed while it was read.") from None
    except (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise UserError(
            f"{name} cannot be shown: its files are not as Ganatomy writes them ({type(error).__name__}: {error})."
        ) from None


class RunStore:
    """Runs by name, and files of theirs. Names come from strangers: nothing outside the folder can be reached.

    A link that leads out of the folder is as good as not there.
    """

    def __init__(self, runs: str | Path) -> None:
        self.runs = Path(runs).resolve()

    def names(self) -> list[str]:
        """All runs, sorted by name."""
        try:
            folders = sorted(path for path in self.runs.iterdir() if not path.name.startswith("."))
        except OSError:
            return []
        return [path.name for path in folders if _is_run(path)]

    def run(self, name: str) -> Run:
        """A run by its folder's name; NotThereError if there is none."""
        path = self.runs / name
        if Path(name).name != name or name.startswith(".") or "\0" in name or not _is_run(path):
            raise NotThereError(f"There is no run called {name!r} here; it may have been removed or renamed.")
        for part in READ:
            self._check(path / part)
        return Run(path)

    def file(self, run: Run, *parts: str) -> Path:
        """A file in a run's folder; NotThereError if there is none, or if it leads elsewhere."""
        path = run.path.joinpath(*parts)
        self._check(path)
        if not path.is_file():
            raise NotThereError(f"{run.name} has no {'/'.join(parts)}.")
        return path

    def checkpoint(self, run: Run, step: int | None) -> Path:
        """A run's checkpoint, the newest or that of a step, all of its files checked."""
        folder = run.checkpoint(step)
        for path in folder.iterdir():
            self._check(path)
        return folder

    def scores(self, run: Run) -> tuple[list[ScoreCard], list[str]]:
        """A run's score cards that can be read, and what is wrong with the others."""
        found, wrong = [], []
        for path in sorted((run.path / "eval").glob("step-*.json")):
            try:
                found.append(read(self.file(run, "eval", path.name)))
            except UserError as error:
                wrong.append(str(error))
        return in_order(found), wrong

    def _check(self, path: Path) -> None:
        """NotThereError for what leads out. Nothing between the folder, which is no link, and a plain file can."""
        within = path.relative_to(self.runs)
        if not any((self.runs / part).is_symlink() for part in (within, *within.parents[:-1])):
            return
        try:
            inside = path.resolve().is_relative_to(self.runs)
        except (OSError, RuntimeError, ValueError):  # a link to itself
            inside = False
        if not inside:
            raise NotThereError(f"{within} is a link that leads out of the runs' folder.")


def _is_run(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and any((path / sign).is_file() for sign in SIGNS)
    except (OSError, ValueError):
        return False
