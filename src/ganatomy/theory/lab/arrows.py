"""Gradients of the generator's loss, drawn as arrows on one scale for every game on a target."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

from ganatomy.theory.lab.targets import Target

SHARE = 0.006  # of the interval that is shown: an arrow's length, for a loss that falls by 1 nat over the interval
LONGEST = 0.25  # of that interval
EXAMPLE = 0.1  # of that interval, about


@dataclass(frozen=True)
class ArrowScale:
    """How long arrows are, in units of x. It does not depend on the game, so a gradient that has vanished is not seen.

    per_gradient   the length for a gradient of 1 nat per unit of x
    longest        the length of the longest arrow, which stands for its gradient and all larger ones
    example        the gradient of the legend's arrow: 1, 2 or 5 times a power of ten
    """

    per_gradient: float
    longest: float
    example: float

    @property
    def largest(self) -> float:
        """The gradient of the longest arrow."""
        return self.longest / self.per_gradient


def arrow_scale(target: Target) -> ArrowScale:
    """The scale of a target's games."""
    interval = target.grid.high[0] - target.grid.low[0]
    per_gradient = SHARE * interval**2
    return ArrowScale(per_gradient, LONGEST * interval, _round(EXAMPLE * interval / per_gradient))


def _round(number: float) -> float:
    """The nearest of …, 0.5, 1, 2, 5, 10, …, by ratio."""
    power = 10.0 ** int(log10(number) // 1)
    return min((power * each for each in (1, 2, 5, 10)), key=lambda each: abs(log10(each / number)))
