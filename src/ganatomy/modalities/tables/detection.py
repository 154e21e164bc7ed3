"""Which kind of column cells are."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from ganatomy.errors import UserError, unknown
from ganatomy.modalities.tables.columns import AnyColumn, Category, Continuous, Date, Integer, since_1970
from ganatomy.system.extras import needed

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal["category", "continuous", "integer", "date"]

FEW = 20  # numbers of at most so many values are categories, where each comes twice on average
MOST = 10_000  # categories
DECIMALS = 9  # with more, numbers are taken as they are
EXACT = 2**53  # whole numbers below are exact in float64
DATES = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
)
LIKE_A_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def column_of(cells: pd.Series, kind: Kind | None = None) -> AnyColumn:
    """The column of cells; kind: what it is to be, None: what it looks like.

    Booleans, text and few numbers are categories; whole numbers are integers, whatever their type; text in one of
    DATES is dates. Raises UserError for cells that are none of these, or not of the given kind.
    """
    pandas = needed("pandas", "tables", "A table")
    types = pandas.api.types
    if kind is not None and kind not in get_args(Kind):
        raise unknown("kind of column", kind, get_args(Kind))
    there, dtype = cells.dropna(), cells.dtype
    known: dict[str, Any] = {"name": cells.name, "dtype": str(dtype), "missing": 1 - len(there) / len(cells)}
    if isinstance(dtype, pandas.ArrowDtype):
        raise UserError(f"Column {cells.name!r} is of the type {dtype}: convert_dtypes() makes it one of pandas' own.")
    if there.empty:
        return Category(**known, values=())
    if isinstance(dtype, pandas.CategoricalDtype):
        _check_kind(kind, "category", cells)
        return _categorical(there, known)
    if types.is_bool_dtype(dtype):
        _check_kind(kind, "category", cells)
        return _category(there, known)
    if types.is_datetime64_any_dtype(dtype):
        _check_kind(kind, "date", cells)
        return _date(there, known, there.dt.unit)
    if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
        return _number(there, known, kind)
    if types.is_string_dtype(dtype) or types.is_object_dtype(dtype):
        return _text(there, known, kind)
    raise UserError(f"Column {cells.name!r} holds {dtype} cells: make them numbers, text or dates, or leave it out.")


def _check_kind(kind: Kind | None, possible: Kind, cells: pd.Series) -> None:
    if kind not in (None, possible):
        raise UserError(f"Column {cells.name!r} holds {cells.dtype} cells: its kind can be {possible}, not {kind}.")


def _categorical(there: pd.Series, known: dict[str, Any]) -> Category:
    levels = there.cat.categories
    values = levels.tolist()
    if not all(isinstance(value, (str, bool, int, float)) for value in values):
        raise UserError(f"Column {known['name']!r} has categories of type {levels.dtype}: make them text or numbers.")
    present = set(there.cat.codes.unique().tolist())
    chosen = tuple(value for i, value in enumerate(values) if i in present)
    return Category(
        **known, values=chosen, levels=tuple(values), level_dtype=str(levels.dtype), ordered=bool(there.cat.ordered)
    )


def _category(there: pd.Series, known: dict[str, Any]) -> Category:
    values = there.astype(object).unique().tolist()
    if len(values) > MOST:
        raise UserError(
            f"Column {known['name']!r} has {len(values):,} different values, more than the {MOST:,} categories that "
            f"can be learnt: leave it out."
        )
    return Category(**known, values=tuple(sorted(values)))


def _number(there: pd.Series, known: dict[str, Any], kind: Kind | None) -> AnyColumn:
    if kind == "date":
        raise UserError(f"Column {known['name']!r} holds numbers, not dates.")
    whole_type = there.dtype.kind in "iu"
    values = there.to_numpy(np.float64)
    if not np.isfinite(values).all():
        raise UserError(f"Column {known['name']!r} holds infinite numbers: mend them or leave the column out.")
    whole = whole_type or bool((values == np.rint(values)).all() and np.abs(values).max() < EXACT)
    distinct = there.nunique()
    few = distinct <= FEW and 2 * distinct <= len(there)
    kind = kind or ("category" if few else "integer" if whole else "continuous")
    if kind == "category":
        return _category(there, known)
    if kind == "integer":
        if not whole:
            raise UserError(f"Column {known['name']!r} holds numbers that are not whole: they can be continuous.")
        unsigned = there.dtype.kind == "u"
        return Integer(**known, **lattice(there.to_numpy(np.uint64 if unsigned else np.int64), known["name"]))
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        raise UserError(f"Column {known['name']!r} reaches from {low:g} to {high:g}, which is too far: scale it.")
    return Continuous(**known, low=low, high=high, decimals=_decimals(values, there))


def _decimals(values: np.ndarray, there: pd.Series) -> int | None:
    """The fewest decimals that all numbers have in common, in their own type."""
    own = there.to_numpy(np.float32 if str(there.dtype).lower() == "float32" else there.dtype.name.lower())
    return next((n for n in range(DECIMALS + 1) if (values.round(n).astype(own.dtype) == own).all()), None)


def lattice(whole: np.ndarray, name: str | int) -> dict[str, int]:
    """low, high and step of whole numbers, int64 or uint64 [N]. Raises UserError where they are too many."""
    low, high = int(whole.min()), int(whole.max())
    with np.errstate(over="ignore"):
        step = int(np.gcd.reduce(whole.astype(np.uint64) - np.uint64(low % 2**64))) or 1
    if (high - low) // step >= EXACT:
        raise UserError(
            f"Column {name!r} reaches from {low} to {high} in steps too fine to tell apart: make it text, round it or "
            "leave it out."
        )
    return {"low": low, "high": high, "step": step}


def _date(there: pd.Series, known: dict[str, Any], unit: str, format: str | None = None) -> Date:
    ends = lattice(since_1970(there, unit, format), known["name"])
    return Date(**known, unit=unit, format=format, **ends)  # type: ignore[arg-type]


def _text(there: pd.Series, known: dict[str, Any], kind: Kind | None) -> AnyColumn:
    types = set(map(type, there))
    if types == {datetime.date}:
        _check_kind(kind, "date", there)
        return _date(there, known, "us")
    if types == {bool}:
        _check_kind(kind, "category", there)
        return _category(there, known)
    if types != {str}:
        names = " and ".join(sorted(each.__name__ for each in types))
        raise UserError(f"Column {known['name']!r} holds {names} objects: make them numbers, text or dates.")
    if kind in ("continuous", "integer"):
        raise UserError(f"Column {known['name']!r} holds text, such as {there.iloc[0]!r}, not numbers.")
    format = None if kind == "category" else _date_format(there)
    if format is not None:
        return _date(there, known, "us", format)
    if kind == "date":
        raise UserError(
            f"Column {known['name']!r} holds text that is no date in any of the formats {', '.join(DATES)}."
        )
    return _category(there, known)


def _date_format(there: pd.Series) -> str | None:
    """The one of DATES that gives back every text."""
    pandas = needed("pandas", "tables", "A table")
    if not LIKE_A_DATE.match(there.iloc[0]):
        return None
    for format in DATES:
        times = pandas.to_datetime(there, format=format, errors="coerce")
        if times.notna().all() and (times.dt.strftime(format) == there).all():
            return format
    return None
