"""Densities against scipy, quadrature, their own moments, and the score that counts their modes."""

from math import log

import numpy as np
import pytest
import torch
from scipy import stats
from torch.autograd import gradcheck
from torch.testing import assert_close

from ganatomy.evaluation.metrics.classes import modes
from ganatomy.theory.densities import Dirac, Mixture, gaussians, grid, moons, ring, segments, spiral


def sampled(mixture, count, seed=0):
    return mixture.sample(count, torch.Generator().manual_seed(seed))


UNEVEN = Mixture(torch.tensor([[0.0, 1.0], [2.0, -1.0], [-0.5, -3.0]]), 0.7)
APART = {"ring": ring(), "grid": grid(), "small ring": ring(3, 0.5, 0.03)}
MIXTURES = {**APART, "wide ring": ring(5, 2.0, 0.6), "wide grid": grid(2, 1.5, 0.4), "uneven": UNEVEN}
every_mixture = pytest.mark.parametrize("mixture", MIXTURES.values(), ids=MIXTURES)
every_mixture_of_modes_apart = pytest.mark.parametrize("mixture", APART.values(), ids=APART)


def test_the_standard_ring():
    mixture = ring()
    half = 0.5**0.5
    first = [[1, 0], [half, half], [0, 1], [-half, half], [-1, 0], [-half, -half], [0, -1], [half, -half]]
    assert_close(mixture.centres, torch.tensor(first), rtol=0, atol=1e-6)
    assert mixture.deviation == 0.01
    assert_close(ring(5, 3.0).centres.norm(dim=1), torch.full((5,), 3.0))


def test_the_standard_grid():
    mixture = grid()
    assert mixture.centres.tolist() == [[x, y] for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)]
    assert mixture.deviation == 0.05
    assert grid(2, 3.0).centres.tolist() == [[-1.5, -1.5], [-1.5, 1.5], [1.5, -1.5], [1.5, 1.5]]


@every_mixture
def test_log_density_is_the_mean_of_normal_densities(mixture):
    near = sampled(mixture, 50).double()
    centres = mixture.centres.double()
    x = torch.cat([near, near * 1.3 + 0.1, centres])
    densities = [stats.multivariate_normal(c, mixture.deviation**2 * np.eye(2)).logpdf(x) for c in centres.numpy()]
    expected = np.logaddexp.reduce(densities, axis=0) - np.log(len(centres))
    assert_close(mixture.log_density(x), torch.from_numpy(expected))
    assert_close(mixture.log_density(x.reshape(-1, 1, 2)), torch.from_numpy(expected)[:, None])


@every_mixture
def test_density_integrates_to_one(mixture):
    """The trapezoid rule is as good as exact on a Gaussian at steps below its deviation."""
    step, reach = mixture.deviation * 0.8, mixture.deviation * 8
    low, high = mixture.centres.min(0).values - reach, mixture.centres.max(0).values + reach
    x, y = (torch.arange(a, b, step, dtype=torch.float64) for a, b in zip(low, high, strict=True))
    sums = [mixture.log_density(torch.cartesian_prod(x, part)).exp().sum() for part in y.split(100)]
    assert (torch.stack(sums).sum() * step**2).item() == pytest.approx(1, abs=1e-9)


@every_mixture
def test_samples_have_the_moments_of_the_mixture(mixture):
    """Mean: that of the centres; covariance: that of the centres plus σ²I; the modes are equally likely."""
    count = 40_000
    x, centres = sampled(mixture, count).double(), mixture.centres.double()
    assert (x.shape, x.isfinite().all()) == ((count, 2), True)
    spread = torch.cov(centres.T, correction=0) + mixture.deviation**2 * torch.eye(2, dtype=torch.float64)
    error = (spread.trace() / count).sqrt().item()
    assert_close(x.mean(0), centres.mean(0), rtol=0, atol=4 * error)
    assert_close(torch.cov(x.T), spread, rtol=0, atol=0.03 * spread.trace().item())


@every_mixture_of_modes_apart
def test_modes_are_equally_likely_and_normal(mixture):
    x, centres = sampled(mixture, 40_000).double(), mixture.centres.double()
    nearest = torch.cdist(x, centres).argmin(1)
    assert stats.chisquare(torch.bincount(nearest, minlength=len(centres)).numpy()).pvalue > 1e-3
    for axis in ((x - centres[nearest]) / mixture.deviation).T:
        assert stats.kstest(axis.numpy(), "norm").pvalue > 1e-3


@every_mixture_of_modes_apart
def test_mean_log_density_of_samples_is_the_negative_entropy(mixture):
    """H = log K + log(2πeσ²)."""
    value = mixture.log_density(sampled(mixture, 20_000).double()).mean().item()
    entropy = np.log(len(mixture.centres)) + np.log(2 * np.pi * np.e * mixture.deviation**2)
    assert value == pytest.approx(-entropy, abs=0.04)


def test_the_score_is_the_gradient_of_the_log_density():
    x = sampled(UNEVEN, 6).double().requires_grad_()
    assert gradcheck(UNEVEN.log_density, x)
    (gradient,) = torch.autograd.grad(ring(1, 0.0, 0.5).log_density(x).sum(), x)
    assert_close(gradient, -x.detach() / 0.25)


def test_far_away_the_density_is_finite_in_logarithms():
    x = torch.tensor([[30.0, 0.0]])
    assert_close(ring().log_density(x), torch.tensor([-(29**2) / 2e-4 - np.log(8 * 2 * np.pi * 1e-4)]).float())


def test_the_same_generator_gives_the_same_points():
    assert sampled(ring(), 10).equal(sampled(ring(), 10))
    assert not sampled(ring(), 10).equal(sampled(ring(), 10, seed=1))


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_their_own_samples_reach_every_mode(mixture):
    """Within 3σ in the plane lie 1 − exp(−9/2) of the points."""
    result = modes(sampled(mixture, 5000), mixture.centres, mixture.deviation)
    assert result.covered.value == len(mixture.centres)
    assert result.high_quality.value == pytest.approx(1 - np.exp(-4.5), abs=0.006)


def test_a_single_point_is_all_there_is():
    point = Dirac(torch.tensor([1.5, -2.0]))
    assert point.dimension == 2
    points = point.sample(3, torch.Generator())
    assert_close(points, torch.tensor([[1.5, -2.0]] * 3), rtol=0, atol=0)
    points += 1  # a copy: the density stays what it was
    assert_close(point.point, torch.tensor([1.5, -2.0]), rtol=0, atol=0)


def test_segments():
    density = segments((0.0, 1.0), (3.0, 3.5))
    x = torch.tensor([[-0.1], [0.5], [2.0], [3.2], [3.6]]).double()
    assert density.log_density(x).tolist() == pytest.approx([-np.inf, -log(1.5), -np.inf, -log(1.5), -np.inf])
    drawn = density.sample(20_000, torch.Generator().manual_seed(0)).squeeze(1)
    assert stats.kstest(drawn.numpy(), lambda at: density.cdf(torch.as_tensor(at)).numpy()).pvalue > 1e-3
    assert density.cdf(torch.tensor([0.0, 0.5, 2.0, 9.0]).double()).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_mixtures_on_the_line():
    density = gaussians(-2.0, 1.0, deviation=0.5)
    drawn = density.sample(20_000, torch.Generator().manual_seed(0)).squeeze(1)
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
