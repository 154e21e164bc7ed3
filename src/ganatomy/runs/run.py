"""The run folder, the one format that every reader reads: run.json, metrics.jsonl, events.jsonl, checkpoints/ ….

No torch: reading a run needs no trainer.
"""

import hashlib
import json
import os
import re
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from ganatomy.config import settings
from ganatomy.config.options import Config
from ganatomy.errors import UserError, short, unknown
from ganatomy.runs import lines, notebook
from ganatomy.runs.manifest import CHECKPOINT
from ganatomy.system import files, sealed
from ganatomy.system.options import Options

FORMAT = 1
ENTRIES: dict[str, Any] = {  # of run.json, that readers look into: what they are, where they are there
    **dict.fromkeys(("data", "machine", "versions"), dict),
    **dict.fromkeys(("status", "error", "lab", "objective", "started", "data.source", "data.fingerprint"), str),
    **dict.fromkeys(("step", "images", "data.images"), int),
    **dict.fromkeys(("parts", "data.classes", "data.problems", "machine.gpus"), list),
    "seconds": (int, float),
}
CHECKSUM = "# sha256 "
RUNS = Path("runs")
SNAPSHOT = re.compile(r"([0-9]{6}|[1-9][0-9]{6,14})\.png")
WRITTEN = (
    *("run.json", "config.yaml", "metrics.jsonl", "events.jsonl", "log.txt", "control.json", ".control.json.taken"),
    *("reals.png", "samples", "checkpoints", "checkpoints/last", "walk.webp", "report.html", "eval"),
    *("tensorboard", "trackers", "schema.json", "normalisation.json"),
)
DIRECTIONS = ("directions", "directions.safetensors")  # where `ganatomy directions` leaves those of a run
ENDS = ("finished", "stopped")  # statuses, and events, of a training that came to an end
SCORED = re.compile(r"step-([0-9]{8,15})-")  # how the names in eval/ begin


