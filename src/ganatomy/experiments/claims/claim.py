"""What a claim is: a sentence, the experiment that decides it, what its figures must be, and a lesson.

Every module of this package registers its own. Pages list them without torch: what needs it, or matplotlib, is imported
inside the experiments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import floor, inf, isfinite, log10
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import numpy as np

from ganatomy.system.registry import Registry

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure


NOT_JUDGED = "not judged"
ROUNDING = 1e-12  # figures of exact mathematics below it are rounding


def number(figure: float, digits: int = 3) -> str:
    """A figure as people read it: 0, 0.00241, 1,000, 3.2·10⁻⁸; what is only rounding is 0."""
    if not isfinite(figure):
        return str(figure)
    if abs(figure) < ROUNDING:
        return "0"
    rounded = float(f"{figure:.{digits - 1}e}")
    exponent = floor(log10(abs(rounded)))
    if exponent < -4:
        power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{rounded / 10.0**exponent:.{digits}g}·10{power}".replace("-", "−")
    text = f"{rounded:,.{max(digits - 1 - exponent, 0)}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Criterion:
    """What a figure must be, fixed before it is measured: within [low, high], for every seed.

    predicted: by theory, in words. Without bounds the figure is only reported. interval: not every seed must be within
    the bounds, but the whole 95% interval of their mean.
    """

    predicted: str
    low: float = -inf
    high: float = inf
    interval: bool = False

    @property
    def judged(self) -> bool:
        """Whether the claim depends on the figure."""
        return self.low > -inf or self.high < inf

    def holds(self, figure: float) -> bool:
        """Whether the figure is within the bounds; a NaN never is."""
        return not self.judged or self.low <= figure <= self.high

    @property
    def bounds(self) -> str:
        """As people read it: 0 to 0.03; at least 2; at most 0.1."""
        if not self.judged:
            return NOT_JUDGED
        interval = ", the interval" if self.interval else ""
        if self.low == -inf:
            return f"at most {self.high:g}{interval}"
        return (f"at least {self.low:g}" if self.high == inf else f"{self.low:g} to {self.high:g}") + interval


@dataclass(frozen=True)
class ClaimTrial:
    """One repetition of an experiment. quick: a smaller one, under the same criteria."""

    seed: int = 0
    quick: bool = False

    def size(self, whole: int, quick: int) -> int:
        """The size of a part of the experiment, such as its steps."""
        return quick if self.quick else whole


@dataclass(frozen=True)
class Outcome:
    """What a trial measured: figures by name, and a function that draws the trial on an empty figure."""

    figures: Mapping[str, float]
    draw: Callable[[Figure], None]


@dataclass(frozen=True)
class Lesson:
    """The claim as a question that the learner answers before the experiment does.

    answers   to choose from; right is the index of the one that the claim makes
    because   why it is so
    lab       where to play with it: the query of the lab's address, moves included
    see       what that game shows
    """

    title: str
    question: str
    answers: Sequence[str]
    right: int
    because: str
    lab: str = ""
    see: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence of the articles in our words, and the experiment that decides it.

    place        where it is listed: after claims with smaller numbers
    source       article or paper, section or equation
    experiment   makes one trial; the verdict is over several seeds
    criteria     what each figure of the outcome must be
    """

    name: str
    place: float
    sentence: str
    source: str
    experiment: Callable[[ClaimTrial], Outcome]
    criteria: Mapping[str, Criterion]
    lesson: Lesson | None


CLAIMS: Registry[Claim] = Registry("claim")
Experiment = Callable[[ClaimTrial], Outcome]


def register_claim(
    name: str,
    *,
    sentence: str,
    source: str,
    criteria: Mapping[str, Criterion],
    lesson: Lesson | None = None,
    place: float = inf,
) -> Callable[[Experiment], Experiment]:
    """Make an experiment the one that decides a claim: `ganatomy claims --run NAME`. Arguments as in `Claim`.

    Without a place, a claim is listed last; without a lesson, not among the lessons.

    Raises UserError where the name is taken.
    """

    def register(experiment: Experiment) -> Experiment:
        claim = Claim(name, place, sentence, source, experiment, criteria, lesson)
        CLAIMS.add(name, claim, module=experiment.__module__, summary=sentence)
        return experiment

    return register


def catalogue() -> dict[str, Claim]:
    """Every claim by name, in the order of their places."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")  # registers its claims
    return dict(sorted(CLAIMS.items(), key=lambda item: item[1].place))


def panels(figure: Figure | SubFigure, rows: int, columns: int, **options: Any) -> list[SubFigure]:
    """The parts of a figure that is divided into rows and columns, row by row. options: of `Figure.subfigures`."""
    return list(np.ravel(np.asarray(figure.subfigures(rows, columns, **options), dtype=object)))
