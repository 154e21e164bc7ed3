"""Files that grow while they are read: new lines from where the last reading ended. No torch."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.report.curves import Column, Columns, columns_of, joined
from ganatomy.runs.lines import is_number

CHUNK = 4_000_000  # bytes read at a time
MOST = 40_000  # records kept of a run; more are thinned to half of it
NEWEST, MOST_EVENTS = 16_000_000, 20_000  # bytes of events.jsonl, and events
LONGEST_OBJECT = 2**16  # bytes of an event or probe record; longer ones are left out
PROBE = b'"signals/'  # in the records of the diagnosis' probe
SAMPLES, SAMPLE = 400, 8192  # a large file is sampled at so many places before it is read, and so many bytes at each


class Tail:
    """Whole lines of a file, each once, unless the file starts anew: a training that goes back rewrites it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = self.size = 0
        self.generation = 0  # how many files it has been
        self._file: tuple[int, int] | None = None  # device and inode
        self.reset()

    def poll(self) -> bool:
        """Whether there is more to read; notices where the file starts anew. A file that has gone is empty."""
        try:
            found = self.path.stat()
            file, size = (found.st_dev, found.st_ino), found.st_size
        except OSError:
            file, size = None, 0
        if file != self._file or size < self.offset:
            self.generation += self._file is not None
            self._file, self.offset = file, 0
            self.reset()
        self.size = size
        return self.offset < size

    def reset(self) -> None:
        """Forget what was read."""

    def lines(self) -> list[bytes]:
        """The next whole lines, of at most CHUNK bytes. A last line without its end waits for the next time."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                content = file.read(CHUNK)
        except OSError:
            return []
        end = content.rfind(b"\n") + 1
        if not end:  # an unfinished line; or, if it fills the chunk, none at all, which is skipped
            self.offset += len(content) if len(content) == CHUNK else 0
            return []
        self.offset += end
        return content[:end].splitlines()


class Events(Tail):
    """events.jsonl: how many snapshots were drawn, and the other events, oldest first.

    Of a file larger than NEWEST bytes its end is read, and at most MOST_EVENTS of its events are kept.
    """

    def reset(self) -> None:
        """Forget what was read."""
        self.entries: list[dict[str, Any]] = []
        self.snapshots = 0

    def advance(self) -> None:
        """Read all there is."""
        while self.poll():
            if self.size - self.offset > NEWEST:
                self.offset = self.size - NEWEST
            before, lines = self.offset, self.lines()
            if self.offset == before:
                return
            for entry in _objects(lines):
                if entry.get("event") == "snapshot":
                    self.snapshots += 1
                else:
                    self.entries.append(entry)
            del self.entries[:-MOST_EVENTS]


class Records(Tail):
    """metrics.jsonl as columns of bounded length that keep every spike; what is not read yet is sampled."""

    def reset(self) -> None:
        """Forget what was read."""
        self.columns: Columns = {}
        self._probes: list[dict[str, Any]] = []
        self.width = 1.0  # steps of a bucket, of which the least and the greatest values stay
        self._sketch: Columns | None = None

    @property
    def share(self) -> float:
        """How much of the file was read, from 0 to 1."""
        return self.offset / self.size if self.size else 1.0

    def advance(self, seconds: float) -> bool:
        """Read one chunk, and more for as long as `seconds`; returns whether there is more to read."""
        until = time.monotonic() + seconds
        while self.poll():
            before, lines = self.offset, self.lines()
            if self.offset == before:
                return False
            self._add(columns_of(lines))
            probes = _objects(line for line in lines if PROBE in line)
            self._probes += (probe for probe in probes if is_number(probe.get("step")))
            if time.monotonic() >= until:
                return self.offset < self.size
        return False

    def take_probes(self) -> list[dict[str, Any]]:
        """The probe's records among what was read, each returned once."""
        probes, self._probes = self._probes, []
        return probes

    def all(self) -> Columns:
        """What was read, and samples of the rest."""
        if self.share > 0.99:
            return self.columns
        if self._sketch is None:
            self._sketch = sketch(self.path)
        last = self.columns["step"][-1] if self.columns else -np.inf
        rest = {name: column[self._sketch["step"] > last] for name, column in self._sketch.items()}
        return joined([self.columns, rest])

    def after(self, step: float) -> Columns:
        """The records later than a step."""
        if not self.columns:
            return {}
        later = self.columns["step"] > step
        return {name: column[later] for name, column in self.columns.items()}

    def _add(self, new: Columns) -> None:
        self.columns = _increasing(joined([self.columns, new]))
        while self.columns and len(self.columns["step"]) > MOST:
            self.columns = thinned(self.columns, self.width)
            if len(self.columns["step"]) > MOST // 2:
                self.width *= 2


def thinned(columns: Columns, width: float) -> Columns:
    """Of every `width` steps the first and last record, and those with the least and the greatest of each column."""
    buckets = np.floor(columns["step"] / width)
    starts = np.flatnonzero(np.diff(buckets, prepend=-np.inf))
    sizes = np.diff(starts, append=len(buckets))
    kept = [starts, starts + sizes - 1]
    for name, column in columns.items():
        if name != "step":
            kept += [_first(np.fmin, column, starts, sizes), _first(np.fmax, column, starts, sizes)]
    rows = np.unique(np.concatenate(kept))
    return {name: column[rows] for name, column in columns.items()}


def _first(which: np.ufunc, column: Column, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Where each bucket first has its extreme; buckets of NaN alone have none."""
    places = np.flatnonzero(column == np.repeat(which.reduceat(column, starts), sizes))
    buckets = np.repeat(np.arange(len(starts)), sizes)[places]
    return places[np.unique(buckets, return_index=True)[1]]


def sketch(path: Path, samples: int = SAMPLES) -> Columns:
    """Records from evenly spaced places of a file, in order, without what lies between: `samples` × 8 KiB are read."""
    lines: list[bytes] = []
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for place in np.unique(np.linspace(0, max(size - SAMPLE, 0), samples).astype(np.int64)).tolist():
                file.seek(place)
                found = file.read(SAMPLE).split(b"\n")
                lines += found[:-1][place > 0 :]  # the first and the last line may be incomplete
    except OSError:
        return {}
    return _increasing(columns_of(lines))


def _increasing(columns: Columns) -> Columns:
    """The records whose step is higher than all before: all that a trainer writes, without repetitions of samples."""
    if not columns:
        return {}
    steps = columns["step"]
    rows = np.flatnonzero(steps > np.concatenate([[-np.inf], np.maximum.accumulate(steps)[:-1]]))
    return columns if len(rows) == len(steps) else {name: column[rows] for name, column in columns.items()}


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if len(line) > LONGEST_OBJECT:
            continue
        with suppress(ValueError, RecursionError):
            entry = json.loads(line, parse_constant=lambda name: None)
            if isinstance(entry, dict):
                yield entry
