"""The columns of one table for the rows of another, so that networks that know the one can learn the other."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any

from ganatomy.errors import UserError
from ganatomy.modalities.tables.columns import AnyColumn, Category, Continuous, Date, Integer, since_1970
from ganatomy.modalities.tables.detection import EXACT, column_of, lattice
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import TableModality

if TYPE_CHECKING:
    import pandas as pd


def fitted(modality: TableModality, frame: pd.DataFrame, count: int) -> TableModality:
    """The same columns and features, for another table's rows: bounds hold those too.

    Kinds, categories and types stay. Normal scores are found anew, of the first `count` rows, and modes of numbers stay
    where they are. Raises UserError where the table has other columns, or cells that these columns cannot have.
    """
    schema = widened(modality.schema, frame)
    numbers = schema.numbers(frame)[:count]
    if isinstance(modality.normalisation, NormalScores):
        return TableModality(schema, modality.normalisation.fitted(numbers))
    moves = [_move(before, now) for before, now in zip(modality.schema.columns, schema.columns, strict=True)]
    return TableModality(schema, modality.normalisation.fitted(numbers, moves))


def widened(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The same columns, with bounds that hold a table's cells too.

    Raises UserError where the table has other columns, or cells that these columns cannot have.
    """
    schema.numbers(frame)  # which refuses what is not of these columns
    columns = []
    for column in schema.columns:
        now = _widened(column, frame[column.name])
        if column.constant and not now.constant:
            raise UserError(f"Column {column.name!r} is not constant here, and was in the table that was learnt from.")
        columns.append(now)
    return Schema(columns=tuple(columns), rows=len(frame))


def _widened(column: AnyColumn, cells: pd.Series) -> AnyColumn:
    there = cells.dropna()
    changes: dict[str, Any] = {"missing": 1 - len(there) / len(cells) or column.missing}
    if len(there) and isinstance(column, Continuous):
        own = column_of(there, "continuous")
        assert isinstance(own, Continuous), "its kind was given"
        places = None if None in (column.decimals, own.decimals) else max(column.decimals or 0, own.decimals or 0)
        changes |= {"low": min(column.low, own.low), "high": max(column.high, own.high), "decimals": places}
    elif len(there) and isinstance(column, Integer):
        whole = column_of(there, "integer")
        assert isinstance(whole, Integer), "its kind was given"
        changes |= _common(column, whole.low, whole.high, whole.step)
    elif len(there) and isinstance(column, Date):
        changes |= _common(column, **lattice(since_1970(there, column.unit, column.format), column.name))
    return column.model_copy(update=changes)


def _common(column: Integer | Date, low: int, high: int, step: int) -> dict[str, int]:
    """low, high and step that hold the whole numbers of a column and others."""
    steps = [each for each, wide in ((column.step, column.low < column.high), (step, low < high)) if wide]
    found = {"low": min(column.low, low), "high": max(column.high, high), "step": gcd(*steps, low - column.low) or 1}
    if (found["high"] - found["low"]) // found["step"] >= EXACT:
        raise UserError(f"Column {column.name!r} reaches too far from the table that was learnt from: leave it out.")
    return found


def _move(before: AnyColumn, now: AnyColumn) -> tuple[float, float]:
    """Scale and shift by which a column's numbers become those of the same column with other bounds."""
    if isinstance(before, Category | Continuous) or isinstance(now, Category | Continuous):
        return 1.0, 0.0
    return before.step / now.step, (before.low - now.low) / now.step
