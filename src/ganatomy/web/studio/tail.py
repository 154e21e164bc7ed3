"""Files that grow while they are read: new lines from where the last look ended. No torch."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.report.curves import Column, Columns, columns_of, joined

CHUNK = 4_000_000  # bytes read at a time
MOST = 40_000  # records kept of a run; more are thinned to half of it
LOOK = b'"signals/'  # in a record at which the diagnosis looked
SAMPLES, SAMPLE = 400, 8192  # places of a large file that are looked at before it is read, and bytes of each


class Tail:
    """Whole lines of a file, each once, unless the file begins anew: a training that goes back rewrites it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = self.size = 0
        self.generation = 0  # how many files it has been
        self._file: tuple[int, int] | None = None  # device and inode
        self.begin()

    def look(self) -> bool:
        """Whether there is more to read; finds out whether the file begins anew. A file that is gone is empty."""
        try:
            found = self.path.stat()
            file, size = (found.st_dev, found.st_ino), found.st_size
        except OSError:
            file, size = None, 0
        if file != self._file or size < self.offset:
            self.generation += self._file is not None
            self._file, self.offset = file, 0
            self.begin()
        self.size = size
        return self.offset < size

    def begin(self) -> None:
        """Forget what was read."""

    def chunk(self) -> list[bytes]:
        """The next lines. A last one that is not finished stays for the next time."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                content = file.read(CHUNK)
        except OSError:
            return []
        end = content.rfind(b"\n") + 1
        if not end:  # not finished; or no line at all, and skipped
            self.offset += len(content) if len(content) == CHUNK else 0
            return []
        self.offset += end
        return content[:end].splitlines()


class Events(Tail):
    """events.jsonl, oldest first."""

    def begin(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def advance(self) -> None:
        """Read all there is."""
        while self.look() and (lines := self.chunk()):
            self.entries += _objects(lines)


class Records(Tail):
    """metrics.jsonl as columns of a bounded length, spikes kept; of a part not read yet, samples."""

    def begin(self) -> None:
        self.columns: Columns = {}
        self._looks: list[dict[str, Any]] = []
        self.width = 1.0  # steps of a bucket, of which the least and the greatest stay
        self._sketch: Columns | None = None

    @property
    def share(self) -> float:
        """Of the file that was read, 0 to 1."""
        return self.offset / self.size if self.size else 1.0

    def advance(self, seconds: float) -> bool:
        """Read on for so long; whether there is more."""
        until = time.monotonic() + seconds
        while self.look():
            before, lines = self.offset, self.chunk()
            if self.offset == before:
                return False
            self._take(columns_of(lines))
            looks = _objects(line for line in lines if LOOK in line)
            self._looks += (look for look in looks if is_step(look.get("step")))
            if time.monotonic() >= until:
                return self.offset < self.size
        return False

    def taken(self) -> list[dict[str, Any]]:
        """The looks of the diagnosis among what was read, each handed out once."""
        looks, self._looks = self._looks, []
        return looks

    def whole(self) -> Columns:
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

    def _take(self, new: Columns) -> None:
        self.columns = _rising(joined([self.columns, new]))
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
    """Where each bucket has its extreme first; buckets of NaN alone have none."""
    places = np.flatnonzero(column == np.repeat(which.reduceat(column, starts), sizes))
    buckets = np.repeat(np.arange(len(starts)), sizes)[places]
    return places[np.unique(buckets, return_index=True)[1]]


def sketch(path: Path, samples: int = SAMPLES) -> Columns:
    """Records from evenly spaced places of a file, in order: a first look, without what lies between."""
    lines: list[bytes] = []
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for place in np.unique(np.linspace(0, max(size - SAMPLE, 0), samples).astype(np.int64)).tolist():
                file.seek(place)
                found = file.read(SAMPLE).split(b"\n")
                lines += found[:-1][place > 0 :]  # what begins or ends outside is not whole
    except OSError:
        return {}
    return _rising(columns_of(lines))


def _rising(columns: Columns) -> Columns:
    """The records whose step is higher than all before: what a trainer writes is so throughout."""
    if not columns:
        return {}
    steps = columns["step"]
    rows = np.flatnonzero(steps > np.concatenate([[-np.inf], np.maximum.accumulate(steps)[:-1]]))
    return columns if len(rows) == len(steps) else {name: column[rows] for name, column in columns.items()}


def is_step(value: object) -> bool:
    """Whether a record's or event's step can be one."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        with suppress(ValueError):
            entry = json.loads(line, parse_constant=lambda name: None)
            if isinstance(entry, dict):
                yield entry
