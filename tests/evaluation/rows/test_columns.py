"""Distances of one column's distributions, against scipy and by hand."""

import numpy as np
import pytest
import scipy

from ganatomy.evaluation.rows.columns import distances, kolmogorov_smirnov, total_variation

CHANCE = np.random.default_rng(0)


def test_kolmogorov_smirnov_is_scipys() -> None:
    real, fake = CHANCE.normal(size=300), CHANCE.normal(0.4, 1.3, size=170).round(1)
    assert kolmogorov_smirnov(real, fake) == pytest.approx(scipy.stats.ks_2samp(real, fake).statistic, abs=1e-12)


def test_missing_cells_are_a_value_of_their_own() -> None:
    assert kolmogorov_smirnov(np.array([1.0, 2, np.nan, np.nan]), np.array([1.0, 2])) == 0.5
    assert total_variation(np.array([0, 1, np.nan, np.nan]), np.array([0.0, 1])) == 0.5


def test_total_variation_by_hand() -> None:
    """½(|½ − ¼| + |½ − ¼| + |0 − ½|)"""
    assert total_variation(np.array([0.0, 1]), np.array([0.0, 1, 7, 7])) == 0.5
    assert total_variation(np.array([0.0, 1]), np.array([1.0, 0, 1, 0])) == 0


def test_each_column_has_its_own_distance() -> None:
    real, fake = np.array([[0.0, 0], [1, 1]]), np.array([[0.0, 1], [1, 1]])
    assert distances(real, fake, [False, True]).tolist() == [0, 0.5]
