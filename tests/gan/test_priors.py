"""Latent vectors: their distribution, the ways between them, and the walk."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Generator
from torch.testing import assert_close

from ganatomy import build
from ganatomy.config import options as config
from ganatomy.errors import UserError
from ganatomy.gan.latent import walk
from ganatomy.gan.priors import PRIORS, linear, spherical, truncated_normal, truncated_uniform
from ganatomy.networks.pair_shape import PairShape

ROOT3 = 3**0.5
DISTRIBUTIONS = {"normal": stats.norm(), "uniform": stats.uniform(-ROOT3, 2 * ROOT3)}
every_prior = pytest.mark.parametrize("name", sorted(PRIORS))


def prior(name, dimension=8):
    return build.prior(config.PriorOptions(name=name, dimension=dimension))


def vector(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def random_vector(seed, dimension=6):
    return torch.randn(dimension, generator=Generator().manual_seed(seed), dtype=torch.float64)


# Draws. With N numbers and a fixed seed, tolerances are five standard errors: one right sampler in a million fails.


@every_prior
def test_draws_have_their_distribution(name):
    z = prior(name).sample(20_000, Generator().manual_seed(0))
    assert (z.shape, z.dtype) == ((20_000, 8), torch.float32)
    assert stats.kstest(z.flatten().numpy(), DISTRIBUTIONS[name].cdf).pvalue > 1e-3


@every_prior
def test_coordinates_are_independent_with_mean_0_and_variance_1(name):
    count = 20_000
    z = prior(name).sample(count, Generator().manual_seed(1)).numpy().astype(float)
    assert np.abs(z.mean(0)).max() < 5 / count**0.5
    assert np.abs(np.cov(z.T) - np.eye(8)).max() < 5 * 2**0.5 / count**0.5  # the variance of z² is at most 2


def test_the_uniform_prior_keeps_inside_its_bounds():
    z = prior("uniform").sample(20_000, Generator().manual_seed(2))
    assert ROOT3 - 1e-3 < z.max() <= ROOT3
    assert -ROOT3 <= z.min() < -ROOT3 + 1e-3


@every_prior
def test_a_seeds_vector_does_not_depend_on_the_others(name):
    z = prior(name).of_seeds([3, 1, 4])
    assert torch.equal(z[1:2], prior(name).of_seeds([1]))
    assert torch.equal(z.flip(0), prior(name).of_seeds([4, 1, 3]))
    assert len(z.unique(dim=0)) == 3


@pytest.mark.parametrize("first", [0, 5000, 2**32 - 1000])
def test_consecutive_seeds_have_the_datas_classes_in_proportion(first):
    shares = [1, 0, 2, 3, 4]
    by_class = build.prior(config.PriorOptions(dimension=8, conditional=True, classes=shares))
    codes = by_class.of_seeds(range(first, first + 1000))
    z, weights = by_class.split(codes)
    assert weights.sum(0).tolist() == pytest.approx([100 * share for share in shares], abs=3)  # drawn, it would be 30
    assert torch.equal(z, prior("normal").of_seeds(range(first, first + 1000)))
    assert torch.equal(by_class.of_seeds([first + 7]), codes[7:8])
    assert by_class.of_seeds([first], label=3)[0, 8:].tolist() == [0, 0, 0, 1, 0]


# Interpolation


def rotated(start, end, share):
    """`start`, turned by `share` of the angle to `end` in their plane (Gram–Schmidt), with lengths mixed linearly."""
    a, b = start / start.norm(), end / end.norm()
    across = b - (a @ b) * a
    angle = share * torch.arccos(a @ b)
    length = (1 - share) * start.norm() + share * end.norm()
    return length * (angle.cos() * a + angle.sin() * across / across.norm())


@pytest.mark.parametrize("seed", range(5))
def test_spherical_interpolation_turns_evenly(seed):
    start, end, share = random_vector(seed), 3 * random_vector(seed + 100), torch.linspace(0, 1, 7, dtype=torch.float64)
    expected = torch.stack([rotated(start, end, each) for each in share])
    assert_close(spherical(start, end, share), expected, rtol=0, atol=1e-12)


def test_spherical_interpolation_of_a_right_angle():
    middle = spherical(vector(2, 0), vector(0, 2), vector(1 / 3))
    assert_close(middle, vector([3**0.5, 1]), rtol=0, atol=1e-14)  # 30° on the circle of radius 2


@pytest.mark.parametrize("way", [spherical, linear])
def test_interpolation_begins_and_ends_at_its_ends(way):
    start, end = random_vector(0).float(), 3 * random_vector(1).float()
    assert_close(way(start, end, torch.tensor([0.0, 1.0])), torch.stack([start, end]), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("factor", [1.0, 2.5])
@pytest.mark.parametrize("start", [random_vector(0).float(), torch.tensor([0.0, 2.0])], ids=["any", "axis"])
def test_spherical_interpolation_of_parallel_vectors_is_straight(start, factor):
    share = torch.linspace(0, 1, 5)
    assert_close(spherical(start, factor * start, share), linear(start, factor * start, share))


def test_spherical_interpolation_of_opposite_vectors_is_half_a_circle():
    """By the axis of the smallest coordinate: 180° in thirds, from length 2 to 4."""
    path = spherical(vector(2, 0), vector(-4, 0), torch.tensor([0, 1 / 3, 0.5, 2 / 3, 1], dtype=torch.float64))
    root = 3**0.5
    lengths = vector(2, 8 / 3, 3, 10 / 3, 4)[:, None]
    turns = torch.stack([vector(1, 0), vector(0.5, root / 2), vector(0, 1), vector(-0.5, root / 2), vector(-1, 0)])
    assert_close(path, lengths * turns, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", [-1.0, -2.5])
def test_spherical_interpolation_of_opposite_vectors_turns_evenly_and_avoids_zero(factor):
    start, share = random_vector(0).float(), torch.linspace(0, 1, 9)
    path = spherical(start, factor * start, share)
    assert_close(path.norm(dim=1), start.norm() * (1 + (-factor - 1) * share))
    assert_close(path @ start / path.norm(dim=1) / start.norm(), torch.cos(share * np.pi), rtol=0, atol=1e-5)
    assert_close(path[[0, -1]], torch.stack([start, factor * start]))


def test_spherical_interpolation_from_or_to_zero_is_straight():
    end, share = vector(3, -4), vector(0, 0.25, 1)
    assert_close(spherical(0 * end, end, share), share[:, None] * end, rtol=0, atol=1e-14)
    assert_close(spherical(end, 0 * end, share), (1 - share)[:, None] * end, rtol=0, atol=1e-14)
    assert spherical(0 * end, 0 * end, share).tolist() == [[0, 0]] * 3


def test_one_dimension_has_no_circle():
    assert_close(spherical(vector(2), vector(-2), vector(0, 0.5, 1)), vector(2, 0, -2)[:, None], rtol=0, atol=1e-12)


@pytest.mark.parametrize("gap", [0.1, 1e-2, 1e-3])
@pytest.mark.parametrize("opposite", [False, True])
def test_spherical_interpolation_keeps_the_length_near_parallel_and_opposite_vectors(gap, opposite):
    """In float32, as training draws them: vectors of one length at an angle of `gap`, or π − `gap`."""
    a, b = random_vector(0, 100), random_vector(1, 100)
    b = (b - (a @ b) / (a @ a) * a) * a.norm() / (b - (a @ b) / (a @ a) * a).norm()
    end = np.cos(gap) * a + np.sin(gap) * b
    path = spherical(a.float(), (-end if opposite else end).float(), torch.linspace(0, 1, 9))
    assert_close(path.norm(dim=1), a.norm().float().expand(9), rtol=1e-3, atol=0)


def test_linear_interpolation_is_straight():
    path = linear(vector(0, 4), vector(2, 0), vector(0, 0.25, 1))
    assert path.tolist() == [[0, 4], [0.5, 3], [2, 0]]


# Truncation

bounds = pytest.mark.parametrize("bound", [0.05, 0.5, 1.0, 2.0])


@bounds
def test_truncated_normal_maps_quantiles_to_quantiles(bound):
    z = torch.linspace(-6, 6, 241, dtype=torch.float64)
    moved = truncated_normal(z, bound)
    assert np.allclose(stats.truncnorm(-bound, bound).cdf(moved), stats.norm.cdf(z), rtol=0, atol=1e-12)
    assert (moved.diff() > 0).all()
    assert moved.abs().max() <= bound


@bounds
def test_truncated_normal_draws_have_the_truncated_distribution(bound):
    z = truncated_normal(prior("normal").sample(5_000, Generator().manual_seed(3)), bound)
    assert z.dtype == torch.float32
    assert z.abs().max() <= bound
    assert stats.kstest(z.flatten().numpy(), stats.truncnorm(-bound, bound).cdf).pvalue > 1e-3


@pytest.mark.parametrize("bound", [0.05, 2.0, 10.0])
def test_truncated_normal_is_bounded_far_out_too(bound):
    assert truncated_normal(torch.tensor([-40.0, 9.0, 40.0]), bound).abs().max() <= bound


def test_a_wide_bound_truncates_nothing():
    z = torch.linspace(-5, 5, 101)
    assert_close(truncated_normal(z, 8.0), z, rtol=0, atol=1e-6)
    assert torch.equal(truncated_uniform(z / 3, 1.8), z / 3)


@bounds
def test_truncated_uniform_draws_are_uniform_inside_the_bound(bound):
    z = truncated_uniform(prior("uniform").sample(5_000, Generator().manual_seed(4)), bound)
    edge = min(bound, ROOT3)
    assert z.abs().max() <= edge
    assert stats.kstest(z.flatten().numpy(), stats.uniform(-edge, 2 * edge).cdf).pvalue > 1e-3


# Walk


@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(stops=st.integers(1, 6), frames=st.integers(6, 40))
def test_a_straight_walk_is_evenly_paced_and_closed(stops, frames):
    """Frame i lies at i·S/F stops along the closed path, the reference being numpy's linear interpolation."""
    corners = prior("uniform", 3).of_seeds(list(range(stops)))
    closed = torch.cat([corners, corners[:1]]).double().numpy()
    at = np.arange(frames) * stops / frames
    expected = np.stack([np.interp(at, np.arange(stops + 1), column) for column in closed.T], axis=1)
    path = walk(prior("uniform", 3), corners, frames)
    assert np.allclose(path, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_walk_that_cannot_show_its_stops_is_refused(frames):
    corners = prior("normal").of_seeds([1, 2, 3])
    with pytest.raises(UserError, match=f"{frames} frames cannot show 3 seeds"):
        walk(prior("normal"), corners, frames)
    assert len(walk(prior("normal"), corners, 3)) == 3


@every_prior
def test_a_walk_passes_through_its_stops(name):
    stops = prior(name).of_seeds([5, 6, 7])
    assert_close(walk(prior(name), stops, 12)[::4], stops, rtol=0, atol=1e-6)


def test_a_spherical_walk_turns_by_equal_angles_also_back_to_its_start():
    stops = prior("normal").of_seeds([5, 6, 7])
    path = walk(prior("normal"), stops, 12)
    turns = torch.cosine_similarity(path, path.roll(-1, 0)).arccos()
    legs = torch.cosine_similarity(stops, stops.roll(-1, 0)).arccos()
    assert_close(turns, (legs / 4).repeat_interleave(4), rtol=0, atol=1e-4)


def test_codes_of_given_images_have_them_behind_z() -> None:
    chosen = build.prior_of(config.PriorOptions(dimension=3), PairShape(2, 8, 12, 4))
    images = torch.rand(5, 2, 2, 3)
    z, beside = chosen.split(chosen.of_given(images))
    assert torch.equal(beside, images)
    assert torch.equal(z, build.prior(config.PriorOptions(dimension=3)).of_seeds(range(5)))
