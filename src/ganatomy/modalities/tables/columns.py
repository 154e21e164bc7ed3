"""Kinds of columns: each turns cells into numbers and back, exactly, with their type, bounds and decimals.

Numbers are float64 [N], NaN where a cell is missing.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ganatomy.errors import UserError, short
from ganatomy.system.extras import needed
from ganatomy.system.options import Options

if TYPE_CHECKING:
    import pandas as pd

Numbers: TypeAlias = NDArray[np.float64]
Value: TypeAlias = str | bool | int | float


class Column(Options):
    """A column of a table.

    name     as the table has it: a text, or a whole number
    dtype    as pandas calls it: int64, Float32, str, datetime64[ns, UTC], …
    missing  the share of cells that are missing, 0 to 1
    """

    name: str | int
    dtype: str
    missing: float = 0.0

    def numbers(self, cells: pd.Series) -> Numbers:
        """The numbers of cells, [N].

        Raises UserError for cells of another kind, for unseen categories, and for missing ones where none was missing.
        """
        there = cells.notna().to_numpy()
        if not there.all() and not self.missing:
            raise UserError(f"Column {self.name!r} has missing values, and had none in the table that was learnt from.")
        numbers = np.full(len(cells), np.nan)
        try:
            numbers[there] = self._numbers(cells[there])
        except (TypeError, ValueError, AttributeError):
            raise UserError(f"Column {self.name!r} holds {cells.dtype} cells that are not {self.kind_words}.") from None
        return numbers

    def cells(self, numbers: Numbers) -> pd.Series:
        """The cells of numbers [N], of the column's type, rounded and kept within its bounds."""
        pandas = needed("pandas", "tables", "A table")
        there = np.flatnonzero(~np.isnan(numbers))
        cells = self._cells(numbers[there])
        cells.index = there
        return cells.reindex(pandas.RangeIndex(len(numbers))).rename(self.name)

    @property
    @abstractmethod
    def constant(self) -> bool:
        """Whether all cells are alike."""

    @property
    @abstractmethod
    def kind_words(self) -> str:
        """What its cells are, in the plural."""

    @abstractmethod
    def describe(self) -> str:
        """What is known of its cells, for a person."""

    @abstractmethod
    def _numbers(self, cells: pd.Series) -> Numbers:
        """`numbers` of cells of which none is missing."""

    @abstractmethod
    def _cells(self, numbers: Numbers) -> pd.Series:
        """`cells` of numbers of which none is NaN."""


class Category(Column):
    """One of a few values; its number is its place among them.

    values   in the order of their numbers; none where all cells are missing
    levels   all categories of a pandas column of that type, and the type that they have; None of other types
    ordered  whether they are ordered there
    """

    kind: Literal["category"] = "category"
    values: tuple[Value, ...]
    levels: tuple[Value, ...] | None = None
    level_dtype: str = "object"
    ordered: bool = False

    @property
    def constant(self) -> bool:
        """Whether there is one value, or nothing but missing cells."""
        return len(self.values) + (self.missing > 0) <= 1

    @property
    def kind_words(self) -> str:
        """categories"""
        return "categories"

    def describe(self) -> str:
        """Its first values and their count."""
        shown = ", ".join(short(str(value), 20) for value in self.values[:5])
        return f"{len(self.values):,}: {shown}{', …' if len(self.values) > 5 else ''}" if self.values else "none"

    def _numbers(self, cells: pd.Series) -> Numbers:
        pandas = needed("pandas", "tables", "A table")
        found = pandas.Index(self.values, dtype=object).get_indexer(pandas.Index(cells.astype(object), dtype=object))
        unseen = np.flatnonzero(found < 0)
        if len(unseen):
            value = short(str(cells.iloc[unseen[0]]), 40)
            raise UserError(f"Column {self.name!r} has the unseen category {value!r}, which was not learnt from.")
        return found.astype(np.float64)

    def _cells(self, numbers: Numbers) -> pd.Series:
        pandas = needed("pandas", "tables", "A table")
        values = np.empty(len(self.values), object)
        values[:] = self.values
        chosen = values[numbers.astype(np.int64)]
        if self.levels is None:
            return pandas.Series(chosen, dtype=self.dtype)
        kind = pandas.CategoricalDtype(pandas.Index(self.levels, dtype=self.level_dtype), self.ordered)
        return pandas.Series(chosen, dtype=kind)


class Continuous(Column):
    """A number, which is its own number.

    low, high  the smallest and the largest one
    decimals   how many of them any cell has; None: so many that nothing is rounded
    """

    kind: Literal["continuous"] = "continuous"
    low: float
    high: float
    decimals: int | None = None

    @property
    def constant(self) -> bool:
        """Whether there is one number, in all cells."""
        return self.low == self.high and not self.missing

    @property
    def kind_words(self) -> str:
        """numbers"""
        return "numbers"

    def describe(self) -> str:
        """Its range and decimals."""
        places = "" if self.decimals is None else f", {self.decimals} decimal{'' if self.decimals == 1 else 's'}"
        low, high = (
            f"{x:,.10g}" if self.decimals is None else f"{x:,.{self.decimals}f}" for x in (self.low, self.high)
        )
        return f"{low} to {high}{places}"

    def _numbers(self, cells: pd.Series) -> Numbers:
        return cells.to_numpy(np.float64)

    def _cells(self, numbers: Numbers) -> pd.Series:
        pandas = needed("pandas", "tables", "A table")
        bounded = numbers.clip(self.low, self.high)
        return pandas.Series(bounded if self.decimals is None else bounded.round(self.decimals)).astype(self.dtype)


