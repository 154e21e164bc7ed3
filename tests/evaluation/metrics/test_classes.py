"""Class and mode coverage against hand counts, scipy's entropies and simulation."""

import numpy as np
import pytest
from scipy import stats

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.classes import covered, modes, reached
from ganatomy.evaluation.metrics.estimate import matched_bootstrap

REAL = np.repeat([0, 1, 2, 3, 4], [10, 20, 30, 25, 15])
FAKE = np.repeat([0, 1, 2, 4], [40, 10, 30, 20])


def test_the_divergence_goes_from_generated_to_real():
    result = covered(REAL, FAKE, 5)
    real, fake = np.array([10, 20, 30, 25, 15]), np.array([40, 10, 30, 0, 20])
    assert result.covered.value == 4
    assert result.divergence.value == pytest.approx(stats.entropy(fake, real), rel=1e-12)
    assert result.entropy.value == pytest.approx(stats.entropy(fake), rel=1e-12)


def test_a_generator_of_one_class_has_a_closed_form():
    result = covered(REAL, np.full(30, 2), 5)
    assert (result.covered.value, result.entropy.value) == (1, 0)
    assert result.divergence.value == pytest.approx(np.log(100 / 30))


def test_probabilities_count_as_their_likeliest_class():
    def probabilities(labels):
        return 0.6 * np.eye(5)[labels] + 0.4 / 5

    assert covered(probabilities(REAL), probabilities(FAKE), 5) == covered(REAL, FAKE, 5)
    assert covered(REAL, probabilities(FAKE), 5) == covered(REAL, FAKE, 5)


def test_the_order_of_samples_does_not_matter():
    shuffled = np.random.default_rng(0).permutation(FAKE)
    assert covered(REAL[::-1], shuffled, 5) == covered(REAL, FAKE, 5)


def test_a_plain_count_is_certain_and_singletons_make_it_less_so():
    estimate = reached(np.array([500, 400, 0, 900]))
    assert estimate.low == pytest.approx(3, abs=1e-3)
    assert estimate.high == pytest.approx(3, abs=1e-3)
    widths = [reached(np.array([50] * (20 - rare) + [1] * rare + [0] * 10)) for rare in (0, 2, 6)]
    assert np.all(np.diff([one.high - one.low for one in widths]) > 0.5)
    assert reached(np.array([1] * 20)).high == 20
    assert reached(np.array([0, 0])).value == 0
    assert reached(np.array([3, 1, 0, 2, 2]), least=2).value == 3


def spread(classes, width, seed=0):
    weights = np.exp(width * np.random.default_rng(seed).standard_normal(classes))
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("truth", "number", "least"), [(spread(500, 1.5), 5000, 1), (spread(300, 2), 1000, 1), (spread(300, 1.5), 2000, 2)]
)
def test_the_number_of_classes_has_an_interval(truth, number, least):
    drawn = np.random.default_rng(1).multinomial(number, truth, size=1000)
    expected = (drawn >= least).sum(1).mean()
    estimates = [reached(counts, least) for counts in drawn[:300]]
    assert 0.91 <= np.mean([one.low <= expected <= one.high for one in estimates]) <= 0.985


def drawn_and_scored(width, repeats):
    """(KL, entropy) of many draws of 500 in 20 classes, and the results of the first few against even real classes."""
    rng = np.random.default_rng(3)
    real = rng.multinomial(20000, np.full(20, 1 / 20))
    drawn = rng.multinomial(500, spread(20, width), size=20000)
    scores = stats.entropy(drawn, real[None], axis=1), stats.entropy(drawn, axis=1)
    labels = (np.repeat(np.arange(20), counts) for counts in drawn[:repeats])
    return scores, [covered(np.repeat(np.arange(20), real), fake, 20) for fake in labels]


