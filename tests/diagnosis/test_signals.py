"""Signals have the values that their definitions give."""

import numpy as np
import pytest

from ganatomy.diagnosis import signals


def test_saturation_counts_pixels_at_the_ends() -> None:
    values = np.zeros((1, 1, 10, 10))
    values[0, 0, :3], values[0, 0, 3, :5] = 1, -1
    assert signals.saturated(values, -1, 1) == pytest.approx(0.35)


def test_downsampling_takes_means_of_blocks() -> None:
    image = np.arange(32 * 32, dtype=np.float64).reshape(1, 1, 32, 32)
    assert signals.downsampled(image).shape == (1, 256)
    assert signals.downsampled(image)[0, 0] == image[0, 0, :2, :2].mean()
    assert signals.downsampled(image).mean() == pytest.approx(image.mean())


@pytest.mark.parametrize(
    ("real", "fake", "area"), [([3, 4], [1, 2], 1), ([1, 2], [3, 4], 0), ([1, 1], [1, 1], 0.5), ([0, 2], [1, 1], 0.5)]
)
def test_auc(real: list[float], fake: list[float], area: float) -> None:
    assert signals.auc(np.array(real), np.array(fake)) == area


def test_energy_distance_is_zero_for_one_set_and_known_for_shifted_points() -> None:
    zeros, ones = np.zeros((5, 5)), np.ones((5, 5))
    assert signals.energy_distance(zeros, zeros, zeros) == 0
    assert signals.energy_distance(3 * ones, zeros, zeros) == 6  # two points, 3 apart


def test_copies() -> None:
    training, new = (np.random.default_rng(seed).standard_normal((200, 4)) for seed in (0, 1))
    other = np.random.default_rng(2).standard_normal((200, 4))
    assert signals.nearness(training, training[:50]) == pytest.approx(0, abs=1e-6)
    assert signals.nearness(training, other) == pytest.approx(signals.nearness(training, new), rel=0.2)
    among = signals.nearness(training, training[:50], skip_same=True)
    assert among == pytest.approx(signals.nearness(training, new), rel=0.2)
    assert signals.nearness(training, training[:50] + 1e-3) < 0.02 * among


def test_nearness_is_the_ratio_of_two_distances() -> None:
    line = np.arange(7.0)[:, None]
    assert signals.nearness(line, np.array([[0.1]])) == pytest.approx(0.1 / 3.9)  # of 0.1, 0.9, 1.9, 2.9, 3.9, …
