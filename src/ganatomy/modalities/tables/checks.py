"""Whether the schema and the normalisation in two files are of one table: anyone may have written them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ganatomy.errors import UserError, first_line
from ganatomy.modalities.tables.columns import AnyColumn, Category, Continuous, Date, Integer
from ganatomy.modalities.tables.detection import DATES, DECIMALS, EXACT, MOST
from ganatomy.modalities.tables.modes import Modes
from ganatomy.modalities.tables.normal_scores import ColumnScores, NormalScores
from ganatomy.modalities.tables.normalisation import Part
from ganatomy.modalities.tables.table_modality import SCHEMA, TableModality

# The types that `Schema.of` finds; others, such as texts of a fixed length, could take any amount of memory.
TYPE = re.compile(
    r"(u?int|float|U?Int|Float)(8|16|32|64)|bool(ean)?|object|str|string(\[\w+\])?|category"
    r"|datetime64\[(s|ms|us|ns)(, [\w+:/(). -]{1,64})?\]"
)


def check(modality: TableModality, folder: Path) -> None:
    """Raises UserError where a modality, read from a folder, has columns that no table has, or none of its own."""
    columns, normalisation = modality.schema.columns, modality.normalisation
    parts: list[Part | ColumnScores]
    parts = [*(normalisation.scores if isinstance(normalisation, NormalScores) else normalisation.parts)]
    names = [column.name for column in columns]
    if len(set(names)) < len(names) or len(parts) != len(names):
        raise UserError(f"{folder / SCHEMA} and the normalisation beside it are of different columns.")
    for column, part in zip(columns, parts, strict=True):
        if not _is_whole(column):
            raise UserError(f"{folder / SCHEMA}: column {column.name!r} is of no kind that a table has.")
        fits = _fits_scores(column, part) if isinstance(part, ColumnScores) else _fits(column, part)
        if not fits:
            raise UserError(f"{folder / SCHEMA}: column {column.name!r} is not the one that was normalised.")
        try:
            column.cells(np.arange(float(len(column.values) if isinstance(column, Category) else 2)))
        except Exception as error:  # pandas has many kinds of errors
            message = first_line(error)
            raise UserError(f"{folder / SCHEMA}: column {column.name!r} holds other cells ({message}).") from None
    if not any(part.width for part in parts):
        raise UserError(f"{folder / SCHEMA}: all columns are constant, there is nothing to draw.")


def _is_whole(column: AnyColumn) -> bool:
    """Whether a column's bounds, type and the like are such as a table can have."""
    if not TYPE.fullmatch(column.dtype) or not 0 <= column.missing <= 1:
        return False
    match column:
        case Category():
            typed = TYPE.fullmatch(column.level_dtype) and len(set(column.values)) == len(column.values) <= MOST
            return bool(typed) and set(column.values) <= set(column.levels or column.values)
        case Continuous():
            decimals = column.decimals is None or 0 <= column.decimals <= DECIMALS
            return decimals and bool(np.isfinite([column.low, column.high]).all()) and column.low <= column.high
        case Integer() | Date():
            inside = -(2**63) <= column.low <= column.high < 2**64
            known = isinstance(column, Integer) or column.format is None or column.format in DATES
            return inside and known and 0 < column.step < 2**64 and (column.high - column.low) // column.step < EXACT


def _fits(column: AnyColumn, part: Part) -> bool:
    if column.constant:
        only = None if column.missing else column.low if isinstance(column, Continuous) else 0.0
        return not part.width and part.constant == only
    if part.missing != (column.missing > 0) or part.constant is not None:
        return False
    if isinstance(column, Category):
        return part.modes is None and part.choices == len(column.values)
    return part.modes is not None and part.choices == len(part.modes) > 0 and _is_finite(part.modes)


def _is_finite(modes: Modes) -> bool:
    numbers = (modes.weights, modes.means, modes.deviations, modes.reaches)
    if any(len(each) != len(modes) for each in numbers) or not np.isfinite(numbers).all():
        return False
    return bool((np.array(modes.weights) > 0).all() and (np.array(numbers[2:]) > 0).all())


def _fits_scores(column: AnyColumn, scores: ColumnScores) -> bool:
    values, counts = np.array(scores.values), np.array(scores.counts)
    if scores.constant != column.constant or scores.discrete != isinstance(column, Category):
        return False
    if len(values) != len(counts) or not 0 <= scores.missing <= 1 or not np.isfinite(values).all():
        return False
    if scores.missing and not column.missing:
        return False
    if isinstance(column, Category) and not set(scores.values) <= set(range(len(column.values))):
        return False
    if column.constant or scores.missing == 1:
        return len(values) <= 1
    return bool((counts >= 0).all()) and 0 < sum(scores.counts) < EXACT
