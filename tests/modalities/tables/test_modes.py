"""The modes of a column: where they are, which one a number is drawn to, and that none is out of reach."""

import numpy as np
import pytest

from ganatomy.modalities.tables.modes import Modes

CHANCE = np.random.default_rng(0)
TWO = np.concatenate([CHANCE.normal(-50, 1, 3000), CHANCE.normal(30, 5, 7000)])


def test_two_separate_modes_are_found() -> None:
    modes = Modes.of(TWO)
    weights, means = np.array(modes.weights), np.array(modes.means)
    left = means < 0
    assert weights[left].sum() == pytest.approx(0.3, abs=0.01)
    assert np.average(means[left], weights=weights[left]) == pytest.approx(-50, abs=0.1)
    assert np.average(means[~left], weights=weights[~left]) == pytest.approx(30, abs=0.3)


def test_a_mode_is_drawn_from_its_posterior() -> None:
    """Of two modes of the same width, at ±1, the posterior of x is σ(2x/φ² + log of the weights' ratio)."""
    modes = Modes(weights=(0.25, 0.75), means=(-1.0, 1.0), deviations=(1.0, 1.0), reaches=(4.0, 4.0))
    x = np.full(100_000, 0.3)
    scalars, chosen = modes.encode(x, np.random.default_rng(0))
    expected = 1 / (1 + np.exp(-(2 * 0.3 + np.log(3))))
    assert chosen.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(x)))
    assert set(scalars[chosen == 0]) == {1.3 / 4}
    assert set(scalars[chosen == 1]) == {-0.7 / 4}


@pytest.mark.parametrize(
    "numbers",
    [
        TWO,
        CHANCE.standard_cauchy(20_000),
        CHANCE.lognormal(0, 3, 5000),
        np.r_[np.zeros(5000), 1e9],
        np.array([0.0, 1.0]),
        np.array([0.0, 5e-324]),
        np.array([1e300, -1e300, 0]),
        np.r_[np.full(100, 7.0), 7 + 1e-9],
        1e15 + CHANCE.normal(size=1000),
    ],
    ids=["two modes", "Cauchy", "log-normal", "outlier", "two values", "subnormal", "huge", "nearly constant", "far"],
)
def test_every_number_is_within_reach_and_comes_back(numbers: np.ndarray) -> None:
    modes = Modes.of(numbers)
    assert np.isfinite([*modes.means, *modes.deviations, *modes.reaches]).all()
    scalars, chosen = modes.encode(numbers, np.random.default_rng(0))
    assert np.abs(scalars).max() <= 1
    reach = np.array(modes.reaches)[chosen]
    error = np.abs(modes.decode(scalars, chosen) - numbers)
    assert (error <= 4 * np.finfo(float).eps * (reach + np.abs(numbers) + np.abs(np.array(modes.means)[chosen]))).all()


def test_modes_without_weight_are_left_out() -> None:
    assert min(Modes.of(CHANCE.normal(size=5000)).weights) > 0.005
