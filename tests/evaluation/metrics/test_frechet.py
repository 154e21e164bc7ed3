"""The Fréchet distance against its closed forms for Gaussians, and its properties for every rank and scale."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import block_diag
from scipy.stats import ortho_group

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import METRICS, Sample, Sets, frechet
from ganatomy.evaluation.metrics.frechet import (
    Gaussian,
    RunningGaussian,
    between,
    fid_infinity,
    frechet_distance,
    gaussian,
    nuclear_norm,
)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def exact(mean, covariance, count=200, seed=0):
    """Samples that have exactly this mean and this covariance (ddof 1)."""
    white = drawn(count, len(mean), seed=seed)
    white -= white.mean(axis=0)
    white = np.linalg.qr(white)[0] * sqrt(count - 1)
    values, vectors = np.linalg.eigh(np.asarray(covariance, float))
    return white * np.sqrt(values.clip(0)) @ vectors.T + mean


def covariance(fitted):
    return fitted.factor.T @ fitted.factor


def test_diagonal_gaussians():
    a, b = np.array([4.0, 0.25, 9.0]), np.array([1.0, 2.25, 16.0])
    real, fake = exact([1, -2, 0], np.diag(a)), exact([0, 1, 5], np.diag(b), count=350, seed=1)
    assert frechet_distance(real, fake) == pytest.approx(35 + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum(), rel=1e-9)


def test_scaled_identities():
    real, fake = exact(np.zeros(6), 4 * np.eye(6)), exact(np.full(6, 0.5), 0.09 * np.eye(6), seed=1)
    assert frechet_distance(real, fake) == pytest.approx(6 * 0.25 + 6 * (2 - 0.3) ** 2, rel=1e-9)


@pytest.mark.parametrize("other", [[[5.0, 2.0], [2.0, 5.0]], [[1.0, -0.9], [-0.9, 3.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_two_by_two(other):
    """Commuting, not commuting and singular: Tr √M = √(Tr M + 2√det M) for a 2×2 M with eigenvalues ≥ 0."""
    one = np.array([[2.0, 1.0], [1.0, 2.0]])
    product = one @ np.array(other)
    root = sqrt(np.trace(product) + 2 * sqrt(max(0, round(np.linalg.det(product), 12))))
    real, fake = exact([0, 0], one), exact([3, -1], other, seed=1)
    assert frechet_distance(real, fake) == pytest.approx(10 + np.trace(one) + np.trace(other) - 2 * root, rel=1e-9)


def test_blocks_add_up():
    """A distance of many features with known parts, none of them along the axes."""
    turn = ortho_group.rvs(8, random_state=0)
    parts = [exact([i, 0], [[2, 1], [1, 2 + i]], seed=i) for i in range(4)]
    others = [exact([0, i], [[3, -1], [-1, 1 + i]], seed=9 + i) for i in range(4)]
    means = [np.concatenate([part.mean(axis=0) for part in side]) for side in (parts, others)]
    covariances = [block_diag(*[np.cov(part.T) for part in side]) for side in (parts, others)]
    real, fake = (
        exact(m @ turn, turn.T @ c @ turn, seed=i) for i, (m, c) in enumerate(zip(means, covariances, strict=True))
    )
    expected = sum(frechet_distance(part, other) for part, other in zip(parts, others, strict=True))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-9)


KINDS = {
    "plain": lambda x, random: x,
    "repeated samples": lambda x, random: x[random.integers(0, len(x), len(x))],
    "constant features": lambda x, random: np.where(np.arange(x.shape[1]) % 2, x, 3.7),
    "all constant": lambda x, random: np.full_like(x, 0.1),
    "repeated features": lambda x, random: x[:, random.integers(0, x.shape[1], x.shape[1])],
    "scales apart": lambda x, random: x * 10.0 ** random.uniform(-8, 8, x.shape[1]),
    "float32": lambda x, random: (5 * x).astype(np.float32),
    "flat": lambda x, random: x @ random.standard_normal((x.shape[1], 2)) @ random.standard_normal((2, x.shape[1])),
    "ill-conditioned": lambda x, random: x * np.geomspace(1, 1e-9, x.shape[1]) @ ortho(x.shape[1], random),
}


def ortho(size, random):
    return np.linalg.qr(random.standard_normal((size, size)))[0]


@given(
    kind=st.sampled_from(list(KINDS)),
    features=st.integers(1, 40),
    more=st.sampled_from([-30, -1, 0, 1, 2, 50]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_set_is_at_no_distance_from_itself_and_at_a_known_one_from_its_shift(kind, features, more, seed):
    random = np.random.default_rng(seed)
    real = KINDS[kind](random.standard_normal((max(2, features + more), features)), random)
    trace = np.var(real.astype(float), axis=0, ddof=1).sum()
    assert 0 <= frechet_distance(real, real) <= 1e-9 * trace + 1e-25
    shift = random.standard_normal(features) * sqrt(trace)
    moved = real.astype(float) + shift
    assert frechet_distance(real, moved) == pytest.approx(shift @ shift, rel=1e-9, abs=1e-9 * trace + 1e-25)


@given(
    kinds=st.tuples(st.sampled_from(list(KINDS)), st.sampled_from(list(KINDS))),
    features=st.integers(1, 30),
    counts=st.tuples(st.integers(2, 70), st.integers(2, 70)),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_it_is_symmetric_turns_with_the_features_and_equals_singular_values_of_the_samples(
    kinds, features, counts, seed
):
    random = np.random.default_rng(seed)
    real, fake = (
        KINDS[kind](random.standard_normal((n, features)), random).astype(float)
        for kind, n in zip(kinds, counts, strict=True)
    )
    value, turn = frechet_distance(real, fake), ortho(features, random)
    a, b = ((x - x.mean(axis=0)) / sqrt(len(x) - 1) for x in (real, fake))
    scale = (a**2).sum() + (b**2).sum() + ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    singular = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    assert value >= 0
    assert value == pytest.approx(max(0, scale - 2 * singular), abs=1e-9 * scale + 1e-25)
    assert frechet_distance(fake, real) == pytest.approx(value, abs=1e-9 * scale + 1e-25)
    assert frechet_distance(real @ turn, fake @ turn) == pytest.approx(value, abs=1e-9 * scale + 1e-25)


@pytest.mark.parametrize("count", [5, 20, 21, 300])
def test_mean_and_covariance_are_those_of_numpy(count):
    samples = drawn(count, 20) @ drawn(20, 20, seed=1) + 7
    fitted = gaussian(samples)
    np.testing.assert_allclose(fitted.mean, samples.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(covariance(fitted), np.cov(samples.T), rtol=1e-11, atol=1e-11)
    assert fitted.trace == pytest.approx(np.trace(np.cov(samples.T)), rel=1e-12)
    assert (fitted.count, fitted.factor.shape) == (count, (min(count, 20), 20))


def in_batches(samples, size):
    running, batch = RunningGaussian(), None
    for i in range(0, len(samples), size):
        if batch is None or len(samples[i : i + size]) != len(batch):
            batch = np.empty_like(samples[i : i + size])
        batch[:] = samples[i : i + size]  # the same array again and again, as a loader may do
        running.add(batch)
    return running.gaussian()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("count", "size"), [(100, 1), (100, 7), (100, 33), (100, 100), (9, 2), (13, 12)])
def test_batches_of_any_size_agree_with_the_whole(kind, count, size):
    samples = KINDS[kind](drawn(count, 12), np.random.default_rng(1))
    whole, streamed = gaussian(samples), in_batches(samples, size)
    spread = np.sqrt(np.diag(covariance(whole)))
    np.testing.assert_allclose(streamed.mean, whole.mean, rtol=1e-13, atol=1e-14 * spread.max())
    np.testing.assert_allclose(
        covariance(streamed), covariance(whole), rtol=1e-12, atol=1e-13 * spread.max() * max(1, spread.max())
    )
    assert streamed.count == whole.count
    assert between(whole, streamed) <= 1e-12 * whole.trace + 1e-25


def test_a_large_common_offset_loses_nothing():
    samples = np.round(drawn(500, 5) * 2**10) / 2**10  # the sum with 2⁴⁰ is exact
    for fitted in (gaussian(samples + 2.0**40), in_batches(samples + 2.0**40, 3)):
        np.testing.assert_allclose(covariance(fitted), np.cov(samples.T), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(fitted.mean - 2.0**40, samples.mean(axis=0), rtol=0, atol=5e-4)  # 2ε·2⁴⁰


def test_memory_does_not_grow_with_the_samples():
    running, sizes = RunningGaussian(), []
    for i in range(200):
        running.add(drawn(5, 16, seed=i))
        sizes.append(running._factor.size + sum(batch.size for batch in running._waiting))
    assert max(sizes) <= 2 * 16 * 16 + 5 * 16


def test_the_quick_way_and_the_accurate_way_agree_and_each_is_taken(monkeypatch):
    svd, calls = np.linalg.svd, []
    monkeypatch.setattr(frechet.np.linalg, "svd", lambda *args, **kwargs: calls.append(1) or svd(*args, **kwargs))
    turns = [ortho(30, np.random.default_rng(i)) for i in range(2)]
    for smallest, careful in [(1e-1, False), (1e-4, False), (1e-8, True), (0.0, True)]:
        singular = np.linspace(1, smallest, 30)
        calls.clear()
        assert nuclear_norm(turns[0] * singular @ turns[1]) == pytest.approx(singular.sum(), rel=1e-9)
        assert bool(calls) == careful
    # Too many small ones for the tolerance, and one too small for the estimate of the error to hold.
    for singular in (np.repeat([1.0, 3e-7], [2, 198]), np.repeat([1.0, 1e-8], [199, 1])):
        calls.clear()
        assert nuclear_norm(np.diag(singular)) == pytest.approx(singular.sum(), rel=1e-12)
        assert calls
    assert nuclear_norm(np.array([[3.0, 4.0]])) == pytest.approx(5, rel=1e-12)
    assert nuclear_norm(np.array([[3.0], [4.0], [12.0]])) == pytest.approx(13, rel=1e-12)
    assert nuclear_norm(np.zeros((3, 4))) == 0


def test_many_lost_singular_values_are_found_again():
    """Half of the values are 1e-9 of the rest: their squares drown, and the sum of roots of what is left is wrong."""
    turns = [ortho(200, np.random.default_rng(i)) for i in range(2)]
    singular = np.where(np.arange(200) < 2, 1.0, 1e-9)
    assert nuclear_norm(turns[0] * singular @ turns[1]) == pytest.approx(2 + 198e-9, abs=1e-12)


@pytest.mark.parametrize("little", [1e-9, 1e-7])
def test_a_direction_that_only_one_set_has(little):
    """Covariances as far from each other as can be: the squares of the small ones would leave 1e-8."""
    turn = ortho(10, np.random.default_rng(3))
    real = exact(np.zeros(10), turn.T @ np.diag([1.0] * 10) @ turn)
    fake = drawn(300, 10, seed=1) * np.where(np.arange(10) < 5, 1.0, little) @ turn
    centred = (fake - fake.mean(axis=0)) / sqrt(299)
    expected = 10 + (centred**2).sum() + (fake.mean(axis=0) ** 2).sum() - 2 * np.linalg.svd(centred)[1].sum()
    assert frechet_distance(real, fake) == pytest.approx(expected, abs=1e-12)


def test_infinitely_many_samples_have_no_bias():
    """d² of N samples of the reference itself falls as 1/N; its line meets 0 where the distance does."""
    real = exact(np.zeros(32), np.eye(32), count=4_000)
    sets = [drawn(4_000, 32, seed=seed) for seed in range(40)]
    bias = (32 + 32 * 33 / 4) / 4_000  # E‖μ‖² and, to first order in 1/N, E‖Σ − I‖²_F/4
    assert np.mean([frechet_distance(real, fake) for fake in sets]) == pytest.approx(bias, rel=0.05)
    values = [fid_infinity(real, fake) for fake in sets]
    assert np.mean(values) == pytest.approx(0, abs=0.06 * bias)  # three standard errors


def test_the_bias_of_a_finite_number_stands_beside_the_distance():
    """The bias of N samples of the reference itself is their mean distance: (D + D(D + 1)/4)/N to first order."""
    real = Sample(exact(np.zeros(16), np.eye(16), count=4_000), None, np.empty(0))
    found = [METRICS["fd"].measure(Sets(real, Sample(drawn(800, 16, seed=i), None, np.empty(0))), True) for i in (1, 2)]
    for scores in found:
        assert scores["fd"].details["bias"] == pytest.approx((16 + 16 * 17 / 4) / 800, rel=0.15)
        assert "fd_infinity, from 1,500 images on" in scores["fd"].details["note"]
    far = METRICS["fd"].measure(Sets(real, Sample(2 * drawn(800, 16, seed=3) + 3, None, np.empty(0))), True)["fd"]
    assert list(far.details) == ["bias"]  # which is less than the interval reaches
    two = METRICS["fd"].measure(Sets(real, Sample(drawn(2, 16), None, np.empty(0))), True)["fd"]
    assert two.details == {}


@pytest.mark.parametrize("share", [1e-2, 1e-4])
def test_nearly_equal_sets_with_fewer_samples_than_features_have_a_closed_form(share):
    """Y = (1 + s)X: d² = s²(‖μ‖² + Tr Σ). The root of the singular Σ₁Σ₂ loses 6e-8 of Tr Σ here: d² turns negative."""
    real = drawn(40, 500) * np.arange(1, 501) ** -0.5 + 0.1
    expected = share**2 * (np.square(real.mean(0)).sum() + real.var(0, ddof=1).sum())
    assert frechet_distance(real, (1 + share) * real) == pytest.approx(expected, rel=1e-11 / share**2)


def test_infinity_is_the_intercept_over_its_sizes(monkeypatch):
    """A distance that is 3 + 500/N exactly, over evenly spaced sizes."""
    seen = []

    def distance(real, fake):
        seen.append(fake.count)
        return 3 + 500 / fake.count

    monkeypatch.setattr(frechet, "between", distance)
    real, fake = drawn(2_000, 1), drawn(3_000, 1, seed=1)
    assert fid_infinity(real, fake, points=5, least=1_000) == pytest.approx(3, rel=1e-9)
    assert seen == [1_000, 1_500, 2_000, 2_500, 3_000]
    seen.clear()
    fid_infinity(real, np.repeat(fake, 5, axis=0))
    assert (len(seen), seen[0], seen[-1]) == (15, 1_500, 15_000)
    seen.clear()
    fid_infinity(real, fake)
    assert seen[0] == 1_000


def test_infinity_is_seeded():
    real, fake = drawn(2_000, 4), 1.1 * drawn(2_500, 4, seed=1)
    assert fid_infinity(real, fake) == fid_infinity(real, fake)
    assert fid_infinity(real, fake, seed=1) != fid_infinity(real, fake)
    assert fid_infinity(real, fake) == pytest.approx(frechet_distance(real, fake), abs=0.02)


def test_inputs_are_left_alone():
    real, fake = drawn(50, 4), drawn(60, 4, seed=1)
    before = real.copy(), fake.copy()
    frechet_distance(real, fake)
    RunningGaussian().add(real)
    assert np.array_equal(real, before[0])
    assert np.array_equal(fake, before[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(drawn(1, 3), drawn(5, 3)), "at least 2 real samples; there is 1"),
        (lambda: frechet_distance(drawn(5, 3), drawn(1, 3)), "at least 2 generated samples; there is 1"),
        (lambda: frechet_distance(drawn(5, 3), drawn(5, 4)), "3 features .* 4"),
        (lambda: frechet_distance(drawn(5, 3), np.full((5, 3), np.nan)), "generated features contain NaN"),
        (lambda: gaussian(drawn(1, 3)), "at least 2"),
        (lambda: gaussian(drawn(3)), "shape"),
        (lambda: between(gaussian(drawn(9, 3)), gaussian(drawn(9, 4))), "3 features, .* 4"),
        (lambda: RunningGaussian().gaussian(), "at least 2 samples; there are 0"),
        (lambda: in_batches(drawn(1, 3), 1), "at least 2 samples; there is 1"),
        (lambda: [running := RunningGaussian(), running.add(drawn(2, 3)), running.add(drawn(2, 4))], "4 features .* 3"),
        (lambda: [running := RunningGaussian(), running.add(drawn(9, 3)), running.add(drawn(2, 4))], "4 features .* 3"),
        (lambda: RunningGaussian().add(np.full((2, 2), np.inf)), "NaN or infinite"),
        (lambda: fid_infinity(drawn(2_000, 3), drawn(1_499, 3)), "at least 1,500 generated samples"),
        (lambda: fid_infinity(drawn(1, 3), drawn(2_000, 3)), "at least 2 real samples"),
        (lambda: fid_infinity(drawn(2_000, 3), drawn(2_000, 3), points=1), "at least 2 points"),
        (lambda: fid_infinity(drawn(2_000, 3), drawn(2_000, 3), least=2_000), "2 to 2,000 samples"),
        (lambda: fid_infinity(drawn(2_000, 3), drawn(2_000, 3), least=1), "2 to 2,000 samples"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(UserError, match=message):
        call()


def test_a_gaussian_cannot_be_changed():
    with pytest.raises(AttributeError):
        gaussian(drawn(5, 2)).count = 3
    assert isinstance(gaussian(drawn(5, 2)), Gaussian)


def test_many_samples_are_fitted_in_blocks_and_some_may_be_kept():
    samples = drawn(20_000, 6) @ np.diag([1, 2, 3, 4, 5, 6])
    fitted = gaussian(samples)
    np.testing.assert_allclose(covariance(fitted), np.cov(samples.T), rtol=1e-12)
    np.testing.assert_allclose(fitted.mean, samples.mean(axis=0), rtol=1e-12, atol=1e-14)
    for count in (50, 9_000):
        kept = np.random.default_rng(1).permutation(20_000)[:count]
        np.testing.assert_allclose(covariance(gaussian(samples, kept)), np.cov(samples[kept].T), rtol=1e-12, atol=1e-14)
