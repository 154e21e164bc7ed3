"""Columns drawn by themselves have the table's marginals, and no dependence."""

import numpy as np
import pytest

from ganatomy.baselines.independent import IndependentColumns
from ganatomy.baselines.marginals import Marginal

CHANCE = np.random.default_rng(0)


def test_shares_are_uniform_whatever_is_tied_or_missing() -> None:
    column = np.r_[np.full(3000, np.nan), np.full(3000, 2.0), CHANCE.normal(size=4000)]
    shares = np.sort(Marginal.of(column, discrete=False).shares(column, CHANCE))
    grid = (np.arange(10_000) + 0.5) / 10_000
    assert np.abs(shares - grid).max() < 1.63 / 100  # Kolmogorov's 1% bound for 10,000 numbers


@pytest.mark.parametrize("discrete", [True, False])
def test_quantiles_are_the_inverse_of_shares(discrete: bool) -> None:
    column = np.sort(CHANCE.normal(size=500))
    marginal = Marginal.of(column, discrete)
    assert np.abs(marginal.quantiles(marginal.shares(column, CHANCE)) - column).max() <= np.diff(column).max()


def test_a_discrete_column_has_no_other_values_and_keeps_its_shares() -> None:
    marginal = Marginal.of(np.r_[np.zeros(50), np.full(30, 5.0), np.full(20, np.nan)], discrete=True)
    drawn = marginal.quantiles((np.arange(1000) + 0.5) / 1000)
    assert [np.isnan(drawn).sum(), (drawn == 0).sum(), (drawn == 5).sum()] == [200, 500, 300]


def test_columns_of_missing_cells_stay_missing() -> None:
    drawn = IndependentColumns(np.full((10, 1), np.nan), [False]).sample(5, CHANCE)
    assert np.isnan(drawn).all()


def test_columns_are_independent() -> None:
    x = CHANCE.normal(size=5000)
    drawn = IndependentColumns(np.stack([x, -x], axis=1), [False, False]).sample(5000, CHANCE)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(5000)
    assert drawn.std(axis=0) == pytest.approx(x.std(), rel=0.05)
