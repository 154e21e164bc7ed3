"""A generator's q: against laws that are known, and within the error that is stated."""

from math import log

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Generator

from ganatomy.theory import divergences, pushforward
from ganatomy.theory.densities import Mixture, ring
from ganatomy.theory.grid import Grid
from ganatomy.theory.pushforward import BoundedEstimate


def test_stratified_draws_are_normal_and_more_even_than_independent_ones():
    for dimension in (1, 2):
        z = pushforward.stratified(10_000, dimension, Generator().manual_seed(0))
        assert z.shape == (10_000, dimension)
        assert stats.kstest(z[:, 0].numpy(), "norm").statistic < 0.012  # one box in a hundred along an axis
        assert abs(z.mean()) < 0.002


def test_change_of_variables_on_the_line():
    """exp z is log-normal; z² is chi-squared, two z for each x."""
    cells = Grid([0], [10], [200])
    edges = np.linspace(0, 10, 201)
    for push, law in ((torch.exp, stats.lognorm(1)), (torch.square, stats.chi2(1))):
        expected = np.diff(law.cdf(edges))
        expected[-1] += law.sf(10)
        found = pushforward.change_of_variables(push, cells)
        assert found.sum().item() == pytest.approx(1, abs=1e-6)
        assert np.abs(found.numpy() - expected).max() < 2e-4


@pytest.mark.parametrize("dimension", [1, 2])
def test_a_perfect_generator_has_no_divergence_within_the_stated_error(dimension):
    """The linear map that makes a normal z the target; and an imperfect one has what theory says."""
    cells = Grid([-6] * dimension, [8] * dimension, [70] * dimension)
    target = Mixture(torch.ones(1, dimension), 1.3)
    p = cells.masses(target, finer=2)
    for seed in range(5):
        perfect = pushforward.divergence(p, lambda z: 1 + 1.3 * z, cells, dimension, seed)
        assert abs(perfect.value) <= perfect.error < 2e-3
    shifted = pushforward.divergence(p, lambda z: 1.5 + 1.3 * z, cells, dimension)
    expected = divergences.jensen_shannon(p, cells.masses(Mixture(torch.full((1, dimension), 1.5), 1.3), finer=2))
    assert abs(shifted.value - expected.item()) <= shifted.error < 2e-3
    assert expected > 0.01


def test_a_collapsed_generator_is_far_away():
    cells = Grid([-1.2, -1.2], [1.2, 1.2], [100, 100])
    found = pushforward.divergence(cells.masses(ring(), finer=4), lambda z: 0 * z + torch.tensor([1.0, 0.0]), cells, 2)
    assert found.value > 0.5
    assert found.error < 0.01


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0.2284, 0.0021, "0.228 ± 0.002"),
        (log(2), 4e-16, "log 2"),
        (2.2e-16, 7e-16, "0"),
        (0.0004, 0.0006, "0 ± 0.0006"),
        (-1.02, 0.01, "−1.02 ± 0.01"),
        (-log(4) + 1e-9, 1e-8, "−log 4"),
        (0.1234, 0.0, "0.1234"),
    ],
)
def test_an_estimate_as_people_read_it(value: float, error: float, words: str) -> None:
    assert str(BoundedEstimate(value, error)) == words
