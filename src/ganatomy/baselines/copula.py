"""Tables without a network: each column's own distribution, and one correlation for each pair.

The Gaussian copula: Nelsen 2006, section 2.3; Patki et al. 2016 (The Synthetic Data Vault), section III.
"""

from collections.abc import Sequence

import numpy as np
import scipy

from ganatomy.baselines.independent import IndependentColumns
from ganatomy.baselines.marginals import Numbers

EDGE = 1e-9  # shares stay so far from 0 and 1, where the normal quantile is infinite


class GaussianCopula(IndependentColumns):
    """Columns whose shares, as normal quantiles, are jointly normal."""

    def __init__(self, numbers: Numbers, discrete: Sequence[bool], random: np.random.Generator) -> None:
        """numbers: [N, D]; discrete: as of `IndependentColumns`; random: places cells that are equal."""
        super().__init__(numbers, discrete)
        shares = [marginal.shares(column, random) for marginal, column in zip(self.marginals, numbers.T, strict=True)]
        normal = scipy.special.ndtri(np.stack(shares, axis=1).clip(EDGE, 1 - EDGE))
        self.correlation = np.atleast_2d(np.corrcoef(normal, rowvar=False))

    def sample(self, count: int, random: np.random.Generator) -> Numbers:
        """`count` rows, [count, D]."""
        values, vectors = np.linalg.eigh(self.correlation)
        root = vectors * np.sqrt(values.clip(0))  # correlations of cells may be singular, to rounding below
        shares = scipy.special.ndtr(random.normal(size=(count, len(values))) @ root.T)
        columns = zip(self.marginals, shares.T.clip(0, 1 - EDGE), strict=True)
        return np.stack([marginal.quantiles(share) for marginal, share in columns], axis=1)
