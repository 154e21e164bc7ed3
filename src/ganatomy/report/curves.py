"""Records as columns of numbers, and curves of few points that keep every spike."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from ganatomy.runs.lines import CELLS, FEW_NAMES, MOST_NAMES, names_read

Column = NDArray[np.float64]
Columns = dict[str, Column]

CHUNK = 10_000


def read(path: Path) -> Columns:
    """metrics.jsonl as one array a name, [records], NaN where a record has null or no such name; {} without records.

    A million records would fill gigabytes as dictionaries, so they are read a chunk at a time. Of many names only
    the first are read, see `names_read`: somebody's file must not fill the memory.
    """
    chunks: list[Columns] = []
    cells = 0  # numbers
    if path.exists():
        with path.open("rb") as file:
            while lines := list(islice(file, CHUNK)):
                chunks.append(columns_of(lines, MOST_NAMES if cells < CELLS else FEW_NAMES))
                cells += sum(map(len, chunks[-1].values()))
    return joined(chunks)


def columns_of(lines: Iterable[bytes], most: int = MOST_NAMES) -> Columns:
    """Lines of metrics.jsonl as columns [records], of the first names; lines that are not records are left out."""
    records = list(_parsed(lines))
    return {name: _column(records, name) for name in _names(records, most)}


def joined(parts: Iterable[Columns]) -> Columns:
    """Columns [records] one after the other, of the first names; NaN where a part has no such name."""
    whole = [part for part in parts if part]
    records = sum(len(part["step"]) for part in whole)
    return {name: np.concatenate([_of(part, name) for part in whole]) for name in _names(whole, names_read(records))}


def thin(steps: Column, values: Column, points: int = 2000) -> tuple[Column, Column]:
    """At most `points` of a curve of N points, steps [N] and values [N]: the extremes of every bucket, and both ends.

    A bucket of NaN alone stays NaN: a gap.
    """
    count, buckets = len(values), points // 2 - 1
    if count <= points:
        return steps, values
    width = -(-count // buckets)
    padded = np.full(-(-count // width) * width, np.nan)
    padded[:count] = values
    rows = padded.reshape(-1, width)
    starts = np.arange(len(rows)) * width
    least = starts + np.where(np.isnan(rows), np.inf, rows).argmin(1)
    greatest = starts + np.where(np.isnan(rows), -np.inf, rows).argmax(1)
    kept = np.unique(np.concatenate([[0], least, greatest, [count - 1]]))
    return steps[kept], values[kept]


def _parsed(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = from_json(line)
        except ValueError:  # the last line, cut short by a kill
            continue
        if isinstance(record, dict) and _is_number(record.get("step")):
            yield record


def _names(rows: Iterable[dict[str, Any]], most: int) -> list[str]:
    """The step, and the first other names, in order of their appearance."""
    return list(islice(dict.fromkeys(["step", *(name for row in rows for name in row)]), most)) if rows else []


def _column(records: list[dict[str, Any]], name: str) -> Column:
    values = [record.get(name) for record in records]
    try:
        column = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        column = np.empty((0, 0))
    if column.ndim == 1:
        return column
    return np.array([value if _is_number(value) else None for value in values], np.float64)  # not written by a training


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) < 1e300


def _of(part: Columns, name: str) -> Column:
    return part.get(name, np.full(len(part["step"]), np.nan))
