"""The rows of a table's file, ready for training."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ganatomy.errors import UserError, first_line
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.files import read, write
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import TableModality
from ganatomy.system.extras import needed
from ganatomy.system.files import cache_folder

if TYPE_CHECKING:
    import pandas as pd


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


# (the whole table, its schema, numbers [N, D] of the rows to train on) → how these are seen
Describe: TypeAlias = "Callable[[pd.DataFrame, Schema, Numbers], TableModality]"


def by_modes(frame: pd.DataFrame, schema: Schema, numbers: Numbers) -> TableModality:
    """A table seen by the modes of its numbers [N, D]."""
    return TableModality(schema, Normalisation.of(schema, numbers))


def by_normal_scores(frame: pd.DataFrame, schema: Schema, numbers: Numbers) -> TableModality:
    """A table seen by normal scores of its numbers [N, D]."""
    return TableModality(schema, NormalScores.of(schema, numbers))


def prepare_rows(
    path: str, first: int | None = None, leave_out: tuple[str, ...] = (), describe: Describe = by_modes
) -> tuple[Rows, Rows | None]:
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
    digests = [fingerprint(schema, part) for part in (numbers[:count], numbers[count:])]
    modality = describe(frame, schema, numbers[:count])
    if modality.schema is not schema:
        numbers = modality.schema.numbers(frame)
    rows, rest = (
        Rows(part, modality, digest, path)
        for part, digest in zip((numbers[:count], numbers[count:]), digests, strict=True)
    )
    return rows, rest if len(rest) else None


def keep(frame: pd.DataFrame) -> Path:
    """Put a table in memory into the cache, as a Parquet file; its path, the same for the same table.

    Raises UserError where it cannot be written as one.
    """
    pandas = needed("pandas", "tables", "A table")
    digest = hashlib.sha256(repr([*zip(frame.columns, frame.dtypes, strict=True)]).encode())
    digest.update(pandas.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    path = cache_folder() / "tables" / f"{digest.hexdigest()[:32]}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(path, frame)
        except (ValueError, TypeError) as error:
            raise UserError(f"The table cannot be kept as a Parquet file: {first_line(error)}.") from None
    return path


def fingerprint(schema: Schema, numbers: Numbers) -> str:
    """The same for the same rows, numbers [N, D], of the same columns."""
    digest = hashlib.sha256(schema.model_dump_json(exclude={"rows", "notes"}).encode())
    digest.update(numbers.tobytes())
    return digest.hexdigest()
