"""Divergences against closed forms and quadrature, to 1e-6, on a fine grid."""

from math import log, pi, sqrt

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from ganatomy.theory import divergences
from ganatomy.theory.densities import gaussians, segments
from ganatomy.theory.grid import Grid

LINE = Grid([-12], [12], [4000])


def masses(*centres: float, deviation: float = 1.0) -> torch.Tensor:
    return LINE.masses(gaussians(*centres, deviation=deviation))


def exactly(expected: float):
    return pytest.approx(expected, abs=1e-6)


def test_kl_of_gaussians():
    """log(σ₂/σ₁) + (σ₁² + δ²)/(2σ₂²) − ½, which changes with the order."""
    p, q = masses(0.5), masses(-1.0, deviation=1.5)
    assert divergences.kl(p, q).item() == exactly(log(1.5) + (1 + 1.5**2) / (2 * 1.5**2) - 0.5)
    assert divergences.kl(q, p).item() == exactly(-log(1.5) + (1.5**2 + 1.5**2) / 2 - 0.5)
    assert divergences.kl(p, p).item() == 0


def test_kl_is_infinite_where_q_misses_a_part_of_p():
    p, q = LINE.masses(segments((0.0, 2.4))), LINE.masses(segments((0.0, 1.2)))
    assert divergences.kl(p, q).item() == float("inf")
    assert divergences.kl(q, p).item() == exactly(log(2))


def test_jensen_shannon_against_quadrature_and_its_limits():
    p, q = masses(-1.0, 2.0), masses(0.0, deviation=0.7)

    def density(x, means, deviation):
        return np.mean([stats.norm(mean, deviation).pdf(x) for mean in means])

    def integrand(x):
        a, b = density(x, [-1.0, 2.0], 1.0), density(x, [0.0], 0.7)
        return (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b))) / 2

    expected = integrate.quad(integrand, -9, 9, limit=400, epsabs=1e-10, points=[-1, 0, 2])[0]
    assert divergences.jensen_shannon(p, q).item() == exactly(expected)
    assert divergences.jensen_shannon(q, p).item() == exactly(expected)
    assert divergences.jensen_shannon(p, p).item() == exactly(0)
    apart = LINE.masses(segments((-3.0, -2.4))), LINE.masses(segments((2.4, 3.0)))
    assert divergences.jensen_shannon(*apart).item() == exactly(log(2))


def test_wasserstein_on_the_line():
    """A shift costs its length; a change of scale E|σ₁Z − σ₂Z| = |σ₁ − σ₂|·√(2/π)."""
    width = LINE.widths.item()
    assert divergences.wasserstein(masses(0.0), masses(1.7), width).item() == exactly(1.7)
    found = divergences.wasserstein(masses(0.0), masses(0.0, deviation=1.6), width)
    assert found.item() == exactly(0.6 * sqrt(2 / pi))
    coarse = torch.tensor([0.5, 0.5, 0, 0]).double(), torch.tensor([0, 0.25, 0.5, 0.25]).double()
    # Transport costs the same however finely its cells are cut.
    fine = [part.repeat_interleave(1000) / 1000 for part in coarse]
    assert divergences.wasserstein(*coarse, 1.0).item() == exactly(divergences.wasserstein(*fine, 0.001).item())
    assert divergences.wasserstein(*coarse, 1.0).item() == exactly(1.5)


def test_wasserstein_where_the_distributions_cross_within_a_cell():
    """F_p − F_q runs from ¼ to −¼ across the middle cell: two triangles of ¼·½/2 each."""
    p, q = torch.tensor([0.5, 0.0, 0.5]).double(), torch.tensor([0.25, 0.5, 0.25]).double()
    assert divergences.wasserstein(p, q, 1.0).item() == exactly(2 * 0.25 / 2 + 2 * 0.25 * 0.5 / 2)


def test_jensen_shannon_of_masses_at_the_limit_of_floats():
    """Half of the smallest float is 0; its part of the sum is still 5e-324·log 2, which is nothing."""
    p = torch.tensor([1.0, 5e-324], dtype=torch.float64)
    q = torch.tensor([1.0, 0.0], dtype=torch.float64)
    assert divergences.jensen_shannon(p, q).item() == 0
    assert divergences.jensen_shannon(q, p).item() == 0
