"""The folder of a sweep, sweeps/NAME: what was asked (sweep.json), Optuna's journal, and a run for each training."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import filelock

from ganatomy.config.options import Config
from ganatomy.config.settings import from_dict
from ganatomy.errors import UserError, unknown
from ganatomy.runs.run import Run
from ganatomy.sweeps.space import Space, parse
from ganatomy.system import files, sealed

SWEEPS = Path("sweeps")
FORMAT = 1
LOCK_SECONDS = 0.5  # that a sweep waits for a reader who looks whether it is running
UNLIMITED = 10**6  # trials of a sweep that minutes limit
OTHER_SEEDS = 100_000  # added to the sweep's seed: the first seed of those that are trained again


@dataclass(frozen=True)
class SweepOptions:
    """What was asked of a sweep.

    data, recipe, config, settings   as for `ganatomy train`; config: the plain values of a file
    space                            as it is written
    objectives                       what is optimised, the most important first
    samples, features                of each trial's evaluation; samples None: as many as there are real ones
    trials                           how many there shall be
    again, seeds                     how many of the best are trained again, and with how many other seeds
    seed                             of the sweep: trial n is trained with seed + n
    prune                            whether a training that collapses, or falls behind others, is ended early
    """

    data: str | None
    recipe: str | None
    config: dict[str, Any] | None
    settings: dict[str, Any]
    space: dict[str, Any]
    objectives: list[str]
    samples: int | None
    features: str
    trials: int
    again: int
    seeds: int
    seed: int
    prune: bool


@dataclass(frozen=True)
class SweepTraining:
    """One training of a sweep: its run's name, and what `ganatomy train` is given."""

    name: str
    data: str | None
    recipe: str | None
    config: dict[str, Any] | None
    settings: dict[str, Any]

    def start(self) -> tuple[str | None, Config | None]:
        """The recipe or the configuration that it starts from."""
        return self.recipe, None if self.config is None else from_dict(self.config)


class Sweep:
    """A folder with everything that is known of one sweep. Reading it changes nothing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Sweep({str(self.path)!r})"

    @classmethod
    def find(cls, name: str | Path, sweeps: Path = SWEEPS) -> "Sweep":
        """A sweep by its path or its name under `sweeps/`. Raises UserError if there is none."""
        for folder in (Path(name), sweeps / name):
            if (folder / "sweep.json").is_file():
                return cls(folder)
        known = [folder.parent.name for folder in sorted(sweeps.glob("*/sweep.json"))]
        if not known:
            raise UserError(
                f"There are no sweeps under {sweeps}/ yet; `ganatomy sweep digits --recipe digits` makes one."
            )
        raise unknown("sweep", str(name), known)

    @classmethod
    def create(cls, name: str, options: SweepOptions, sweeps: Path = SWEEPS) -> "Sweep":
        """A new folder `sweeps/NAME`. Raises UserError where that name is taken or cannot be one."""
        if not re.fullmatch(r"[\w][\w.\-+@ ]*", name):
            raise UserError(f"{name!r} cannot name a sweep: use letters, digits, dots, dashes and underscores.")
        sweep = cls(sweeps / name)
        if sweep.path.exists():
            raise UserError(f"{sweep.path} is there already; choose another --name, or go on with it: --resume {name}.")
        with files.explained(sweeps):
            sweeps.mkdir(parents=True, exist_ok=True)
            with files.new_folder(sweep.path) as folder:
                cls(folder).write_options(options)
        return sweep

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def address(self) -> str:
        """How to name the sweep on a command line."""
        return shlex.quote(self.name if self.path.parent == SWEEPS else str(self.path))

    @property
    def runs(self) -> Path:
        """The folder of its runs."""
        return self.path / "runs"

    @property
    def journal(self) -> Path:
        """Optuna's journal: a JSON object a line."""
        return self.path / "journal.jsonl"

    def at(self, name: str) -> Path:
        """The path of a file of the sweep. Raises UserError where a link or a pipe is in the way."""
        return files.inside(self.path, name)

    def run(self, name: str) -> Run:
        """A run of the sweep, which may not be there yet."""
        return Run(self.runs / name)

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the folder, whole or not at all."""
        with files.explained(self.path):
            files.write_text(self.at(name), text)

    def write_options(self, options: SweepOptions) -> None:
        """Write sweep.json."""
        self.write_text("sweep.json", sealed.to_text({"format": FORMAT, **asdict(options)}))

    def options(self) -> SweepOptions:
        """What was asked. Raises UserError where sweep.json is damaged or of a newer version."""
        path = self.at("sweep.json")
        try:
            found, whole = sealed.read(path.read_text(encoding="utf-8"))
            written = int(found.pop("format"))
        except (OSError, ValueError, KeyError, TypeError):
            whole, written, found = False, 0, {}
        files.check_format(written, FORMAT, path)
        if not whole or found.keys() != {field.name for field in fields(SweepOptions)}:
            raise UserError(f"{path} is damaged: it does not match its checksum.")
        return SweepOptions(**found)

    def space(self) -> Space:
        """What is varied. Raises UserError as `options`."""
        return parse(self.options().space, str(self.path))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other sweepers out; the system frees it however this process ends.

        Raises UserError where another process goes on with the sweep.
        """
        lock = filelock.FileLock(self.at(".lock"))
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except filelock.Timeout:
            raise UserError(f"{self.path} is in the hands of another process: end that one first.") from None
        except OSError as error:
            raise UserError(f"{self.path} cannot be written: {files.reason(error)}.") from None
        try:
            yield
        finally:
            lock.release()

    def is_locked(self) -> bool:
        """Whether a process carries the sweep out. False where that cannot be told."""
        path = self.at(".lock")
        try:
            if not path.is_file():
                return False
            with filelock.FileLock(path, timeout=0):  # for a moment, which `lock` waits out
                return False
        except filelock.Timeout:
            return True
        except OSError:
            return False

    def is_summed_up(self) -> bool:
        """Whether its page was written after the last line of its journal."""
        try:
            return (self.path / "report.html").stat().st_mtime >= self.journal.stat().st_mtime
        except OSError:
            return False


def training_at(options: SweepOptions, point: Mapping[str, Any], name: str, seed: int) -> SweepTraining:
    """The training at a point of the space, with a seed, unless the settings or the point have one."""
    # Families first: another one would drop the options of networks that are set before it.
    families = {name: value for name, value in point.items() if name.endswith(".family")}
    settings = {"training.seed": seed, **families, **options.settings, **point}
    recipe = settings.pop("recipe", options.recipe)
    config = None if "recipe" in point else options.config
    return SweepTraining(name, options.data, recipe, config, settings)


def trial_training(options: SweepOptions, number: int, point: Mapping[str, Any]) -> SweepTraining:
    """The training of a trial: trial n has the sweep's seed + n."""
    return training_at(options, point, f"trial-{number:04d}", options.seed + number)


def again(training: SweepTraining, seed: int) -> SweepTraining:
    """The same with another seed."""
    name = f"{training.name}-seed-{seed}"
    return replace(training, name=name, settings={**training.settings, "training.seed": seed})
