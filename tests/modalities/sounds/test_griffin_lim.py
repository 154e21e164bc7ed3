"""Spectra against closed forms, and signals that are found from magnitudes alone."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from ganatomy.modalities.sounds.files import quantised
from ganatomy.modalities.sounds.griffin_lim import frames_of, reconstructed, signals, spectra
from ganatomy.modalities.sounds.pitch import frequencies
from sounds import RATE, sine

WINDOW = 256


def noise(count: int, samples: int) -> Tensor:
    return torch.randn(count, samples, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def inconsistency(found: Tensor, magnitudes: Tensor) -> float:
    """Griffin and Lim's distance of a signal's magnitudes from others, over all frequencies, negative ones too."""
    twice = torch.full((magnitudes.shape[1], 1), 2.0, dtype=torch.float64)
    twice[0] = twice[-1] = 1.0
    distance = (spectra(found, WINDOW).abs() - magnitudes).square() * twice
    return math.sqrt(distance.sum() / (magnitudes.square() * twice).sum())


def test_the_spectrum_of_a_sine_is_that_of_the_window() -> None:
    place = 20  # periods in a window: a Hann window has half of its height at the frequencies beside it, and no more
    found = spectra(torch.from_numpy(sine(place * RATE / WINDOW, amplitude=1)[None]), WINDOW)[0]
    assert found.shape == (WINDOW // 2 + 1, frames_of(4000, WINDOW)) == (129, 63)
    inside = found[:, 2:-3].abs()
    expected = torch.zeros(WINDOW // 2 + 1, dtype=torch.float64)
    expected[place - 1 : place + 2] = torch.tensor([0.5, 1.0, 0.5]) * WINDOW / 4
    assert_close(inside, expected[:, None].expand_as(inside), atol=1e-9, rtol=0)


@pytest.mark.parametrize("samples", [800, 4000, 4040])
def test_a_signal_comes_back_from_its_spectrum(samples: int) -> None:
    original = noise(3, samples)
    back = signals(spectra(original, WINDOW), WINDOW, samples)
    assert back.shape == original.shape
    assert_close(back, original)


def test_of_all_signals_the_nearest_is_found() -> None:
    wanted = torch.view_as_complex(noise(2, 129 * 63).unflatten(1, (129, 63)).movedim(0, -1).contiguous())[None]
    nearest = signals(wanted, WINDOW, 4000)

    def distance(each: Tensor) -> float:
        off = (spectra(each, WINDOW) - wanted).abs().square()
        off[:, 1:-1] *= 2
        return float(off.sum())

    for change in noise(5, 4000):
        assert distance(nearest) < min(distance(nearest + 1e-3 * change), distance(nearest - 1e-3 * change))


def test_the_distance_from_the_magnitudes_never_grows() -> None:
    magnitudes = noise(1, 129 * 63).abs().reshape(1, 129, 63)  # no signal has these
    distances = [
        inconsistency(reconstructed(magnitudes, WINDOW, 4000, iterations, momentum=0.0), magnitudes)
        for iterations in range(12)
    ]
    assert (np.diff(distances) < 0).all()
    fast = inconsistency(reconstructed(magnitudes, WINDOW, 4000, 11), magnitudes)
    assert fast < distances[-1]


def test_a_sine_is_found_from_its_magnitudes() -> None:
    original = torch.from_numpy(np.stack([sine(each) for each in (261.6, 440.0, 493.9)]))
    magnitudes = spectra(original, WINDOW).abs()
    found = reconstructed(magnitudes, WINDOW, 4000)
    assert inconsistency(found, magnitudes) < 0.1
    pitches = frequencies(quantised(found.numpy()), RATE)
    np.testing.assert_allclose(pitches, [261.6, 440.0, 493.9], rtol=0.01)


def test_a_signal_depends_on_its_own_magnitudes_alone() -> None:
    magnitudes = spectra(noise(3, 4000), WINDOW).abs()
    together = reconstructed(magnitudes, WINDOW, 4000, iterations=4)
    assert_close(reconstructed(magnitudes[1:2], WINDOW, 4000, iterations=4), together[1:2])
    state = torch.random.get_rng_state()
    reconstructed(magnitudes, WINDOW, 4000, iterations=1)
    assert torch.equal(torch.random.get_rng_state(), state)
