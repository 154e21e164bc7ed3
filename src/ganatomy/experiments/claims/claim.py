"""What a claim is: a sentence, an experiment, and what its figures must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True)
class Criterion:
    """What a figure must be, fixed before it is measured. predicted: by theory, in words."""

    predicted: str
    low: float = -inf
    high: float = inf

    def holds(self, figure: float) -> bool:
        """True where the figure lies within the bounds; never for what is not a number."""
        return self.low <= figure <= self.high

    @property
    def words(self) -> str:
        """0 to 0.03; at least 2; at most 0.1."""
        if self.low == -inf:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Trial:
    """How an experiment is to be made. quick: smaller, for the tests; its criteria are the same."""

    seed: int = 0
    quick: bool = False

    def size(self, whole: int, quick: int) -> int:
        """One of two sizes."""
        return quick if self.quick else whole


@dataclass(frozen=True)
class Evidence:
    """What an experiment found: figures by name, and what its picture is drawn from."""

    figures: Mapping[str, float]
    seen: Mapping[str, Any]


def parts(figure: Figure, rows: int, columns: int, **options: Any) -> list[SubFigure]:
    """Parts of a figure, row by row."""
    return list(np.ravel(np.asarray(figure.subfigures(rows, columns, **options), dtype=object)))


@dataclass(frozen=True)
class Claim:
    """A sentence of the articles in our words, and the experiment that decides it.

    name         of the claim on the command line
    source       where it stands: article or paper, section or equation
    experiment   makes one trial; the verdict is over several seeds
    criteria     what each figure must be, by its name
    draw         puts a trial's evidence on an empty figure
    """

    name: str
    sentence: str
    source: str
    experiment: Callable[[Trial], Evidence]
    criteria: Mapping[str, Criterion]
    draw: Callable[[Figure, Evidence], None]
