"""Each column by itself: how far generated cells are from real ones in distribution."""

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics.estimate import jackknife, within
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.rows.registry import RowSets, register_row_metric
from ganatomy.modalities.tables.columns import Numbers

WORST = 3  # columns named beside the score


def kolmogorov_smirnov(real: Numbers, fake: Numbers) -> float:
    """sup |F(x) − G(x)| of numbers [N] and [M]; missing cells, NaN, come before all others."""
    real, fake = (np.sort(np.where(np.isnan(each), -np.inf, each)) for each in (real, fake))
    every = np.concatenate([real, fake])
    shares = [np.searchsorted(each, every, "right") / len(each) for each in (real, fake)]
    return float(np.abs(shares[0] - shares[1]).max())


def total_variation(real: Numbers, fake: Numbers) -> float:
    """½ Σ|p − q| of the shares of categories, [N] and [M] numbers of them; a missing cell is one more."""
    every = np.concatenate([real, fake])
    _, which = np.unique(np.where(np.isnan(every), -1, every), return_inverse=True)
    counts = [np.bincount(each, minlength=which.max() + 1) for each in np.split(which, [len(real)])]
    return float(np.abs(counts[0] / len(real) - counts[1] / len(fake)).sum() / 2)


def distances(real: Numbers, fake: Numbers, discrete: list[bool]) -> NDArray[np.float64]:
    """Of each column of rows [N, D] and [M, D] the distance of the two distributions, [D], 0 to 1."""
    columns = zip(real.T, fake.T, discrete, strict=True)
    return np.array([(total_variation if kind else kolmogorov_smirnov)(x, y) for x, y, kind in columns])


@register_row_metric("columns")
def columns(sets: RowSets, intervals: bool) -> Measurement:
    """Distance of real and generated cells, 0 to 1, mean over columns: total variation or Kolmogorov-Smirnov."""
    by_column = distances(sets.real, sets.fake, sets.discrete)
    worst = by_column.argsort()[::-1][:WORST]
    score = jackknife(lambda fake: float(distances(sets.real, fake, sets.discrete).mean()), sets.fake, intervals)
    return Measurement(
        within(score, most=1), "lower", {"worst": {str(sets.schema.columns[i].name): by_column[i] for i in worst}}
    )
