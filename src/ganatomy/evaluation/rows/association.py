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
    the correlation ratio η of the ranks, 0 to 1. A missing cell is a category, or the lowest rank. 0 where a column is
    constant.
    """
    codes, counts = zip(*map(_codes, numbers.T), strict=True)
    varied = [(i, one) for i, one in enumerate(discrete) if len(counts[i]) > 1]
    of_numbers, of_categories = [i for i, one in varied if not one], [i for i, one in varied if one]
    ranks = np.column_stack([np.empty((len(numbers), 0)), *(_ranks(codes[i]) for i in of_numbers)])
    found = np.zeros((len(discrete), len(discrete)))
    found[np.ix_(of_numbers, of_numbers)] = ranks.T @ ranks
    if of_categories:
        sizes = np.array([len(counts[i]) for i in of_categories])
        # Sparse: a column may have thousands of categories. Of each category, whose it is: [K, columns].
        whose = np.repeat(np.arange(len(sizes)), sizes)
        column = scipy.sparse.csr_array((np.ones(len(whose)), (np.arange(len(whose)), whose)))
        scaled = scipy.sparse.hstack([_scaled(codes[i], counts[i]) for i in of_categories])
        # η² = Σₖ (Σ of the ranks in k)² / nₖ, of ranks with mean 0 and length 1
        ratios = np.sqrt(column.T @ np.square(scaled.T @ ranks))
        found[np.ix_(of_categories, of_numbers)], found[np.ix_(of_numbers, of_categories)] = ratios, ratios.T
        # φ² = Σₖₗ nₖₗ² / (nₖ nₗ) − 1
        squares = (column.T @ (scaled.T @ scaled).power(2) @ column).toarray() - 1
        found[np.ix_(of_categories, of_categories)] = np.sqrt(
            np.maximum(squares, 0) / (np.minimum.outer(sizes, sizes) - 1)
        )
    return found


def _codes(column: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which of its values each cell of a column has [N], in order, a missing one first; how often each is there."""
    _, which, counts = np.unique(np.where(np.isnan(column), -np.inf, column), return_inverse=True, return_counts=True)
    return which, counts


def _ranks(which: NDArray[np.intp]) -> NDArray[np.float64]:
    """A column's ranks [N], with mean 0 and length 1."""
    ranks = scipy.stats.rankdata(which)
    centred = ranks - ranks.mean()
    return centred / np.linalg.norm(centred)


def _scaled(which: NDArray[np.intp], counts: NDArray[np.intp]) -> "scipy.sparse.csr_array":
    """A column's indicators, each over the root of its count: sparse [N, K]."""
    rows = np.arange(len(which))
    return scipy.sparse.csr_array((1 / np.sqrt(counts)[which], (rows, which)), (len(which), len(counts)))


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