class _Lattice(Column):
    """Whole numbers of equal distances: x = low + step · n, of which n is the number.

    low, high  the smallest and the largest x
    step       their greatest common distance
    """

    low: int
    high: int
    step: int

    @property
    def constant(self) -> bool:
        """Whether there is one x, in all cells."""
        return self.low == self.high and not self.missing

    def _steps(self, whole: NDArray[Any]) -> Numbers:
        """n of x, int64 or uint64 [N]; x between the steps have a fraction."""
        # Differences modulo 2⁶⁴ are exact wherever they are smaller, for x of either type.
        with np.errstate(over="ignore"):
            beyond = whole.astype(np.uint64) - np.uint64(self.low % 2**64)
        steps = (beyond // np.uint64(self.step)).astype(np.float64)
        steps += (beyond % np.uint64(self.step)).astype(np.float64) / self.step
        below = whole < self.low
        steps[below] = -((~beyond[below] + np.uint64(1)).astype(np.float64)) / self.step
        return steps

    def _whole(self, numbers: Numbers) -> NDArray[np.uint64]:
        """x of n, modulo 2⁶⁴."""
        n = np.rint(numbers).clip(0, (self.high - self.low) // self.step).astype(np.uint64)
        with np.errstate(over="ignore"):
            return np.uint64(self.low % 2**64) + n * np.uint64(self.step)


class Integer(_Lattice):
    """A whole number, of any type that holds it."""

    kind: Literal["integer"] = "integer"

    @property
    def kind_words(self) -> str:
        """whole numbers"""
        return "whole numbers"

    def describe(self) -> str:
        """Its range and step."""
        return f"{self.low:,} to {self.high:,}" + (f", in steps of {self.step:,}" if self.step > 1 else "")

    def _numbers(self, cells: pd.Series) -> Numbers:
        pandas = needed("pandas", "tables", "A table")
        if pandas.api.types.is_float_dtype(cells.dtype):
            values = cells.to_numpy(np.float64)
            if (values != np.rint(values)).any() or (np.abs(values) > 2**53).any():  # between steps, or far from them
                return (values - self.low) / self.step
            return self._steps(values.astype(np.int64))
        kind = np.uint64 if pandas.api.types.is_unsigned_integer_dtype(cells.dtype) else np.int64
        return self._steps(cells.to_numpy(kind))

    def _cells(self, numbers: Numbers) -> pd.Series:
        pandas = needed("pandas", "tables", "A table")
        whole = self._whole(numbers)
        return pandas.Series(whole if self.high >= 2**63 else whole.view(np.int64)).astype(self.dtype)


class Date(_Lattice):
    """A day or a time; low, high and step count `unit` since 1970.

    unit    s, ms, us or ns
    format  of dates that are text, as `strftime` has it; None of others
    """

    kind: Literal["date"] = "date"
    unit: Literal["s", "ms", "us", "ns"] = "us"
    format: str | None = None

    @property
    def kind_words(self) -> str:
        """dates"""
        return f"dates like {self.format}" if self.format else "dates"

    def describe(self) -> str:
        """Its range, and how a text was read."""
        units = ("D", "s", "ms", "us", "ns")  # the coarsest one that loses nothing
        ends = [np.datetime64(time, self.unit) for time in (self.low, self.high)]
        coarsest = next(unit for unit in units if all(end.astype(f"datetime64[{unit}]") == end for end in ends))
        first, last = (str(end.astype(f"datetime64[{coarsest}]")).replace("T", " ") for end in ends)
        zone = " UTC" if "," in self.dtype else ""
        return f"{first} to {last}{zone}" + (f", read as {self.format}" if self.format else "")

    def _numbers(self, cells: pd.Series) -> Numbers:
        return self._steps(since_1970(cells, self.unit, self.format))

    def _cells(self, numbers: Numbers) -> pd.Series:
        pandas = needed("pandas", "tables", "A table")
        times = pandas.Series(self._whole(numbers).view(np.int64).view(f"datetime64[{self.unit}]"))
        if self.format is not None:
            return times.dt.strftime(self.format).astype(self.dtype)
        if self.dtype == "object":
            return times.dt.date
        kind = pandas.api.types.pandas_dtype(self.dtype)
        zone = getattr(kind, "tz", None)
        return times if zone is None else times.dt.tz_localize("UTC").dt.tz_convert(zone).astype(kind)


AnyColumn = Annotated[Category | Continuous | Integer | Date, Field(discriminator="kind")]


def since_1970(cells: pd.Series, unit: str, format: str | None) -> NDArray[np.int64]:
    """Times as whole numbers of `unit`, [N], of cells of which none is missing.

    format: of text. Raises ValueError for other text.
    """
    pandas = needed("pandas", "tables", "A table")
    if format is not None:
        cells = pandas.to_datetime(cells, format=format)
    elif cells.dtype == object:
        cells = pandas.to_datetime(cells)
    if cells.dt.tz is not None:
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    return cells.to_numpy(f"datetime64[{unit}]").astype(np.int64)
