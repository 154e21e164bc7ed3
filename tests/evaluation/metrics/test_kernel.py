"""The kernel distance against its definition, pair by pair, and its interval against leaving groups out."""

from itertools import combinations

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import kernel
from ganatomy.evaluation.metrics.estimate import Estimate, groups, jackknife
from ganatomy.evaluation.metrics.kernel import kernel_distance, kernel_estimate


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


REAL, FAKE = drawn(37, 5) + 0.2, 1.3 * drawn(53, 5, seed=1) - 0.1


def brute(real, fake):
    """The definition: means over all pairs of two different samples, one by one."""

    def k(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def mean(values):
        values = list(values)
        return sum(values) / len(values)

    def within(samples):
        return mean(k(x, y) for i, x in enumerate(samples) for j, y in enumerate(samples) if i != j)

    return within(real) + within(fake) - 2 * mean(k(x, y) for x in real for y in fake)


def test_it_is_the_unbiased_discrepancy():
    assert kernel_distance(REAL, FAKE) == pytest.approx(brute(REAL, FAKE), rel=1e-12)


def test_single_numbers():
    """k(1, 1) = 8, k(1, −1) = 0, k(−1, −1) = 8: three of each kind, worked out by hand."""
    real, fake = np.array([[1.0], [1], [-1]]), np.array([[1.0], [-1], [-1], [-1]])
    assert kernel_distance(real, fake) == pytest.approx(8 / 3 + 8 * 3 / 6 - 2 * 8 * (2 * 1 + 1 * 3) / 12, rel=1e-12)


@pytest.mark.parametrize("block", [1, 7, 20, 37, 53])
def test_blocks_change_nothing(monkeypatch, block):
    expected = kernel_estimate(REAL, FAKE)
    monkeypatch.setattr(kernel, "BLOCK", block)
    assert kernel_distance(REAL, FAKE) == pytest.approx(expected.value, rel=1e-12)
    assert kernel_estimate(REAL, FAKE).low == pytest.approx(expected.low, rel=1e-12)


@pytest.mark.parametrize("count", [3, 19, 53])
def test_the_interval_is_that_of_computing_without_each_group(monkeypatch, count):
    fake = FAKE[:count]
    slow = jackknife(lambda kept: brute(REAL, kept), fake)
    quick = kernel_estimate(REAL, fake)
    assert (quick.value, quick.low, quick.high) == pytest.approx((slow.value, slow.low, slow.high), rel=1e-9)
    assert quick.low < quick.value < quick.high
    assert len(groups(count)) == min(count, 20)


def test_it_has_no_bias():
    """The mean over all small parts of a set is the score of the whole."""
    values = [kernel_distance(REAL, FAKE[list(part)]) for part in combinations(range(6), 3)]
    assert np.mean(values) == pytest.approx(kernel_distance(REAL, FAKE[:6]), rel=1e-12)
    assert np.std(values) > 0.1


def test_subsets_are_drawn_as_torch_fidelity_draws_them():
    """RandomState(seed); each subset without repetition, the generated set (its input 1) first."""
    random, values = np.random.RandomState(2020), []
    for _ in range(4):
        fake = FAKE[random.choice(53, 11, replace=False)]
        real = REAL[random.choice(37, 11, replace=False)]
        values.append(brute(real, fake))
    assert kernel_distance(REAL, FAKE, subsets=4, size=11) == pytest.approx(np.mean(values), rel=1e-12)
    assert kernel_distance(REAL, FAKE, subsets=4, size=11, seed=1) != pytest.approx(np.mean(values), rel=1e-3)


def test_one_subset_of_everything_is_all_pairs():
    real, fake = REAL, FAKE[:37]
    assert kernel_distance(real, fake, subsets=1, size=37) == pytest.approx(kernel_distance(real, fake), rel=1e-12)


def test_float32_features_are_computed_in_float64():
    real, fake = REAL.astype(np.float32), FAKE.astype(np.float32)
    expected = brute(real.astype(float), fake.astype(float))
    assert kernel_distance(real, fake) == pytest.approx(expected, rel=1e-12)
    assert kernel_distance(real, fake[:37], subsets=1, size=37) == pytest.approx(
        brute(real.astype(float), fake[:37].astype(float)), rel=1e-12
    )


def test_two_samples_have_a_distance_without_an_interval():
    """Features of one dimension: k(x, y) = (xy + 1)³; pairs of one and the same sample are left out."""
    real, fake = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    expected = (0 + 1) ** 3 + (2 + 1) ** 3 - 2 * np.mean([1, 1, 8, 27])  # k(0, 1), k(1, 2), and one of each
    assert kernel_estimate(real, fake) == Estimate(pytest.approx(expected), -np.inf, np.inf)


def test_it_is_symmetric():
    assert kernel_distance(FAKE, REAL) == pytest.approx(kernel_distance(REAL, FAKE), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernel_distance(REAL[:1], FAKE), "at least 2 real samples; there is 1"),
        (lambda: kernel_estimate(REAL, FAKE[:1]), "at least 2 generated samples; there is 1"),
        (lambda: kernel_distance(REAL, FAKE, subsets=10), "at least 1,000 generated samples; there are "),
        (lambda: kernel_distance(REAL, FAKE, subsets=10, size=40), "at least 40 real samples"),
        (lambda: kernel_distance(REAL, FAKE, subsets=0, size=10), "at least 1 subset .* got 0 of 10"),
        (lambda: kernel_distance(REAL, FAKE, subsets=3, size=1), "at least 1 subset .* got 3 of 1"),
        (lambda: kernel_distance(REAL, FAKE[:, :4]), "5 features .* 4"),
        (lambda: kernel_distance(REAL * np.nan, FAKE), "NaN"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(UserError, match=message):
        call()