@pytest.mark.parametrize(
    ("width", "repeats", "least", "most"),
    [
        (0.3, 30, 0.83, 1),
        pytest.param(0.3, 100, 0.91, 0.985, marks=pytest.mark.slow),
        pytest.param(1.0, 100, 0.91, 0.985, marks=pytest.mark.slow),
    ],
)
def test_divergence_and_entropy_have_intervals(width, repeats, least, most):
    scores, results = drawn_and_scored(width, repeats)
    for name, values in zip(("divergence", "entropy"), scores, strict=True):
        estimates = [getattr(result, name) for result in results]
        assert least <= np.mean([one.low <= values.mean() <= one.high for one in estimates]) <= most


def test_a_perfect_generators_error_is_not_counted_twice():
    """Draws from what was observed would have √3 times the divergence's true error here."""
    (divergences, _), results = drawn_and_scored(0.0, 60)
    errors = [(one.divergence.high - one.divergence.value) / 1.96 for one in results]
    assert np.mean(errors) == pytest.approx(divergences.std(), rel=0.15)


def test_the_matched_bootstrap_knows_the_error_of_a_linear_score():
    """A share: √(p(1 − p)/n), wherever the base lies."""
    counts = np.array([30, 70])
    for base in ([0.5, 0.5], [0.3, 0.7], [1.0, 0.0]):
        estimate = matched_bootstrap(lambda drawn: drawn[..., 0] / 100, counts, np.array(base))
        assert estimate.value == 0.3
        assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 100), rel=0.1)
        assert estimate.low + estimate.high == pytest.approx(0.6)


def test_modes_are_reached_within_three_sigma():
    centres = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    points = np.array([[0, 2.9], [0, 3.1], [1, 1], [10, 0], [10, 10.5], [9.5, 10], [0, 13.5], [5, 5]])
    result = modes(points, centres, sigma=1)
    assert result.covered.value == 3
    assert result.high_quality.value == 5 / 8
    assert modes(points, centres, 1, least=2).covered.value == 2
    assert modes(points, centres, 0.97).high_quality.value == 5 / 8
    assert modes(points, centres, 0.96).high_quality.value == 4 / 8
    assert 0 < result.high_quality.low < 5 / 8 < result.high_quality.high < 1


def test_a_gaussian_in_the_plane_is_within_three_sigma_by_the_closed_form():
    angles = 2 * np.pi * np.arange(8) / 8
    centres = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rng = np.random.default_rng(0)
    points = centres[rng.integers(8, size=40000)] + 0.02 * rng.standard_normal((40000, 2))
    result = modes(points, centres, 0.02)
    assert result.covered.value == 8
    assert result.high_quality.low <= 1 - np.exp(-4.5) <= result.high_quality.high


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (REAL, np.array([0, 5]), "labels from 0 to 4"),
        (REAL, np.array([0, -1]), "labels from 0 to 4"),
        (REAL, np.array([0.0, 1.0]), "float64"),
        (REAL, np.array([], int), r"generated samples.*\(0,\)"),
        (REAL, np.full((3, 5), np.nan), "finite probabilities"),
        (np.ones((3, 4)) / 4, FAKE, r"real samples.*\(3, 4\)"),
    ],
)
def test_labels_that_mean_nothing_are_refused(real, fake, message):
    with pytest.raises(UserError, match=message):
        covered(real, fake, 5)


def test_modes_need_a_width_and_one_space():
    with pytest.raises(UserError, match="positive sigma; it is 0"):
        modes(np.zeros((2, 2)), np.zeros((1, 2)), 0)
    with pytest.raises(UserError, match="mode coverage: the real set has 3 features"):
        modes(np.zeros((2, 2)), np.zeros((1, 3)), 1)


def test_a_class_without_real_samples_counts_as_half_a_real_one():
    found = covered(np.repeat([1, 2], [50, 50]), np.repeat([0, 1, 2], [10, 45, 45]), 3)
    generated, real = np.array([0.1, 0.45, 0.45]), np.array([0.5, 50, 50]) / 100.5
    assert found.divergence.value == pytest.approx(float((generated * np.log(generated / real)).sum()), rel=1e-12)
