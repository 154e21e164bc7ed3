"""metrics.jsonl and events.jsonl: a JSON object a line, appended whole, read strictly.

A line that cannot be read is left out and counted: a kill, a bad disk or an editor may have left it.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict

from pydantic_core import from_json

from ganatomy.system import files, sealed

LONGEST = 2**20  # bytes of a line
MOST_NAMES, FEW_NAMES, CELLS = 200, 20, 40_000_000  # see `names_read`
Entry = dict[str, Any]


def append(path: Path, entry: Entry) -> None:
    """Append an object; numbers that JSON cannot hold become null."""
    files.append_text(path, json.dumps(sealed.finite(entry), ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path, good: Callable[[Any], bool], holding: bytes = b"") -> Iterator[Entry]:
    """The objects of the lines that hold `holding` and can be read, oldest first."""
    for line in _lines(path):
        if holding in line and (entry := parsed(line, good)) is not None:
            yield entry


def survey(path: Path, good: Callable[[Any], bool]) -> tuple[int, int, int]:
    """How many lines cannot be read, how many can, and how many names these have."""
    bad, read, names = 0, 0, set[str]()
    for line in _lines(path):
        entry = parsed(line, good)
        bad, read = bad + (entry is None), read + (entry is not None)
        names.update(entry or ())
    return bad, read, len(names)


def names_read(records: int) -> int:
    """Of how many names the report reads the numbers: MOST_NAMES; FEW_NAMES, if more would be over CELLS numbers."""
    return max(FEW_NAMES, min(MOST_NAMES, CELLS // max(records, 1)))


def keep(path: Path, last: int) -> None:
    """Rewrite a file of records without those after step `last`, or out of order, and without an unfinished last line.

    What else cannot be read stays, and so does every byte of the rest.
    """
    if not path.exists():
        return
    before = -1
    with files.replacing(path) as file:
        for line in _lines(path):
            record = parsed(line, is_record)
            if line.endswith(b"\n") and (record is None or before < record["step"] <= last):
                file.write(line)
                before = before if record is None else record["step"]


class Length(TypedDict):
    """How long a file was, in bytes, and the SHA-256 of that much of it."""

    bytes: int
    sha256: str


def length(path: Path, most: int = sys.maxsize) -> Length:
    """Of a file, or of its first `most` bytes."""
    digest, read = hashlib.sha256(), 0
    if path.exists():
        with path.open("rb") as file:
            while part := file.read(min(LONGEST, most - read)):
                digest.update(part)
                read += len(part)
    return Length(bytes=read, sha256=digest.hexdigest())


def finish(path: Path) -> None:
    """End the last line, which a kill may have cut short, so that nothing is appended to it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return
        file.seek(-1, 2)
        ended = file.read() == b"\n"
    if not ended:
        files.append_text(path, "\n")


def parsed(line: bytes, good: Callable[[Any], bool]) -> Entry | None:
    """The object in a line; None where there is none that is good."""
    if len(line) > LONGEST:
        return None
    try:
        entry = from_json(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and good(entry) else None


def is_record(entry: Entry) -> bool:
    """Whether an object is a record: a step, and numbers or null by name."""
    return is_step(entry.get("step")) and all(value is None or is_number(value) for value in entry.values())


def is_event(entry: Entry) -> bool:
    """Whether an object is an event: what happened, when, and at which step if at one."""
    texts = isinstance(entry.get("event"), str) and isinstance(entry.get("time", ""), str)
    return texts and is_step(entry.get("step", 0))


def is_step(value: object) -> bool:
    """Whether a value is the number of a step."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def is_number(value: object) -> bool:
    """Whether a value is a finite number, and no larger than a float can be."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends; of one that is longer than LONGEST, so much that it shows."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while line := file.readline(LONGEST + 1):
            yield line
            while len(line) > LONGEST and not line.endswith(b"\n"):
                line = file.readline(LONGEST + 1)
