"""Divergences and the game's value against closed forms, to 1e-6, on densities put into cells."""

from math import log, pi, sqrt

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Generator

from ganatomy.theory import divergences, pushforward
from ganatomy.theory.densities import Mixture, gaussians, grid, moons, ring, segments, spiral
from ganatomy.theory.grid import Grid
from ganatomy.theory.optimum import optimal_scores, value

LINE = Grid([-12], [12], [4000])


def masses(*centres: float, deviation: float = 1.0, cells: Grid = LINE):
    return cells.masses(gaussians(*centres, deviation=deviation))


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


def test_certainty_that_is_right_costs_nothing():
    p, q = LINE.masses(segments((-3.0, -2.4))), LINE.masses(segments((2.4, 3.0)))
    assert value(p, q, optimal_scores(p.log(), q.log())).item() == exactly(0)


# Densities on the line and in cells.


def test_segments():
    density = segments((0.0, 1.0), (3.0, 3.5))
    x = torch.tensor([[-0.1], [0.5], [2.0], [3.2], [3.6]]).double()
    assert density.log_density(x).tolist() == pytest.approx([-np.inf, -log(1.5), -np.inf, -log(1.5), -np.inf])
    drawn = density.sample(20_000, Generator().manual_seed(0)).squeeze(1)
    assert stats.kstest(drawn.numpy(), lambda at: density.cdf(torch.as_tensor(at)).numpy()).pvalue > 1e-3
    assert density.cdf(torch.tensor([0.0, 0.5, 2.0, 9.0]).double()).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_mixtures_on_the_line():
    density = gaussians(-2.0, 1.0, deviation=0.5)
    drawn = density.sample(20_000, Generator().manual_seed(0)).squeeze(1)
    assert stats.kstest(drawn.numpy(), lambda at: density.cdf(torch.as_tensor(at)).numpy()).pvalue > 1e-3
    x = torch.linspace(-3, 3, 7).double().requires_grad_()
    (slope,) = torch.autograd.grad(density.cdf(x).sum(), x)
    assert torch.allclose(slope, density.log_density(x[:, None]).exp())


@pytest.mark.parametrize("density", [spiral(), moons()], ids=["spiral", "moons"])
def test_curves_are_filled_evenly(density):
    """Neighbouring kernels are equally far from each other and nearer than their width, along the whole curve."""
    half = density.centres if len(density.centres) == 400 and density.deviation == 0.03 else density.centres[:200]
    steps = half.diff(dim=0).norm(dim=1)[len(half) // 10 :]
    assert steps.max() < density.deviation
    assert steps.max() / steps.min() < 1.3
    assert density.centres.abs().max() <= 1.6


@pytest.mark.parametrize(
    "density", [ring(deviation=0.05), grid(2), moons(), spiral()], ids=["ring", "grid", "moons", "spiral"]
)
def test_masses_and_samples_agree_in_the_plane(density: Mixture):
    cells = Grid([-2, -2.5], [2, 2.5], [24, 30])
    p, count = cells.masses(density, finer=8), 50_000
    found = cells.histogram(density.sample(count, Generator().manual_seed(0)))
    frequent = p * count >= 5
    chi = ((found - p).square() / p)[frequent].sum() * count
    assert stats.chi2.sf(chi.item(), int(frequent.sum())) > 1e-4
    assert (p.sum().item(), found.sum().item()) == (exactly(1), exactly(1))


def test_what_lies_outside_belongs_to_the_outermost_cells():
    cells = Grid([0, 0], [2, 3], [2, 3])
    points = torch.tensor([[-5.0, 0.5], [0.5, 99.0], [1.5, 1.5], [1e9, -1e9]])
    assert cells.histogram(points).view(2, 3).tolist() == [[0.25, 0, 0.25], [0.25, 0.25, 0]]
    assert cells.points().tolist() == [[0.5, 0.5], [0.5, 1.5], [0.5, 2.5], [1.5, 0.5], [1.5, 1.5], [1.5, 2.5]]


# The generator's distribution.


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
        assert found.sum().item() == exactly(1)
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
