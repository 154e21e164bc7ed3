"""Intervals: closed forms, and above all whether 95% of them cover."""

from math import inf, sqrt

import numpy as np
import pytest
from bench.interval_features import INFINITE, coverage, covered, covering, drawn, draws, frechet_cases
from scipy import stats

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.estimate import (
    Estimate,
    around,
    bias,
    from_left_out,
    groups,
    jackknife,
    mean,
    share,
    within,
    without_groups,
)
from ganatomy.evaluation.metrics.frechet import between


def ends(estimate):
    return estimate.value, estimate.low, estimate.high


@pytest.mark.parametrize(("count", "number"), [(0, 1), (1, 1), (7, 7), (20, 20), (403, 20)])
def test_groups_are_a_partition_in_even_parts(count, number):
    parts = groups(count) if count else [np.arange(0)]
    assert sorted(np.concatenate(parts)) == list(range(count))
    assert len(parts) == number
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_groups_are_random_and_always_the_same():
    assert all(np.array_equal(a, b) for a, b in zip(groups(100), groups(100), strict=True))
    spans = [part.max() - part.min() for part in groups(1000)]
    assert min(spans) > 500  # groups of neighbours would span 50
    assert [len(part) for part in groups(10, 4)] == [3, 3, 2, 2]


def test_the_jackknife_of_a_mean_is_the_standard_error_of_its_group_means():
    values = np.random.default_rng(0).exponential(size=60)
    means = [values[group].mean() for group in groups(60)]
    error = np.std(means, ddof=1) / sqrt(20)
    reach = 2.0930240544082634 * error  # Student's t, 19 degrees of freedom, 97.5%
    expected = values.mean(), values.mean() - reach, values.mean() + reach
    assert ends(jackknife(lambda kept: float(kept.mean()), values)) == pytest.approx(expected, rel=1e-9)


def test_with_a_group_for_each_sample_the_jackknife_is_the_classical_interval():
    values = np.random.default_rng(1).exponential(size=17)
    assert ends(jackknife(lambda kept: float(kept.mean()), values)) == pytest.approx(ends(mean(values)), rel=1e-9)
    classical = stats.t.interval(0.95, 16, values.mean(), stats.sem(values))
    assert ends(mean(values)) == pytest.approx((values.mean(), *classical), rel=1e-12)


def test_left_out_scores_by_hand():
    """Three groups: √(2/3·(1 + 0 + 1)) = √(4/3), t = 4.302652729911275 with two degrees of freedom."""
    reach = 4.302652729911275 * sqrt(4 / 3)
    assert ends(from_left_out(10.0, [1.0, 2.0, 3.0])) == pytest.approx((10, 10 - reach, 10 + reach), rel=1e-9)


def test_samples_keep_their_shape_when_a_group_is_left_out():
    shapes = []
    jackknife(lambda kept: float(len(shapes.append(kept.shape) or kept)), np.zeros((40, 3, 2)))
    assert shapes == [(40, 3, 2)] + [(38, 3, 2)] * 20


def test_the_bias_of_a_variance_is_known():
    """Σ(x − x̄)²/N is s²/N below σ² on average, and the classical jackknife finds that exactly: Shao & Tu 1995, 1.3."""
    values = np.random.default_rng(2).exponential(size=15)
    score = lambda kept: float(kept.var())  # noqa: E731
    assert bias(score(values), without_groups(score, values)) == pytest.approx(-values.var(ddof=1) / 15, rel=1e-9)


def test_one_value_has_no_interval():
    assert ends(mean([3.0])) == (3, -inf, inf)
    assert ends(mean([2.0, 2.0])) == (2, 2, 2)
    assert ends(jackknife(lambda kept: float(kept.mean()), np.array([3.0]))) == (3, -inf, inf)
    assert ends(within(mean([3.0]), most=5)) == (3, -inf, inf)


