"""The four scores against all differences in float64, ties and copies included, and the promise of their intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import estimate, neighbours
from ganatomy.evaluation.metrics.neighbours import neighbour_estimates, neighbour_scores


def normal(count, dimension, seed, shift=0.0, scale=1.0):
    return shift + scale * np.random.default_rng(seed).normal(size=(count, dimension))


REAL, FAKE = normal(90, 5, 1), normal(70, 5, 2, shift=0.4, scale=0.8)


def squared(x, y):
    return np.square(x[:, None].astype(np.float64) - y[None].astype(np.float64)).sum(-1)


def radii(x, k):
    """Squared distance of each sample to its k-th nearest other."""
    between = squared(x, x)
    np.fill_diagonal(between, np.inf)
    return np.sort(between, axis=1)[:, k - 1]


def by_definition(real, fake, k=3, density_k=5):
    between = squared(real, fake)
    inside = between < radii(real, density_k)[:, None]
    return {
        "precision": (between <= radii(real, k)[:, None]).any(axis=0).mean(),
        "recall": (between <= radii(fake, k)).any(axis=1).mean(),
        "density": inside.sum() / (density_k * len(fake)),
        "coverage": inside.any(axis=1).mean(),
    }


def values(real, fake, k=3, density_k=5):
    return vars(neighbour_scores(real, fake, k, density_k))


@pytest.mark.parametrize(("k", "density_k"), [(3, 5), (1, 2), (4, 1)])
def test_the_scores_are_those_of_all_differences(k, density_k):
    assert values(REAL, FAKE, k, density_k) == pytest.approx(by_definition(REAL, FAKE, k, density_k), rel=1e-12)


def test_the_four_scores_differ_here_so_that_none_can_stand_for_another():
    found = sorted(values(REAL, FAKE).values())
    assert min(np.diff(found)) > 0.01
    assert values(FAKE, REAL) != values(REAL, FAKE)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(arrays(np.int8, (9, 2), elements=st.integers(0, 2)), arrays(np.int8, (7, 2), elements=st.integers(0, 2)))
def test_ties_and_duplicates_are_counted_as_in_exact_arithmetic(real, fake):
    """Points of a small grid: nearly every radius is somebody's distance."""
    assert values(real, fake, 2, 3) == pytest.approx(by_definition(real, fake, 2, 3), rel=1e-12)


@pytest.mark.parametrize("change", [lambda x: x + 1e7, lambda x: x / 255, lambda x: x.astype(np.float32)])
def test_far_offsets_and_scales_lose_no_pair(change):
    real, fake = change(np.round(REAL * 4)), change(np.round(FAKE * 4))
    assert values(real, fake) == pytest.approx(by_definition(real, fake), rel=1e-12)


def test_a_copy_of_the_real_set_is_perfect():
    shuffled = np.random.default_rng(0).permutation(REAL)
    assert values(REAL, shuffled) == {"precision": 1, "recall": 1, "density": 1, "coverage": 1}


def test_sets_far_apart_share_nothing():
    assert set(values(REAL, FAKE + 100).values()) == {0.0}


def test_one_generated_point_lies_in_few_balls():
    """1-D, by hand: radii to the 1st neighbour 1, 1, 2, 3 around 0, 1, 3, 6; the copies' own balls are points."""
    real, fake = np.array([[0.0], [1.0], [3.0], [6.0]]), np.array([[2.0], [2.0], [9.0]])
    found = values(real, fake, 1, 1)
    # 2 is on the surface around 1 and inside around 3; 9 is on the surface around 6, and its own ball is 2 to 16.
    assert found == {"precision": 1.0, "recall": 2 / 4, "density": 2 / 3, "coverage": 1 / 4}


@pytest.mark.parametrize("block", [1, 97, 500])
def test_blocks_change_nothing(block, monkeypatch):
    whole = neighbour_estimates(REAL, FAKE)
    monkeypatch.setattr(neighbours, "BLOCK", block)
    assert neighbour_estimates(REAL, FAKE) == whole


def test_the_order_of_samples_changes_nothing():
    chance = np.random.default_rng(0)
    assert values(chance.permutation(REAL), chance.permutation(FAKE)) == values(REAL, FAKE)


def test_rounding_bounds_the_distances_of_products():
    reals, fakes = neighbours.centred(REAL + 1000, FAKE + 1000)
    for rows, found in neighbours.squared_distances(reals, fakes):
        exact = squared(reals.samples[rows], fakes.samples)
        assert 0 < np.abs(found - exact).max() < neighbours.rounding(reals, fakes) < 1e-9


