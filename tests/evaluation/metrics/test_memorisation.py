"""Copies, near copies and new samples; each score against its definition, one sample at a time."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.memorisation import (
    authenticity,
    data_copying,
    membership,
    nearest,
    nearest_ratio,
)


def normal(count, dimension=4, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(count, dimension))


TRAIN, HELD_OUT, FAKE = normal(240, seed=1), normal(150, seed=2), normal(130, seed=3, scale=1.2)
COPIES = TRAIN[:130]


def all_distances(reference, samples):
    return np.sqrt(np.square(samples[:, None] - reference[None]).sum(-1))


def test_nearest_neighbours_are_those_of_all_differences():
    distances, indices = nearest(TRAIN, FAKE)
    expected = all_distances(TRAIN, FAKE)
    np.testing.assert_array_equal(indices, expected.argmin(1))
    np.testing.assert_allclose(distances, expected.min(1), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_copy_is_at_distance_zero_however_far_from_the_origin(dtype):
    reference = (1e4 + TRAIN).astype(dtype)
    distances, indices = nearest(reference, reference[::-1])
    assert (distances == 0).all()
    np.testing.assert_array_equal(indices, np.arange(len(TRAIN))[::-1])


def test_the_ratio_is_that_of_medians_and_its_interval_the_medians():
    found = nearest_ratio(TRAIN, HELD_OUT, FAKE)
    fake, real = all_distances(TRAIN, FAKE).min(1), all_distances(TRAIN, HELD_OUT).min(1)
    assert found.value == pytest.approx(np.median(fake) / np.median(real))
    # 0.95 of the binomial distribution of how many of 130 values lie below the true median lies from 54 to 76.
    rank = int(stats.binom.ppf(0.025, 130, 0.5)) - 1
    ordered = np.sort(fake) / np.median(real)
    assert ordered[rank - 1] <= found.low <= ordered[rank + 1] < found.value
    assert found.value < ordered[-rank - 2] <= found.high <= ordered[-rank]


def test_copies_have_ratio_zero_new_real_samples_about_one_and_far_ones_more():
    assert nearest_ratio(TRAIN, HELD_OUT, COPIES) == estimate.Estimate(0, 0, 0)
    new = nearest_ratio(TRAIN, HELD_OUT, normal(150, seed=5))
    assert 0.8 < new.value < 1.25
    assert nearest_ratio(TRAIN, HELD_OUT, 3 * FAKE).low > 1.5


def test_one_cell_of_data_copying_is_the_mann_whitney_z_score():
    fake, real = all_distances(TRAIN, FAKE).min(1), all_distances(TRAIN, HELD_OUT).min(1)
    n, m = len(real), len(fake)
    u = stats.mannwhitneyu(fake, real).statistic
    expected = (u - n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)
    found = data_copying(TRAIN, HELD_OUT, FAKE, cells=1)
    assert found.value == pytest.approx(expected)
    shares = (fake[:, None] > real).mean(1)
    error = shares.std(ddof=1) / np.sqrt(m) * np.sqrt(12 * n * m / (n + m + 1))
    expected = estimate.around(expected, error, m - 1)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def clusters(counts, seed, scale=1.0):
    """Far-apart groups of points, so that k-means has one answer."""
    return np.concatenate([normal(n, 3, seed + i, scale) + 100 * i for i, n in enumerate(counts)])


def test_cells_are_averaged_by_their_held_out_samples_and_thin_ones_left_out():
    train, held_out = clusters((60, 80, 70), 1), clusters((40, 90, 30), 11)
    fake = np.concatenate([train[:25], normal(50, 3, 21, 2.0) + 100, normal(19, 3, 22) + 200])
    kept = [(train[:60], held_out[:40], fake[:25]), (train[60:140], held_out[40:130], fake[25:75])]
    scores = [data_copying(*cell, cells=1) for cell in kept]
    assert scores[0].value < -3
    assert scores[1].value > 3
    found = data_copying(train, held_out, fake, cells=3)
    assert found.value == pytest.approx((40 * scores[0].value + 90 * scores[1].value) / 130)
    # A mean of independent cells: errors add in squares.
    width = [score.high - score.low for score in scores] / stats.t.ppf(0.975, [24, 49])
    expected = np.hypot(40 * width[0], 90 * width[1]) / 130 * stats.t.ppf(0.975, 94 - 2)
    assert found.high - found.low == pytest.approx(expected)


def test_ties_with_held_out_distances_count_half():
    train, same = np.zeros((20, 1)), np.ones((20, 1))
    assert data_copying(train, same, -same) == estimate.Estimate(0, 0, 0)


def test_copying_is_below_minus_three_and_new_real_samples_are_not():
    assert data_copying(TRAIN, HELD_OUT, COPIES).value < -10
    assert abs(data_copying(TRAIN, HELD_OUT, normal(150, seed=5)).value) < 2
    assert data_copying(TRAIN, HELD_OUT, 3 * FAKE).value > 5


def test_there_is_a_cell_for_each_200_samples():
    train, held_out, fake = (clusters((200, 200), seed) for seed in (1, 11, 21))
    assert data_copying(train, held_out, fake) == data_copying(train, held_out, fake, cells=2)
    assert data_copying(train, held_out[1:], fake) == data_copying(train, held_out[1:], fake, cells=1)
    assert data_copying(train, held_out, fake, cells=1) != data_copying(train, held_out, fake, cells=2)


def test_authenticity_compares_with_the_training_samples_own_distance():
    between = all_distances(TRAIN, TRAIN)
    np.fill_diagonal(between, np.inf)
    to_train = all_distances(TRAIN, FAKE)
    expected = to_train.min(1) > between.min(1)[to_train.argmin(1)]
    assert 0.2 < expected.mean() < 0.9
    assert authenticity(TRAIN, FAKE) == estimate.share(expected)


def test_copies_are_not_authentic_even_of_what_is_there_twice():
    assert authenticity(TRAIN, COPIES).value == 0
    assert authenticity(np.concatenate([TRAIN, TRAIN]), COPIES).value == 0
    assert authenticity(TRAIN, TRAIN + 100).value == 1


@pytest.mark.parametrize("score", ["authenticity", "nearest_ratio", "data_copying"])
def test_intervals_hold_the_mean_of_other_draws_as_often_as_they_say(score):
    chance, draws, scale = np.random.default_rng(8), 200, 1.1
    score_of = {
        "authenticity": lambda fake: authenticity(TRAIN, fake),
        "nearest_ratio": lambda fake: nearest_ratio(TRAIN, HELD_OUT, fake),
        "data_copying": lambda fake: data_copying(TRAIN, HELD_OUT, fake),
    }[score]
    every = [score_of(scale * chance.normal(size=(300, 4))) for _ in range(draws)]
    mean = np.mean([one.value for one in every])
    held = np.mean([one.low <= mean <= one.high for one in every])
    assert held == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / draws))
    width = np.mean([one.high - one.low for one in every]) / np.std([one.value for one in every])
    assert 0.85 < width / (2 * 1.96) < 1.2


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: authenticity(TRAIN[:1], FAKE), r"at least 2 real samples"),
        (lambda: nearest(TRAIN, FAKE[:, :3]), r"same extractor"),
        (lambda: membership(TRAIN[:19], HELD_OUT, FAKE), r"at least 20 training samples; there are 19"),
        (lambda: membership(TRAIN, HELD_OUT[:19], FAKE), r"at least 20 held-out samples; there are 19"),
        (lambda: nearest_ratio(TRAIN, HELD_OUT[:19], FAKE), r"at least 20 held-out samples; there are 19"),
        (lambda: nearest_ratio(TRAIN, TRAIN[:30], FAKE), r"hold out others"),
        (lambda: data_copying(TRAIN, HELD_OUT, FAKE[:19]), r"at least 20 generated samples; there are 19"),
        (lambda: data_copying(TRAIN, HELD_OUT, FAKE, cells=241), r"cut into 241 cells"),
        (lambda: data_copying(TRAIN, HELD_OUT, FAKE, cells=60), r"no cell has 20 generated samples"),
    ],
)
def test_errors_say_what_is_wrong(call, says):
    with pytest.raises(UserError, match=says):
        call()


def test_the_attack_is_the_area_under_its_roc_curve():
    found = membership(TRAIN, HELD_OUT, FAKE)
    near = -np.concatenate([all_distances(FAKE, samples).min(1) for samples in (TRAIN, HELD_OUT)])
    member = np.repeat([1, 0], [len(TRAIN), len(HELD_OUT)])
    assert found.value == pytest.approx(roc_auc_score(member, near))
    assert membership(TRAIN, HELD_OUT, TRAIN).value == 1.0


def test_the_attack_learns_nothing_from_new_samples_as_often_as_its_interval_says():
    chance, draws = np.random.default_rng(9), 200
    found = [membership(*(chance.normal(size=(100, 4)) for _ in range(3))) for _ in range(draws)]
    held = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert held == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / draws))