def test_a_score_that_is_undefined_without_a_group_has_no_interval():
    """60 samples have one; the 57 that remain without a group are too few: that is no reason to refuse."""

    def score(kept):
        if len(kept) < 60:
            raise UserError(f"at least 60 samples; there are {len(kept)}")
        return float(kept.mean())

    assert ends(jackknife(score, np.arange(60.0))) == (29.5, -inf, inf)
    assert ends(jackknife(score, np.arange(64.0))) == pytest.approx((31.5, 26.5, 36.5), abs=1)
    with pytest.raises(UserError, match="there are 59"):
        jackknife(score, np.arange(59.0))


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718), (20, 20, 0.8389, 1.0)],
)
def test_shares_have_wilson_s_interval(hits, count, low, high):
    """Newcombe 1998, Table I, method 3; all hits are the mirror image of none."""
    expected = pytest.approx((hits / count, low, high), abs=5e-5)
    assert ends(share(np.arange(count) < hits)) == expected


def test_around_is_student_s_t():
    assert ends(around(1.0, 2.0, degrees=5)) == pytest.approx((1, 1 - 2 * 2.5705818, 1 + 2 * 2.5705818), rel=1e-6)
    assert around(1.0, 0.0, degrees=5) == Estimate(1, 1, 1)


@pytest.mark.parametrize(
    ("name", "replicates"),
    [
        ("mean", 2_000),
        ("share", 1_000),
        ("kernel_distance", 300),
        pytest.param("inception_score", 300, marks=pytest.mark.slow),
    ],
)
def test_nineteen_in_twenty_intervals_cover(name, replicates):
    """With few draws, for the time they take; `coverage` makes enough of them to tell 95% from 94%."""
    assert 0.93 <= covered(draws(400)[name], replicates) <= 0.97


@pytest.mark.slow
def test_intervals_between_equal_distributions_are_wide_rather_than_narrow():
    """There the first-order term is small, and the jackknife overstates the second."""
    assert covered(draws(400)["kernel_distance, equal"], 150) >= 0.93


FRECHET = {case.name: case for case in frechet_cases(400)}


@pytest.mark.parametrize(
    ("name", "replicates", "most"),
    [
        ("400 samples of 8 features, perfect", 150, 0.7),
        ("50 samples of 200 features, perfect", 150, 0.01),
        ("50 samples of 200 features, different", 150, 0.01),
        pytest.param("400 samples of 8 features, different", 500, 0.97, marks=pytest.mark.slow),
    ],
)
def test_intervals_of_frechet_distances_cover_equally_many_samples_and_not_infinitely_many(name, replicates, most):
    """The jackknife overstates a perfect generator's second-order term; the bias is no part of the interval."""
    case = FRECHET[name]
    estimates = drawn(case.estimate, replicates)
    assert covering(estimates) >= 0.93
    infinite = between(case.real, case.fake.gaussian())
    assert covering(estimates, infinite) < most
    assert np.mean([estimate.value for estimate in estimates]) > infinite


def test_what_covers_is_counted():
    estimates = iter([Estimate(1, 0, 2), Estimate(3, 2.5, 4), Estimate(2, 1, 3), Estimate(2, 2, 2)])
    assert covered(lambda random: next(estimates), 4) == 0.75
    ahead, behind = iter([Estimate(0, 1, 2), Estimate(0, -1, 2)]), iter([Estimate(0, -2, -1), Estimate(0, -2, 1)])
    assert covered(lambda random: next(ahead), 2) == covered(lambda random: next(behind), 2) == 0.5


def test_the_simulation_names_every_score():
    shares = coverage(replicates=5, samples=60)
    cases = [case.name for case in frechet_cases(60)]
    named = [f"{score}, {case}" for case in cases for score in ("frechet_distance", INFINITE)]
    assert list(shares) == [*draws(60), *named]
    assert all(0.4 <= value <= 1 for name, value in shares.items() if INFINITE not in name)
