"""Parzen windows against scikit-learn's kernel density, the convolved Gaussian, and simulation."""

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KernelDensity

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import parzen as module
from ganatomy.evaluation.metrics.estimate import jackknife
from ganatomy.evaluation.metrics.parzen import SIGMAS, WARNING, best_sigma, centroids, controls, log_likelihood, parzen


def normal(*shape, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).standard_normal(shape)


def density(samples, points, sigma):
    # One leaf, so that scikit-learn sums every term: its trees leave out what they think small.
    return KernelDensity(kernel="gaussian", bandwidth=sigma, leaf_size=10**6).fit(samples).score_samples(points)


@pytest.mark.parametrize("sigma", [0.03, 0.2, 5.0])
@pytest.mark.parametrize("block", [7, 1024])
def test_it_is_a_kernel_density(sigma, block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    samples, points = normal(60, 5), normal(40, 5, seed=1, scale=2)
    np.testing.assert_allclose(
        log_likelihood(samples, points, sigma), density(samples, points, sigma), rtol=0, atol=1e-8
    )


def test_pixels_in_float32_are_good_to_a_millionth_of_a_nat():
    samples, points = (np.random.default_rng(seed).random((50, 784)).astype(np.float32) for seed in (0, 1))
    assert log_likelihood(samples, points, 0.1) == pytest.approx(density(samples, points, 0.1), abs=1e-6)


def test_one_far_window_does_not_underflow():
    value = log_likelihood(np.zeros((1, 3)), np.full((1, 3), 100.0), 0.1)
    assert value[0] == pytest.approx(-0.5 * 3e4 / 0.01 - 3 * np.log(0.1 * np.sqrt(2 * np.pi)), rel=1e-12)


@pytest.mark.parametrize(("dimensions", "sigma"), [(1, 0.2), (2, 0.5), (3, 1.0)])
def test_windows_at_gaussian_samples_make_the_convolved_gaussian(dimensions, sigma):
    samples, points = normal(10000, dimensions, scale=0.7), normal(500, dimensions, seed=1, scale=0.7)
    variance = 0.7**2 + sigma**2
    expected = stats.multivariate_normal(np.zeros(dimensions), variance).logpdf(points)
    assert log_likelihood(samples, points, sigma).mean() == pytest.approx(expected.mean(), abs=0.01)
    result = parzen(samples[:3000], points[:50], points)
    smeared = -0.5 * dimensions * (np.log(2 * np.pi * (0.49 + result.sigma**2)) + 0.49 / (0.49 + result.sigma**2))
    assert abs(result.estimate.value - smeared) < 3 * result.standard_error + 0.01


def test_sigma_is_the_best_of_the_grid():
    samples, validation = normal(200, 4, scale=0.5), normal(100, 4, seed=1, scale=0.5)
    fine = np.linspace(0.1, 1, 91)
    optimum = fine[np.argmax([density(samples, validation, sigma).mean() for sigma in fine])]
    assert best_sigma(samples, validation) == SIGMAS[np.abs(np.log(SIGMAS / optimum)).argmin()]
    assert best_sigma(samples, validation, fine) == optimum
    assert 0.1 < optimum < 1


def test_the_grid_is_that_of_the_paper():
    np.testing.assert_allclose(SIGMAS, [0.1 * 10 ** (i / 9) for i in range(10)], rtol=1e-12)


def test_the_score_is_the_mean_over_test_images():
    samples, validation, test = normal(95, 4), normal(30, 4, seed=1), normal(40, 4, seed=2)
    result = parzen(samples, validation, test)
    assert result.sigma == best_sigma(samples, validation) != best_sigma(samples, 0.1 * test)
    values = density(samples, test, result.sigma)
    assert result.estimate.value == pytest.approx(values.mean(), abs=1e-9)
    assert result.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(40), rel=1e-9)


def test_the_interval_is_a_jackknife_over_the_samples():
    samples, test = normal(63, 3), normal(50, 3, seed=1)
    result = parzen(samples, test[:20], test)
    expected = jackknife(lambda kept: density(kept, test, result.sigma).mean(), samples)
    assert result.estimate.low == pytest.approx(expected.low, abs=1e-8)
    assert result.estimate.high == pytest.approx(expected.high, abs=1e-8)


@pytest.mark.parametrize(
    ("repeats", "least", "most"), [(30, 0.83, 1), pytest.param(100, 0.91, 0.985, marks=pytest.mark.slow)]
)
def test_intervals_cover_the_expected_score(repeats, least, most, monkeypatch):
    monkeypatch.setattr(module, "best_sigma", lambda samples, validation: 0.3)
    test = normal(50, 4, seed=9)
    estimates = [parzen(normal(100, 4, seed=seed), test, test).estimate for seed in range(repeats)]
    expected = np.mean([one.value for one in estimates])
    assert least <= np.mean([one.low <= expected <= one.high for one in estimates]) <= most


def test_centroids_beat_the_samples_they_summarise():
    """Theis et al.: with few windows, means of neighbours lie nearer to new points than points themselves."""
    train, validation, test = (normal(n, 20, seed=n, scale=0.3) for n in (3000, 200, 500))
    results = controls(train, validation, test, 150)
    assert list(results) == ["training images", "k-means centroids"]
    assert results["k-means centroids"].estimate.low > results["training images"].estimate.high
    assert results == controls(train, validation, test, 150)
    assert results != controls(train, validation, test, 150, seed=1)
    assert "do not rank" in WARNING


def test_training_images_are_the_control_without_repetition(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "parzen", lambda samples, validation, test: seen.append((samples, validation, test)))
    train = np.arange(60.0)[:, None]
    controls(train, train[:2], train[2:5], 40)
    for samples, validation, test in seen:
        assert samples.shape == (40, 1)
        assert (validation.tolist(), test.tolist()) == ([[0], [1]], [[2], [3], [4]])
    subset = seen[0][0][:, 0]
    assert len(set(subset)) == 40
    assert set(subset) <= set(range(60)) != set(range(40))
    assert set(subset) != set(range(40))


def test_centroids_are_means_of_clusters():
    train = np.repeat([[0.0, 0], [8, 0], [0, 8]], 50, axis=0) + normal(150, 2, scale=0.1)
    found = centroids(train, 3, seed=3)
    np.testing.assert_allclose(found[np.lexsort(found.round().T)], [[0, 0], [8, 0], [0, 8]], atol=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parzen(normal(1, 3), normal(5, 3), normal(5, 3)), "at least 2 generated samples; there is 1"),
        (lambda: parzen(normal(5, 3), normal(5, 3), normal(1, 3)), "at least 2 real samples; there is 1"),
        (lambda: parzen(normal(5, 3), normal(5, 2), normal(5, 3)), "real set has 2 features"),
        (lambda: log_likelihood(normal(5, 3), normal(5, 2), 0.1), "real set has 2 features"),
        (lambda: log_likelihood(normal(5, 3), normal(5, 3), 0.0), "positive window widths"),
        (lambda: best_sigma(normal(5, 3), normal(5, 3), []), "positive window widths"),
        (lambda: best_sigma(normal(5, 3) * np.nan, normal(5, 3)), "NaN"),
        (lambda: controls(normal(5, 3), normal(5, 3), normal(5, 3), 6), "of 6 training images needs at least 6"),
        (lambda: centroids(normal(5, 3), 6), "at least 6 training samples; there are 5"),
    ],
)
def test_sets_that_do_not_suffice_are_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
