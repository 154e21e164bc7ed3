"""Tables without a network: each column drawn by itself, from its own distribution in the data.

Tables are numbers [N, D], NaN where a cell is missing, as `modalities.tables.schema` makes them.
"""

from collections.abc import Sequence

import numpy as np

from ganatomy.baselines.marginals import Marginal, Numbers


class IndependentColumns:
    """Every column by itself: what a table loses without its columns' dependence."""

    def __init__(self, numbers: Numbers, discrete: Sequence[bool]) -> None:
        """numbers: [N, D]; discrete: of each column, whether it has no values between those of the table."""
        self.marginals = [Marginal.of(column, kind) for column, kind in zip(numbers.T, discrete, strict=True)]

    def sample(self, count: int, random: np.random.Generator) -> Numbers:
        """`count` rows, [count, D]."""
        return np.stack([marginal.quantiles(random.random(count)) for marginal in self.marginals], axis=1)
