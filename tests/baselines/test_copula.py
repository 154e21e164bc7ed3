"""The Gaussian copula keeps the marginals and the correlation, and only that."""

import numpy as np
import pytest
import scipy

from ganatomy.baselines.copula import GaussianCopula


def test_monotone_functions_of_normal_columns_keep_their_correlation() -> None:
    """exp and cube do not change ranks: Spearman's ρ is 6/π·arcsin(r/2) for the normal correlation r."""
    chance, r = np.random.default_rng(0), 0.7
    normal = chance.multivariate_normal([0, 0], [[1, r], [r, 1]], 8000)
    copula = GaussianCopula(np.stack([np.exp(normal[:, 0]), normal[:, 1] ** 3], axis=1), [False, False], chance)
    assert copula.correlation[0, 1] == pytest.approx(r, abs=0.02)
    drawn = copula.sample(8000, chance)
    expected = 6 / np.pi * np.arcsin(r / 2)
    assert scipy.stats.spearmanr(drawn[:, 0], drawn[:, 1]).statistic == pytest.approx(expected, abs=0.03)
    assert np.quantile(drawn[:, 0], [0.1, 0.5, 0.9]) == pytest.approx(
        np.exp(scipy.stats.norm.ppf([0.1, 0.5, 0.9])), rel=0.1
    )


def test_a_category_that_follows_a_number_goes_on_following_it() -> None:
    chance = np.random.default_rng(0)
    x = chance.normal(size=4000)
    rows = np.stack([x, (x > 0).astype(float), np.where(chance.random(4000) < 0.25, np.nan, 1.0)], axis=1)
    drawn = GaussianCopula(rows, [False, True, True], chance).sample(4000, chance)
    assert set(np.unique(drawn[:, 1])) == {0, 1}
    # sign(z) placed at random within its half correlates with z as E|z|² = 2/π: agreement ½ + arcsin(2/π)/π.
    assert ((drawn[:, 0] > 0) == drawn[:, 1]).mean() == pytest.approx(0.5 + np.arcsin(2 / np.pi) / np.pi, abs=0.03)
    assert np.isnan(drawn[:, 2]).mean() == pytest.approx(0.25, abs=0.03)
    assert np.abs(drawn[:, 0]).max() <= np.abs(x).max()


def test_one_column_and_equal_columns_are_drawn() -> None:
    chance = np.random.default_rng(0)
    x = chance.normal(size=500)
    assert GaussianCopula(x[:, None], [False], chance).sample(7, chance).shape == (7, 1)
    drawn = GaussianCopula(np.stack([x, x], axis=1), [False, False], chance).sample(500, chance)
    assert np.corrcoef(drawn.T)[0, 1] > 0.999
