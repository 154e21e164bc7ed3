"""What a classifier can tell apart, and what it cannot."""

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.two_sample import two_sample_accuracy


def normal(count, dimension=3, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dimension))


REAL = normal(400, seed=1)


def test_two_draws_of_one_distribution_cannot_be_told_apart():
    found = two_sample_accuracy(REAL, normal(400, seed=2))
    assert found.low < 0.5 < found.high
    # 400 unseen samples: the interval is ± 1.96·√(0.25/400) and a little less for Wilson's.
    assert found.high - found.low == pytest.approx(0.0978, abs=0.001)


def test_sets_apart_are_always_told_apart():
    found = two_sample_accuracy(REAL, REAL + 10)
    assert found.value > 0.99
    assert found.low > 0.98


def test_the_best_possible_accuracy_is_nearly_reached():
    """Two normal distributions 2 apart: no classifier is right more often than Φ(1) = 0.841."""
    real, fake = normal(3000, seed=3), normal(3000, seed=4) + np.array([2, 0, 0])
    assert two_sample_accuracy(real, fake).value == pytest.approx(0.841, abs=0.025)


def test_other_shapes_with_the_same_mean_and_covariance_are_seen():
    signs = np.sign(normal(1000, seed=5))
    found = two_sample_accuracy(normal(1000, seed=6), signs)
    assert found.low > 0.95


def test_classes_are_balanced():
    """Of 400 and 100 samples, a classifier that always says real would be right for 80%."""
    found = two_sample_accuracy(REAL, normal(100, seed=7))
    assert found.value < 0.65
    assert found.high - found.low == pytest.approx(0.19, abs=0.01)  # 100 unseen samples


def test_no_sample_is_seen_in_training_and_again():
    """Noise can be learnt by heart: 1 if the samples learnt from were the samples asked about."""
    assert two_sample_accuracy(normal(200, 30, seed=8), normal(200, 30, seed=9)).value < 0.65


def test_the_seed_is_all_that_chance_depends_on():
    fake = normal(300, seed=10) * 1.3
    np.random.seed(0)
    first = two_sample_accuracy(REAL, fake)
    np.random.seed(1)
    assert two_sample_accuracy(REAL, fake) == first
    assert two_sample_accuracy(REAL, fake, seed=1) != first


def test_sorted_sets_are_shuffled_before_they_are_halved():
    """Learning from the lower half of each says nothing of the upper half."""
    real, fake = np.sort(normal(400, 1, seed=11), axis=0), np.sort(normal(400, 1, seed=12), axis=0) + 1.5
    assert two_sample_accuracy(real, fake).value == pytest.approx(0.773, abs=0.06)  # Φ(0.75)


@pytest.mark.parametrize("count", [20, pytest.param(40, marks=pytest.mark.slow)])
def test_the_interval_holds_the_mean_of_other_draws(count):
    """At least as often as it says: the real samples stay, and so do some of the classifier's errors."""
    chance = np.random.default_rng(13)
    every = [two_sample_accuracy(REAL[:100], 1.3 * chance.normal(size=(100, 3)) + 0.5) for _ in range(count)]
    mean = np.mean([one.value for one in every])
    assert 0.55 < mean < 0.9
    assert np.mean([one.low <= mean <= one.high for one in every]) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / count)
    width = np.mean([one.high - one.low for one in every]) / np.std([one.value for one in every])
    assert 0.9 < width / (2 * 1.96) < 1.5


def test_errors_say_what_is_wrong():
    with pytest.raises(UserError, match=r"at least 40 generated samples; there are 39"):
        two_sample_accuracy(REAL, REAL[:39])
    with pytest.raises(UserError, match=r"at least 40 real samples; there are 39"):
        two_sample_accuracy(REAL[:39], REAL)
