"""Tables without a network: each column drawn by itself, from its own distribution in the data.

Tables are numbers [N, D], NaN where a cell is missing, as `modalities.tables.schema` makes them.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Marginal:
    """The distribution of one column: of its cells, evenly between neighbours unless it is discrete."""

    def __init__(self, numbers: Numbers, discrete: bool) -> None:
        """numbers: [N], NaN where a cell is missing. discrete: whether no others than these may be drawn."""
        self.values = np.sort(numbers[~np.isnan(numbers)])
        self.missing, self.discrete = 1 - len(self.values) / len(numbers), discrete

    def shares(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """u = F(x−) + V·P(x) of numbers x [N], V uniform, so that u is uniform: Rüschendorf 2009, eq. 1.2.

        Missing cells come before all others.
        """
        below, up_to = (np.searchsorted(self.values, numbers, side) for side in ("left", "right"))
        place = random.random(len(numbers))
        there = (below + place * (up_to - below)) / max(len(self.values), 1)
        return np.where(np.isnan(numbers), self.missing * place, self.missing + (1 - self.missing) * there)

    def quantiles(self, shares: Numbers) -> Numbers:
        """The numbers at shares [M] in [0, 1): the inverse of `shares`."""
        found = np.full(len(shares), np.nan)
        there = shares >= self.missing
        if there.any() and len(self.values):
            inner = (shares[there] - self.missing) / (1 - self.missing)
            method: Literal["inverted_cdf", "linear"] = "inverted_cdf" if self.discrete else "linear"
            found[there] = np.quantile(self.values, inner.clip(0, 1), method=method)
        return found


class IndependentColumns:
    """Every column by itself: what a table loses without its columns' dependence."""

    def __init__(self, numbers: Numbers, discrete: Sequence[bool]) -> None:
        """numbers: [N, D]; discrete: of each column, whether it has no values between those of the table."""
        self.marginals = [Marginal(column, kind) for column, kind in zip(numbers.T, discrete, strict=True)]

    def sample(self, count: int, random: np.random.Generator) -> Numbers:
        """`count` rows, [count, D]."""
        return np.stack([marginal.quantiles(random.random(count)) for marginal in self.marginals], axis=1)
