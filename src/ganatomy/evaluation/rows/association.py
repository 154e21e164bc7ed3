"""Pairs of columns: whether generated cells depend on each other as real ones do."""

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.estimate import jackknife, within
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.rows.registry import RowSets, register_row_metric
from ganatomy.modalities.tables.columns import Numbers

MOST = 10_000  # rows of each set


def associations(numbers: Numbers, discrete: list[bool]) -> NDArray[np.float64]:
    """How strongly each two columns of rows [N, D] depend on each other, [D, D].

    Of two columns of numbers Spearman's ρ, −1 to 1; of two of categories Cramér's V, 0 to 1; of a category and numbers
    the correlation ratio η of the ranks, 0 to 1. All are ‖AᵀB‖ of orthonormal bases of the columns' centred ranks and
    centred indicators, V over the root of the smaller basis's dimension. A missing cell is a category, or the lowest
    rank. 0 where a column is constant.
    """
    bases = [_basis(column, kind) for column, kind in zip(numbers.T, discrete, strict=True)]
    ends = np.cumsum([0, *(basis.shape[1] for basis in bases)])
    every = np.concatenate(bases, axis=1)
    products = every.T @ every
    found = np.zeros((len(bases), len(bases)))
    for i, one in enumerate(discrete):
        for j, other in enumerate(discrete):
            block = products[ends[i] : ends[i + 1], ends[j] : ends[j + 1]]
            if not block.size:
                continue
            if one and other:
                # Indicators span a constant too: their basis has one dimension more than there are contrasts.
                found[i, j] = np.sqrt(np.square(block).sum() / max(min(block.shape) - 1, 1))
            else:
                found[i, j] = np.linalg.norm(block) if one or other else block[0, 0]
    return found


def _basis(column: Numbers, discrete: bool) -> NDArray[np.float64]:
    """A column's centred indicators, each over the root of its count, or its centred ranks of length 1: [N, K]."""
    _, which, counts = np.unique(np.where(np.isnan(column), -np.inf, column), return_inverse=True, return_counts=True)
    if len(counts) < 2:
        return np.empty((len(column), 0))
    if discrete:
        indicators = np.zeros((len(column), len(counts)))
        indicators[np.arange(len(column)), which] = 1
        return (indicators - counts / len(column)) / np.sqrt(counts)
    ranks = scipy.stats.rankdata(which)
    centred = ranks - ranks.mean()
    return (centred / np.linalg.norm(centred))[:, None]


@register_row_metric("association")
def association(sets: RowSets, intervals: bool) -> Measurement:
    """Difference of the association of two columns, real and generated, mean over pairs: ρ, Cramér's V or η.

    Raises UserError for a single column.
    """
    pairs = np.triu_indices(len(sets.discrete), 1)
    if not len(pairs[0]):
        raise UserError("Associations need two columns that are not constant.")
    real, fake = (_some(numbers) for numbers in (sets.real, sets.fake))
    expected = associations(real, sets.discrete)[pairs]

    def difference(fake: Numbers) -> float:
        return float(np.abs(associations(fake, sets.discrete)[pairs] - expected).mean())

    score = within(jackknife(difference, fake, intervals), most=2)
    return Measurement(score, "lower", {"rows": len(fake)} if len(fake) < len(sets.fake) else {})


def _some(numbers: Numbers) -> Numbers:
    return numbers if len(numbers) <= MOST else np.random.default_rng(0).permutation(numbers)[:MOST]
