"""Numbers ↔ features, what networks see of a table: mode-specific normalisation, Xu et al. 2019 (arXiv:1907.00503).

Each column has a one-hot choice: among its categories or modes, and one more where cells are missing. A column of
numbers has before it a scalar, in [−1, 1], the place within the mode; 0 where the cell is missing. A constant column
has no features.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.modalities.tables.columns import Category, Numbers
from ganatomy.modalities.tables.modes import Modes
from ganatomy.modalities.tables.schema import Schema
from ganatomy.networks.row_shape import ColumnBlock
from ganatomy.system.options import Options


class Part(Options):
    """How one column is normalised.

    modes     of its numbers; None of categories and constants
    choices   how many categories or modes
    missing   whether one more choice stands for a missing cell
    constant  the number in every cell of a constant column; None: all are missing, or it is not constant
    """

    modes: Modes | None = None
    choices: int = 0
    missing: bool = False
    constant: float | None = None

    @property
    def scalars(self) -> int:
        """Its scalars: 1, or 0 of categories."""
        return int(self.modes is not None)

    @property
    def width(self) -> int:
        """Its features."""
        return self.scalars + self.choices + self.missing


class Span(NamedTuple):
    """Where the features of a column are: `scalar`, of one or none, then `choice`."""

    scalar: slice
    choice: slice


class Normalisation(Options):
    """How a table's columns are normalised, in their order; in JSON as `Schema` is."""

    parts: tuple[Part, ...]

    @classmethod
    def of(cls, schema: Schema, numbers: Numbers) -> Normalisation:
        """Found for a table's numbers, [N, D]."""
        parts = []
        for column, values in zip(schema.columns, numbers.T, strict=True):
            there = values[~np.isnan(values)]
            if column.constant:
                parts.append(Part(constant=float(there[0]) if len(there) else None))
            elif isinstance(column, Category):
                parts.append(Part(choices=len(column.values), missing=column.missing > 0))
            else:
                modes = Modes.of(there) if there.min() < there.max() else _single(float(there[0]))
                parts.append(Part(modes=modes, choices=len(modes), missing=column.missing > 0))
        return cls(parts=tuple(parts))

    def fitted(self, numbers: Numbers, moves: Sequence[tuple[float, float]]) -> Normalisation:
        """The same for another table's numbers [N, D], which its modes then reach.

        moves: of each column scale and shift, by which its numbers have become others, scale·x + shift.
        """
        parts = []
        for part, values, move in zip(self.parts, numbers.T, moves, strict=True):
            if part.modes is not None:
                modes = part.modes.moved(*move).reaching(values[~np.isnan(values)])
                part = part.model_copy(update={"modes": modes})
            parts.append(part)
        return Normalisation(parts=tuple(parts))

    @property
    def blocks(self) -> list[ColumnBlock]:
        """The features of each column that is not constant."""
        return [
            ColumnBlock(bool(part.scalars), part.choices + part.missing, part.modes is None)
            for part in self.parts
            if part.width
        ]

    @property
    def width(self) -> int:
        """W, the number of features."""
        return sum(part.width for part in self.parts)

    @property
    def spans(self) -> list[Span]:
        """Where each column's features are."""
        return [span for _, span in self._each()]

    def features(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """The features of numbers [N, D], float64 [N, W]; which of several modes a number is in is drawn.

        Float64 loses nothing of up to 2⁵⁰ steps; float32 keeps seven digits of a number's place within its mode. Raises
        UserError for a missing cell of a column that had none.
        """
        found = np.zeros((len(numbers), self.width))
        for i, (part, span) in enumerate(self._each()):
            if not part.width:
                continue
            there = np.flatnonzero(~np.isnan(numbers[:, i]))
            if len(there) < len(numbers) and not part.missing:
                raise UserError(f"Column {i} of the numbers has missing cells, and had none when it was normalised.")
            choices = np.full(len(numbers), part.choices)  # the one of missing cells
            if part.modes is None:
                choices[there] = numbers[there, i].astype(np.intp)
            else:
                found[there, span.scalar.start], choices[there] = part.modes.encode(numbers[there, i], random)
            found[np.arange(len(numbers)), span.choice.start + choices] = 1
        return found

    def numbers(self, features: NDArray[np.floating]) -> Numbers:
        """The numbers of features [N, W], float64 [N, D]: of each choice the largest counts."""
        found = np.empty((len(features), len(self.parts)))
        for i, (part, span) in enumerate(self._each()):
            if not part.width:
                found[:, i] = np.nan if part.constant is None else part.constant
                continue
            choices = features[:, span.choice].argmax(axis=1)
            there = choices < part.choices
            found[~there, i] = np.nan
            if part.modes is None:
                found[there, i] = choices[there]
            else:
                scalars = features[there, span.scalar.start].astype(np.float64)
                found[there, i] = part.modes.decode(scalars, choices[there])
        return found

    def _each(self) -> Iterator[tuple[Part, Span]]:
        start = 0
        for part in self.parts:
            middle, end = start + part.scalars, start + part.width
            yield part, Span(slice(start, middle), slice(middle, end))
            start = end


def _single(number: float) -> Modes:
    """The one mode of a column whose numbers are all alike, beside missing cells."""
    return Modes(weights=(1.0,), means=(number,), deviations=(1.0,), reaches=(1.0,))