def test_estimates_are_the_scores_with_intervals_around_them():
    estimates = vars(neighbour_estimates(REAL, FAKE))
    assert {name: each.value for name, each in estimates.items()} == pytest.approx(values(REAL, FAKE))
    for each in estimates.values():
        assert 0 <= each.low < each.value < each.high
        assert each.high - each.low < 0.6


def test_intervals_of_means_are_those_of_independent_values():
    found = neighbour_estimates(REAL, FAKE)
    between = squared(REAL, FAKE)
    assert found.precision == estimate.share((between <= radii(REAL, 3)[:, None]).any(axis=0))
    density = estimate.mean((between < radii(REAL, 5)[:, None]).sum(axis=0) / 5)
    assert found.density.low == pytest.approx(density.low)
    assert found.density.high == pytest.approx(density.high)


def test_the_interval_of_coverage_is_the_jackknife_less_its_excess():
    inside = squared(REAL, FAKE) < radii(REAL, 5)[:, None]

    def lost(*left_out):
        return inside.any(axis=1).sum() - np.delete(inside, left_out, axis=1).any(axis=1).sum()

    count = len(FAKE)
    alone = np.array([lost(j) for j in range(count)], float)
    first = np.square(alone - alone.mean()).sum()
    second = sum((lost(i, j) - alone[i] - alone[j]) ** 2 for i in range(count) for j in range(i))
    assert second > first / 10
    expected = estimate.around(inside.any(axis=1).mean(), first / np.sqrt(first + second) / len(REAL), degrees=15)
    assert neighbour_estimates(REAL, FAKE).coverage.low == pytest.approx(expected.low)
    assert neighbour_estimates(REAL, FAKE).coverage.high == pytest.approx(min(expected.high, 1))


def test_the_interval_of_recall_is_that_of_balanced_halves():
    parts = estimate.groups(len(FAKE), 16)
    gaps = []
    for half in neighbours.HALVES[:15]:
        recalls = []
        for side in (half, ~half):
            kept = FAKE[np.concatenate([part for part, taken in zip(parts, side, strict=True) if taken])]
            recalls.append(by_definition(REAL, kept)["recall"])
        gaps.append(recalls[0] - recalls[1])
    error = np.sqrt(0.75 * np.mean(np.square(gaps)) / 2)
    expected = estimate.around(by_definition(REAL, FAKE)["recall"], error, degrees=15)
    found = neighbour_estimates(REAL, FAKE).recall
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_halves_are_balanced():
    signs = np.where(neighbours.HALVES, 1, -1)
    assert (signs[:15] == -signs[15:]).all()
    assert (signs[:15].T @ signs[:15] == 16 * np.eye(16) - 1).all()


@pytest.mark.parametrize("count", [75, pytest.param(150, marks=pytest.mark.slow)])
def test_intervals_hold_the_mean_of_other_draws_as_often_as_they_say(count):
    """Generated sets against one real set: 0.95 of them, within three standard errors; and no wider than needed."""
    real, chance = normal(300, 6, 3), np.random.default_rng(4)
    drawn = [vars(neighbour_estimates(real, 0.3 + 0.9 * chance.normal(size=real.shape))) for _ in range(count)]
    for name in drawn[0]:
        every = [draw[name] for draw in drawn]
        mean = np.mean([one.value for one in every])
        held = np.mean([one.low <= mean <= one.high for one in every])
        assert held == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / count)), name
        width = np.mean([one.high - one.low for one in every]) / np.std([one.value for one in every])
        assert 0.85 < width / (2 * 1.96) < 1.3, name


@pytest.mark.parametrize(
    ("real", "fake", "k", "says"),
    [
        (REAL[:5], FAKE, 3, r"at least 6 real samples"),
        (REAL, FAKE[:5], 3, r"at least 6 generated samples"),
        (REAL, FAKE[:, :4], 3, r"same extractor"),
        (REAL, np.where(FAKE > 1, np.nan, FAKE), 3, r"NaN"),
        (REAL, FAKE, 0, r"k must be 1 or more"),
    ],
)
def test_errors_say_what_is_wrong(real, fake, k, says):
    with pytest.raises(UserError, match=says):
        neighbour_scores(real, fake, k)


def test_of_few_samples_recall_has_no_interval():
    for count in (6, 63):
        found = neighbour_estimates(REAL, FAKE[:count])
        scores = {name: score.value for name, score in vars(found).items()}
        assert scores == pytest.approx(by_definition(REAL, FAKE[:count]))
        assert (found.recall.low, found.recall.high) == (-np.inf, np.inf)
        assert 0 <= found.precision.low <= found.precision.high <= 1


def test_the_smallest_sets_have_scores():
    assert values(REAL[:6], FAKE[:6]) == pytest.approx(by_definition(REAL[:6], FAKE[:6]))
    assert neighbour_estimates(REAL[:64], FAKE[:64]).recall.high <= 1
