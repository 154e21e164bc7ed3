"""Signals have the values that their definitions give."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

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
    assert signals.energy_distance(0.0, 0.0, 0.0) == 0
    assert signals.energy_distance(3.0, 0.0, 0.0) == 6  # two points, 3 apart


def test_a_mean_distance_leaves_out_each_member_itself() -> None:
    assert signals.mean_distance(cdist([[0.0], [1.0], [3.0]], [[0.0], [1.0], [3.0]])) == pytest.approx(2)
    assert signals.mean_distance(np.zeros((1, 1))) == 0


@pytest.mark.parametrize("shape", [(50, 20), (20, 50)])
def test_principal_directions_are_those_of_the_singular_value_decomposition(shape: tuple[int, int]) -> None:
    data = np.random.default_rng(0).standard_normal(shape)
    data -= data.mean(0)
    expected = np.linalg.svd(data, full_matrices=False)[2][:5].T
    found = signals.principal_directions(data, 5)
    assert np.abs((found * expected).sum(0)) == pytest.approx(1)


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


def test_the_amplitude_of_a_grid_is_that_which_was_laid_over_the_images() -> None:
    """Of every second pixel a·(−1)^(x+y): a; of every fourth a·cos(πx/2): its root mean square."""
    smooth = np.random.default_rng(0).normal(size=(16, 3, 1, 1)) + np.zeros((16, 3, 32, 32))
    y, x = np.mgrid[:32, :32]
    assert signals.stride_amplitude(smooth) == pytest.approx(0, abs=1e-3)
    assert signals.stride_amplitude(smooth + 0.15 * (-1.0) ** (x + y)) == pytest.approx(0.15, rel=1e-3)
    assert signals.stride_amplitude(smooth + 0.2 * np.cos(np.pi * x / 2)) == pytest.approx(0.2 / np.sqrt(2), rel=1e-3)
