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
    assert signals.copies(training, training[:50], new) == 0
    assert signals.copies(training, other, new) == pytest.approx(1, abs=0.2)
    assert signals.copies(training, other, None) == pytest.approx(1, abs=0.2)
    assert signals.copies(training, training[:50] + 1e-3, None) < 0.02
