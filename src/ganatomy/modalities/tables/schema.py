"""The columns of a table: cells ↔ numbers, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.errors import UserError, unknown
from ganatomy.modalities.tables.columns import AnyColumn, Category, Integer, Numbers
from ganatomy.modalities.tables.detection import Kind, column_of
from ganatomy.system.extras import needed
from ganatomy.system.options import Options

if TYPE_CHECKING:
    import pandas as pd

OWN = 0.9  # of a column that has a value of its own in nearly every row, the share of rows that do


class Schema(Options):
    """The columns of a table, in their order; in JSON by `model_dump_json` and `model_validate_json`.

    rows   how many they were found in
    notes  sentences on columns that a generator had better not learn
    """

    columns: tuple[AnyColumn, ...]
    rows: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> Schema:
        """The columns of a table; kinds: what some are to be, by their names, where they look otherwise.

        The index is no column. Raises UserError for what is no table, and for columns that cannot be learnt.
        """
        _check(frame)
        kinds = dict(kinds or {})
        for name in kinds:
            if name not in frame.columns:
                raise unknown("column", str(name), map(str, frame.columns))
        columns = tuple(column_of(frame[name], kinds.get(name)) for name in frame.columns)
        notes = [note for column in columns if (note := _note(column, frame[column.name], len(frame)))]
        numbered = needed("pandas", "tables", "A table").RangeIndex
        if not (isinstance(frame.index, numbered) or frame.index.equals(numbered(len(frame)))):
            notes.append("The index is no column and is left out: reset_index() makes it one.")
        return cls(columns=columns, rows=len(frame), notes=tuple(notes))

    def numbers(self, frame: pd.DataFrame) -> Numbers:
        """The numbers of a table with these columns, float64 [N, D], NaN where a cell is missing.

        Raises UserError where its columns are others, and for cells that these columns cannot have.
        """
        ours = [column.name for column in self.columns]
        for which, names in (
            ("lacks", [name for name in ours if name not in frame.columns]),
            ("has an unknown", [name for name in frame.columns if name not in ours]),
        ):
            if names:
                raise UserError(
                    f"The table {which} column {names[0]!r}; its columns must be the {len(ours)} known ones."
                )
        return np.stack([column.numbers(frame[column.name]) for column in self.columns], axis=1)

    def frame(self, numbers: Numbers) -> pd.DataFrame:
        """The table of numbers [N, D]: types, bounds, decimals and order as they were; the index counts its rows."""
        pandas = needed("pandas", "tables", "A table")
        cells = [column.cells(numbers[:, i]) for i, column in enumerate(self.columns)]
        return pandas.concat(cells, axis=1)

    def __str__(self) -> str:
        """A line a column: name, kind, what is known of it, and how much is missing."""
        rows = [
            (
                str(column.name),
                "constant" if column.constant else column.kind,
                column.describe() + (f"; {column.missing:.1%} missing" if column.missing else ""),
            )
            for column in self.columns
        ]
        width = min(max(len(name) for name, _, _ in rows), 30)
        lines = [f"{self.rows:,} rows, {len(rows):,} column{'' if len(rows) == 1 else 's'}"]
        lines += [f"  {name:<{width}}  {kind:<10}  {known}" for name, kind, known in rows]
        if self.notes:
            lines += ["", "What to know", *(f"  • {note}" for note in self.notes)]
        return "\n".join(lines)


def _check(frame: pd.DataFrame) -> None:
    """Raises UserError for what is no table that can be learnt from."""
    names = frame.columns
    if names.nlevels > 1 or not all(isinstance(name, (str, int)) for name in names):
        raise UserError("Columns must be called by a text or a whole number each.")
    if twice := names[names.duplicated()].tolist():
        raise UserError(f"Two columns are called {twice[0]!r}: rename one of them.")
    if not len(names):
        raise UserError("The table has no columns.")
    if len(frame) < 2:
        raise UserError(f"The table has {len(frame)} row{'' if len(frame) == 1 else 's'}; at least two are needed.")


def _note(column: AnyColumn, cells: pd.Series, rows: int) -> str | None:
    """A sentence on a column of identifiers, whose values a generator would copy or invent."""
    if isinstance(column, Category) and isinstance(next(iter(column.values), None), str) and rows >= 20:
        if len(column.values) > OWN * rows:
            return f"Column {column.name!r} has another text in nearly every row, to be copied: better leave it out."
    elif isinstance(column, Integer) and (column.high - column.low) // column.step + 1 == rows and cells.is_unique:
        return f"Column {column.name!r} numbers the rows: better leave it out."
    return None
