"""The distribution of one column of a table, and its shares: probability integral transform and inverse."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Marginal:
    """The distribution of one column: of its cells, evenly between neighbours unless it is discrete.

    values    its different numbers, ascending, [M]
    counts    how often each is there, [M]
    missing   share of the cells that are missing
    discrete  whether no others than these may be drawn
    """

    def __init__(self, values: Numbers, counts: NDArray[np.int64], missing: float, discrete: bool) -> None:
        self.values, self.counts, self.missing, self.discrete = values, counts, missing, discrete
        self.ends = np.cumsum(counts)  # of each value's place among all numbers in order
        self.count = int(counts.sum())

    @classmethod
    def of(cls, numbers: Numbers, discrete: bool) -> Self:
        """Of a column's numbers [N], NaN where a cell is missing."""
        there = numbers[~np.isnan(numbers)]
        return cls(*np.unique(there, return_counts=True), 1 - len(there) / len(numbers), discrete)

    def shares(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """u = F(x−) + V·P(x) of numbers x [N], V uniform, so that u is uniform: Rüschendorf 2009, eq. 1.2.

        Missing cells come before all others.
        """
        starts = np.concatenate([[0], self.ends])
        below, up_to = (starts[np.searchsorted(self.values, numbers, side)] for side in SIDES)
        place = random.random(len(numbers))
        there = (below + place * (up_to - below)) / max(self.count, 1)
        return np.where(np.isnan(numbers), self.missing * place, self.missing + (1 - self.missing) * there)

    def quantiles(self, shares: Numbers) -> Numbers:
        """The numbers at shares [M] in [0, 1): the inverse of `shares`."""
        found = np.full(len(shares), np.nan)
        there = shares >= self.missing
        if there.any() and self.count:
            inner = ((shares[there] - self.missing) / (1 - self.missing)).clip(0, 1)
            if self.discrete:
                found[there] = self._at(np.ceil(inner * self.count) - 1)
            else:  # between neighbours in the order of all numbers, as np.quantile does
                place = inner * (self.count - 1)
                low, high = self._at(np.floor(place)), self._at(np.ceil(place))
                found[there] = low + (place - np.floor(place)) * (high - low)
        return found

    def _at(self, places: Numbers) -> Numbers:
        """The numbers at these places in the order of all, counted from 0."""
        return self.values[np.searchsorted(self.ends, places.clip(0, self.count - 1), "right")]


SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
