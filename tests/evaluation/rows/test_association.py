"""Associations of two columns, against scipy and closed forms."""

import numpy as np
import pytest
import scipy

from ganatomy.evaluation.rows.association import associations

CHANCE = np.random.default_rng(0)
X = CHANCE.normal(size=400)
Y = (X + CHANCE.normal(size=400)).round(1)
A = CHANCE.integers(0, 3, 400).astype(float)
B = np.where(CHANCE.random(400) < 0.4, A, CHANCE.integers(0, 4, 400))


def test_two_columns_of_numbers_have_spearmans_correlation() -> None:
    found = associations(np.stack([X, -Y], axis=1), [False, False])
    assert found[0, 1] == pytest.approx(scipy.stats.spearmanr(X, -Y).statistic, abs=1e-12)
    assert found.diagonal() == pytest.approx([1, 1])


def test_two_categories_have_cramers_v() -> None:
    found = associations(np.stack([A, B], axis=1), [True, True])[0, 1]
    table = scipy.stats.contingency.crosstab(A, B).count
    assert found == pytest.approx(scipy.stats.contingency.association(table, method="cramer"), abs=1e-12)


def test_a_category_and_numbers_have_the_correlation_ratio_of_ranks() -> None:
    shifted = X + A
    ranks = scipy.stats.rankdata(shifted)
    between = sum((a == A).sum() * (ranks[a == A].mean() - ranks.mean()) ** 2 for a in range(3))
    found = associations(np.stack([A, shifted], axis=1), [True, False])
    assert found[0, 1] == pytest.approx(np.sqrt(between / np.square(ranks - ranks.mean()).sum()), abs=1e-12)
    assert found[0, 1] == pytest.approx(found[1, 0], abs=1e-12)


def test_a_missing_cell_is_a_value_and_a_constant_has_no_association() -> None:
    missing = np.where(A == 0, np.nan, 1.0)
    found = associations(np.stack([missing, A == 0, np.ones(400)], axis=1), [True, True, True])
    assert found[0, 1] == pytest.approx(1)
    assert found[2].tolist() == [0, 0, 0]


def test_thousands_of_categories_are_no_matrix_of_all_of_them() -> None:
    """Two columns that are functions of each other have V = 1; a third knows nothing of them."""
    many = CHANCE.permutation(8_000).repeat(2).astype(float)
    found = associations(np.stack([many, 8_000 - many, np.tile([0.0, 1.0], 8_000), many], axis=1), [True] * 3 + [False])
    assert found[:2, :2] == pytest.approx(1)
    assert found[2, :3] == pytest.approx([0, 0, 1], abs=1e-6)
    assert found[3] == pytest.approx([1, 1, 0, 1], abs=1e-6)
