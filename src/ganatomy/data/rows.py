"""The rows of a table's file, ready for training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from ganatomy.errors import UserError
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.files import read
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import TableModality


@dataclass(frozen=True)
class Rows:
    """A table that is trained on.

    numbers      float64 [N, D], NaN where a cell is missing
    modality     its columns, and how they are normalised
    fingerprint  the same for the same rows, whatever file they are in
    source       the path that was given
    """

    numbers: Numbers
    modality: TableModality
    fingerprint: str
    source: str

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def classes(self) -> list[str]:
        """The names of the cells that a generator can be asked for."""
        return self.modality.cells

    @property
    def values(self) -> None:
        """Numbers are as the file has them."""

    @property
    def stored(self) -> Numbers:
        """The numbers."""
        return self.numbers


def prepare_rows(path: str, first: int | None = None, leave_out: tuple[str, ...] = ()) -> tuple[Rows, Rows | None]:
    """The rows of a table's file to train on, and those that are not trained on, where there are any.

    first: train on the first rows of the file only; leave_out: columns. The columns are those of the whole table, so
    that every row has a place in them; how they are normalised follows from the rows to train on. Raises UserError for
    what is no table, for columns that cannot be learnt, and where all columns are constant.
    """
    frame = read(path, leave_out)
    schema = Schema.of(frame)
    numbers = schema.numbers(frame)
    if all(column.constant for column in schema.columns):
        raise UserError(f"{path}: all columns are constant, there is nothing to learn.")
    count = len(numbers) if first is None else min(first, len(numbers))
    modality = TableModality(schema, Normalisation.of(schema, numbers[:count]))
    rows = Rows(numbers[:count], modality, fingerprint(schema, numbers[:count]), path)
    rest = replace(rows, numbers=numbers[count:], fingerprint=fingerprint(schema, numbers[count:]))
    return rows, rest if len(rest) else None


def fingerprint(schema: Schema, numbers: Numbers) -> str:
    """The same for the same rows, numbers [N, D], of the same columns."""
    digest = hashlib.sha256(schema.model_dump_json(exclude={"rows", "notes"}).encode())
    digest.update(numbers.tobytes())
    return digest.hexdigest()
