"""The optimal discriminator and the value of the game, against closed forms on a fine grid."""

from math import log

import pytest
import torch
from torch import Generator

from ganatomy.theory import divergences
from ganatomy.theory.densities import gaussians, segments
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import distance, optimal_scores, value

LINE = Grid([-12], [12], [4000])


def masses(*centres: float, deviation: float = 1.0) -> torch.Tensor:
    return LINE.masses(gaussians(*centres, deviation=deviation))


def exactly(expected: float):
    return pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("q", [masses(0.3, deviation=1.4), masses(-4.0, 4.0), masses(0.0)], ids=["wider", "two", "p"])
def test_the_optimal_discriminator_is_worth_minus_log_4_and_twice_the_divergence(q):
    """Theorem 1; and no other scores are worth more."""
    p = masses(0.0)
    scores = optimal_scores(p.log(), q.log())
    best = value(p, q, scores).item()
    assert best == exactly(-log(4) + 2 * divergences.jensen_shannon(p, q).item())
    for seed in range(5):
        other = scores + 0.1 * torch.randn(scores.shape, generator=Generator().manual_seed(seed))
        assert value(p, q, other) < best
    assert torch.allclose(scores.sigmoid(), p / (p + q), rtol=1e-12)


def test_the_distance_from_the_optimum():
    """0 for D*; for D = ½ it is Σ|p − q|/4: half of the total variation, 0.382925 of N(0, 1) and N(1, 1)."""
    p, q = masses(0.0), masses(1.0)
    assert distance(p, q, optimal_scores(p.log(), q.log())) == 0
    assert distance(p, q, torch.zeros_like(p)) == exactly(0.382925 / 2)
    apart = LINE.masses(segments((-3.0, -2.4))), LINE.masses(segments((2.4, 3.0)))
    assert distance(*apart, torch.zeros_like(p)) == exactly(0.5)


def test_certainty_that_is_right_costs_nothing():
    p, q = LINE.masses(segments((-3.0, -2.4))), LINE.masses(segments((2.4, 3.0)))
    assert value(p, q, optimal_scores(p.log(), q.log())).item() == exactly(0)
