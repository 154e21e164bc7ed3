"""What rows are asked for: COLUMN SIGN VALUE, as in "age > 60" or "city = Bonn"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError, short, unknown
from ganatomy.modalities.tables.columns import Category, Continuous, Date, Integer, Numbers
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import MISSING
from ganatomy.system.extras import needed

SIGNS: dict[str, Callable[[Any, Any], Any]] = {  # the longer ones first, which begin like others
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
TERM = re.compile(rf"\s*({'|'.join(SIGNS)})\s*(.*?)\s*")


@dataclass(frozen=True)
class Where:
    """A column, by its place; for which of its numbers [N] the term holds; and the cell that it is, if any."""

    column: int
    holds: Callable[[Numbers], NDArray[np.bool_]]
    cell: str | None = None


def parse(text: str, schema: Schema) -> Where:
    """What "COLUMN SIGN VALUE" asks for; the sign is one of SIGNS; the value `missing` is a missing cell.

    Raises UserError for another form, for a column or a category that does not exist, and for a value of another kind.
    """
    names = [str(column.name) for column in schema.columns]
    found = [(i, match) for i, name in enumerate(names) if (match := _term(text, name))]
    if not found:
        stem = re.split("[<>=!]", text)[0].strip()
        if stem in names or stem == text.strip():
            raise UserError(
                f"--where {short(text, 60)}: write COLUMN SIGN VALUE, as in {names[0]} = 1; signs: {_signs()}."
            )
        raise unknown("column", stem, names)
    place, (sign, value) = max(found, key=lambda each: len(names[each[0]]))
    column = schema.columns[place]
    if value == MISSING:
        if sign not in ("=", "==", "!="):
            raise UserError(f"--where {text}: a missing cell is neither smaller nor larger than others.")
        if not column.missing:
            raise UserError(f"--where {text}: column {names[place]!r} has no missing cells.")
        wanted = sign != "!="
        cell = f"{names[place]}={MISSING}" if wanted and isinstance(column, Category) else None
        return Where(place, lambda numbers: np.isnan(numbers) == wanted, cell)
    compare = SIGNS[sign]
    if isinstance(column, Category):
        return _of_category(text, column, place, sign, value)
    bound = _number(text, column, value)
    # Comparisons with NaN, a missing cell, are false; only != would be true.
    return Where(place, lambda numbers: np.asarray(compare(numbers, bound) & ~np.isnan(numbers), np.bool_))


def _term(text: str, name: str) -> tuple[str, str] | None:
    """The sign and the value behind a column's name, if the text begins with it."""
    match = TERM.fullmatch(text.strip().removeprefix(name)) if text.strip().startswith(name) else None
    return None if match is None else (match[1], match[2].strip("\"'"))


def _signs() -> str:
    return " ".join(SIGNS)


def _of_category(text: str, column: Category, place: int, sign: str, value: str) -> Where:
    if sign in ("=", "==", "!="):
        names = [str(each) for each in column.values]
        if value not in names:
            raise unknown(f"value of column {column.name!r}", value, names)
        number, wanted = names.index(value), sign != "!="
        cell = f"{column.name}={value}" if wanted else None
        return Where(place, lambda numbers: (numbers == number) if wanted else _other(numbers, number), cell)
    if not all(isinstance(each, (int, float)) for each in column.values):
        raise UserError(f"--where {text}: column {str(column.name)!r} holds categories, which have no order: = or !=.")
    bound = _float(text, str(column.name), value)
    allowed = [i for i, each in enumerate(column.values) if SIGNS[sign](float(each), bound)]
    return Where(place, lambda numbers: np.isin(numbers, allowed))


def _other(numbers: Numbers, number: int) -> NDArray[np.bool_]:
    return (numbers != number) & ~np.isnan(numbers)


def _number(text: str, column: Continuous | Integer | Date, value: str) -> float:
    """The value as a number of the column."""
    if isinstance(column, Continuous):
        return _float(text, str(column.name), value)
    if isinstance(column, Integer):
        return (_float(text, str(column.name), value) - column.low) / column.step
    pandas = needed("pandas", "tables", "A table")
    try:
        cell = value if column.format else pandas.Timestamp(value, tz="UTC" if "," in column.dtype else None)
        return float(column.numbers(pandas.Series([cell]))[0])
    except (ValueError, UserError):
        raise UserError(f"--where {text}: column {str(column.name)!r} holds {column.kind_words}.") from None


def _float(text: str, name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UserError(f"--where {text}: column {name!r} holds numbers.") from None
