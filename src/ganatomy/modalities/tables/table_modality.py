"""Rows of a table as a modality: numbers [N, D] are stored, networks see features [B, W]."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from ganatomy.errors import UserError
from ganatomy.modalities.images import save_png
from ganatomy.modalities.modality import Modality
from ganatomy.modalities.tables import picture
from ganatomy.modalities.tables.columns import Category, Numbers
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema
from ganatomy.networks.row_shape import RowShape
from ganatomy.system.files import write_text

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

PREVIEWED = 1000  # rows
SCHEMA, NORMALISATION = "schema.json", "normalisation.json"  # in a run's folder
MISSING = "missing"  # how a missing cell is called among the values of a category
LARGEST = 2**27  # bytes of each of these files: enough for 500 columns of numbers
Part = TypeVar("Part")


@dataclass(frozen=True)
class TableModality(Modality):
    """Rows of one table.

    A *cell* is a value of a column of categories, or that it is missing; a generator may be asked for one of them. They
    are numbered column by column, in the order of their features.
    """

    schema: Schema
    normalisation: Normalisation | NormalScores

    @property
    def shape(self) -> RowShape:
        """(W,), the features of a row, and the blocks that they make up."""
        return RowShape(self.normalisation.blocks)

    @property
    def previewed(self) -> int:
        """Rows whose histograms a preview shows."""
        return PREVIEWED

    def stored(self, outputs: Tensor) -> Numbers:
        """Features [N, W] → numbers float64 [N, D], as cells have them: see `Normalisation.numbers`."""
        return self.normalisation.numbers(outputs.detach().float().cpu().numpy())

    def preview(self, path: Path, stored: Numbers) -> None:
        """Write a histogram of each column of numbers [N, D]."""
        save_png(path, picture.histograms(self.schema, stored))

    def frame(self, stored: Numbers) -> pd.DataFrame:
        """The table of numbers [N, D]."""
        return self.schema.frame(stored)

    @property
    def cells(self) -> list[str]:
        """The names of all cells, COLUMN=VALUE."""
        return [f"{column.name}={value}" for _, column, values in self._categories() for value in values]

    @property
    def cells_by_column(self) -> list[int]:
        """How many cells each column of categories has."""
        return [len(values) for _, _, values in self._categories()]

    def choices(self, numbers: Numbers) -> list[NDArray[np.int64]]:
        """Of each column of categories, which of its cells the rows [N, D] have, counted from 0, [N]."""
        return [
            np.where(np.isnan(numbers[:, i]), len(column.values), numbers[:, i]).astype(np.int64)
            for i, column, _ in self._categories()
        ]

    def counts(self, numbers: Numbers) -> list[int]:
        """How many of the rows [N, D] have each of the cells."""
        columns = zip(self._categories(), self.choices(numbers), strict=True)
        return [int(n) for (_, _, values), chosen in columns for n in np.bincount(chosen, minlength=len(values))]

    def write(self, folder: Path) -> None:
        """Write schema.json and normalisation.json into a folder, from which `read` makes the same modality."""
        write_text(folder / SCHEMA, self.schema.model_dump_json(indent=2) + "\n")
        write_text(folder / NORMALISATION, self.normalisation.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> TableModality:
        """What `write` left. Raises UserError where that is not there or not whole."""
        return cls(_read(folder / SCHEMA, _SCHEMAS), _read(folder / NORMALISATION, _NORMALISATIONS))

    def _categories(self) -> list[tuple[int, Category, list[str]]]:
        """Columns of categories that are not constant: their places, and what their cells are called."""
        return [
            (i, column, [*map(str, column.values), *[MISSING] * (column.missing > 0)])
            for i, column in enumerate(self.schema.columns)
            if isinstance(column, Category) and not column.constant
        ]


def _read(path: Path, kind: TypeAdapter[Part]) -> Part:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} is larger than the {LARGEST:,} bytes that a table's columns may take.")
        return kind.validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        raise UserError(f"{path} is damaged: {error.errors()[0]['msg']}.") from None


_SCHEMAS = TypeAdapter(Schema)
_NORMALISATIONS: TypeAdapter[Normalisation | NormalScores] = TypeAdapter(Normalisation | NormalScores)