class Run:
    """A folder with everything that is known of one training. Reading it changes nothing."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """The run as a notebook shows it."""
        return notebook.to_html(self)

    @classmethod
    def find(cls, name: str | Path, runs: Path = RUNS) -> "Run":
        """A run by its path, its name under `runs/`, or `last`. Raises UserError if there is none."""
        known = (
            {folder.name: folder for folder in runs.iterdir() if (folder / "run.json").exists()}
            if runs.is_dir()
            else {}
        )
        if str(name) == "last":
            if not known:
                raise UserError(f"There are no runs under {runs}/ yet; `ganatomy demo` makes the first.")
            return cls(max(known.values(), key=lambda folder: (folder / "run.json").stat().st_mtime))
        for folder in (Path(name), runs / name):
            if (folder / "run.json").is_file():
                return cls(folder)
        if Path(name).is_dir():
            raise UserError(f"{name} is not a run: it has no run.json.")
        raise unknown("run", str(name), [*known, "last"])

    @classmethod
    @contextmanager
    def claim(cls, name: str, runs: Path = RUNS) -> Iterator["Run"]:
        """A new, empty folder `runs/NAME` to fill; after an error in the block it is gone, unless something is in it.

        Raises UserError if that name is taken or cannot be one, and where the folder cannot be made.
        """
        if not re.fullmatch(r"[\w][\w.\-+@ ]*", name):
            raise UserError(f"{name!r} cannot name a run: use letters, digits, dots, dashes and underscores.")
        run, first = cls(runs / name), not os.path.exists(runs)
        try:
            run.path.mkdir(parents=True)
        except OSError as error:
            if os.path.exists(run.path):
                begun = os.path.exists(run.path / "run.json")
                other = f"go on with it: --resume {name}" if begun else "remove that folder, which holds no run"
                raise UserError(f"{run.path} is there already; choose another --name, or {other}.") from None
            raise UserError(f"{run.path} cannot be made: {files.reason(error)}.") from None
        try:
            yield run
        except BaseException:
            with suppress(OSError):  # not empty
                run.path.rmdir()
                if first:
                    runs.rmdir()
            raise

    @classmethod
    def create(cls, name: str, config: Options, runs: Path = RUNS) -> "Run":
        """A new folder `runs/NAME` with this configuration. Raises UserError as `claim`."""
        with cls.claim(name, runs) as run:
            run.write_config(config)
        return run

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def address(self) -> str:
        """How to name the run on a command line."""
        return shlex.quote(self.name if self.path.parent == RUNS else str(self.path))

    def at(self, *names: str) -> Path:
        """The path of a file or folder of the run: `run.at("samples", "000000.png")`.

        A run may be a stranger's, so nothing in its folder is followed out of it. Raises UserError where a link or a
        pipe is in the way.
        """
        return files.inside(self.path, *names)

    def check(self) -> None:
        """Raises UserError where a link or a pipe has the name of something that a training writes."""
        for name in WRITTEN:
            self.at(name)

    # --- run.json -------------------------------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """The entries of run.json: status, versions, machine, data, timings.

        Raises UserError where the file is damaged or of a newer version.
        """
        try:
            info, _ = sealed.read(self.at("run.json").read_text(encoding="utf-8"))
            written = int(info.get("format", 0))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError):
            raise UserError(f"{self.path / 'run.json'} is damaged; it should hold a JSON object.") from None
        files.check_format(written, FORMAT, self.path)
        for name, kind in ENTRIES.items():
            part, _, entry = name.rpartition(".")
            value = (info.get(part) or {} if part else info).get(entry)
            if not (value is None or isinstance(value, kind)):
                raise UserError(f"{self.path / 'run.json'} is damaged: {name} = {short(repr(value))}.")
        return info

    def info_is_as_written(self) -> bool:
        """Whether run.json matches its checksum, if it has one."""
        path = self.at("run.json")
        return not path.is_file() or sealed.read(path.read_text(encoding="utf-8"))[1]

    def update(self, **changes: Any) -> None:
        """Change entries of run.json: all of them or, if the process ends here, none."""
        info = {"format": FORMAT, "name": self.name, **self.info(), **changes}
        self.write_text("run.json", sealed.to_text(sealed.finite(info)))

    def config(self) -> Config:
        """The configuration, fully resolved. Raises UserError where config.yaml has changed since it was written."""
        path = self.at("config.yaml")
        if path.is_file() and not _is_as_written(path):
            raise UserError(
                f"{path} does not match its checksum. If you edited it, remove its last line; otherwise it is damaged."
            )
        return settings.read(path)

    def write_config(self, config: Options) -> None:
        """Write config.yaml, with its checksum as a comment in the last line."""
        text = settings.to_yaml(config)
        with files.explained(self.path):
            self.write_text("config.yaml", f"{text}{CHECKSUM}{hashlib.sha256(text.encode()).hexdigest()}\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the folder, whole or not at all."""
        files.write_text(self.at(name), text)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other trainers out; the system frees it however this process ends.

        Raises UserError where another process trains the run, and where the folder cannot be written.
        """
        lock = filelock.FileLock(self.at(".lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise UserError(
                f"{self.path} is being trained by another process (pid {self.info().get('pid')})."
            ) from None
        except OSError as error:
            raise UserError(f"{self.path} cannot be written: {files.reason(error)}.") from None
        try:
            yield
        finally:
            lock.release()

    # --- records and events ---------------------------------------------------------------------------------------

    def append(self, record: Mapping[str, float]) -> None:
        """Append a record to metrics.jsonl; numbers that JSON cannot hold become null."""
        lines.append(self.at("metrics.jsonl"), dict(record))

    def event(self, event: str, **details: Any) -> None:
        """Append an event to events.jsonl and, as a line of text, to log.txt."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        lines.append(self.at("events.jsonl"), {"event": event, "time": now, **details})
        text = ", ".join(f"{name} {value}" for name, value in details.items())
        files.append_text(self.at("log.txt"), f"{now} {event}{': ' if text else ''}{text}\n")

    def records(self) -> list[dict[str, Any]]:
        """The records that can be read, oldest first."""
        return list(lines.read(self.at("metrics.jsonl"), lines.is_record))

    def probe_records(self) -> Iterator[dict[str, Any]]:
        """The records with signals of the diagnosis, oldest first, one at a time: there may be a million others."""
        return lines.read(self.at("metrics.jsonl"), lines.is_record, holding=b'"signals/')

    def events(self) -> list[dict[str, Any]]:
        """The events that can be read, oldest first."""
        return list(lines.read(self.at("events.jsonl"), lines.is_event))

    def ended(self) -> bool:
        """Whether the newest training came to an end and wrote that down: the event comes last."""
        status = self.info().get("status")
        turns = [event["event"] for event in self.events() if event["event"] in ("started", "resumed", *ENDS)]
        return status in ENDS and turns[-1:] == [status]

    def forget_after(self, step: int) -> None:
        """Remove records, snapshots and scores later than `step`: a run resumed from there makes them again."""
        lines.keep(self.at("metrics.jsonl"), step)
        for number, path in self.snapshots().items():
            if number > step:
                path.unlink()
        for path in files.entries(self.at("eval")):
            if (found := SCORED.match(path.name)) and int(found[1]) > step:
                path.unlink()

    # --- requests to the training ---------------------------------------------------------------------------------

    def request(self, **requests: Any) -> None:
        """Leave requests to the process that trains the run: see `runs.control`. Earlier ones stay until taken."""
        self.write_text("control.json", json.dumps({**_object(self.at("control.json")), **requests}) + "\n")

    def take_requests(self) -> dict[str, Any]:
        """Remove the requests and return them; {} where there are none."""
        path, mine = self.at("control.json"), self.path / ".control.json.taken"
        try:
            path.replace(mine)  # a request that is made meanwhile is written to another file
        except OSError:
            return {}
        return _object(mine)

    # --- files ----------------------------------------------------------------------------------------------------

    def snapshots(self) -> dict[int, Path]:
        """Grids of samples by step, in order; other files are left out."""
        return {step: path for step, path in self._by_step("samples", SNAPSHOT).items() if path.is_file()}

    def checkpoints(self) -> dict[int, Path]:
        """Checkpoint folders by step, in order. Only whole ones have that name: they are renamed when they are done."""
        return {step: path for step, path in self._by_step("checkpoints", CHECKPOINT).items() if path.is_dir()}

    def _by_step(self, folder: str, name: re.Pattern[str]) -> dict[int, Path]:
        found = [(name.fullmatch(path.name), path) for path in files.entries(self.at(folder))]
        return dict(sorted((int(match[1]), path) for match, path in found if match))

    def checkpoint(self, step: int | None = None) -> Path:
        """The newest checkpoint's folder, or that of a step. Raises UserError if there is none."""
        there = self.checkpoints()
        if not there:
            raise UserError(f"{self.path} has no checkpoint yet.")
        if step is not None and step not in there:
            raise UserError(f"{self.path} has no checkpoint of step {step}; there are {', '.join(map(str, there))}.")
        return there[max(there) if step is None else step]

    def clean(self) -> None:
        """Remove what interrupted saves left behind; only the process that holds the lock may."""
        for folder in ("", "checkpoints", "samples", "eval"):
            files.remove_partial(self.at(folder))
        for name in ("metrics.jsonl", "events.jsonl", "log.txt"):
            lines.finish(self.at(name))

    def lengths(self) -> dict[str, lines.Length]:
        """How long metrics.jsonl and events.jsonl are now, with their checksums: a checkpoint's manifest keeps them."""
        return {name: lines.length(self.at(name)) for name in ("metrics.jsonl", "events.jsonl")}


def free_name(stem: str, runs: Path = RUNS) -> str:
    """stem-001, stem-002, …: the first name that no run has yet."""
    taken = {path.name for path in runs.iterdir()} if runs.is_dir() else set()
    return next(name for number in range(1, 10**6) if (name := f"{stem}-{number:03d}") not in taken)


def _is_as_written(path: Path) -> bool:
    """Whether a config.yaml matches its checksum, if it has one."""
    with path.open("rb") as file:
        text, mark, checksum = file.read(settings.LONGEST).rpartition(CHECKSUM.encode())
    return not mark or hashlib.sha256(text).hexdigest().encode() == checksum.strip()


def _object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; {} where there is no file, or no object in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
