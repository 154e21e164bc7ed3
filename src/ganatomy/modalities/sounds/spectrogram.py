"""Spectrograms of sounds: the short-time Fourier transform, mel bands, and pictures of them."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ganatomy.modalities.sounds.files import FULL, Waves

WINDOW = 0.032  # seconds
OVERLAP = 4  # windows begin a quarter of a window apart
FINER = 4  # times as many frequencies as a window has of its own: no mel band falls between two of them
FLOOR = 1e-6  # of the power of a full-scale sine: −60 dB, below which everything is silence
BLOCK = 64  # sounds at a time
SHOWN = 64  # mel bands of a picture
BANDS, QUARTERS = 32, 4  # of `statistics`
COLOURS = np.array([[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]], np.float64)

Floats = NDArray[np.float64]


def window_of(rate: int) -> int:
    """Samples of a window at a rate in Hz: a multiple of `OVERLAP`."""
    return round(WINDOW * rate / OVERLAP) * OVERLAP


def power(signals: Floats, window: int) -> Floats:
    """Power [N, frames, frequencies] of signals [N, T]: of a full-scale sine 1, at its own frequency.

    Hann windows, a quarter of one apart, none beyond the ends; frequencies from 0 to half the rate, `FINER` times as
    many as window/2. Signals shorter than a window are followed by silence.
    """
    signals = np.pad(signals, ((0, 0), (0, max(0, window - signals.shape[1]))))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = np.lib.stride_tricks.sliding_window_view(signals, window, axis=1)[:, :: window // OVERLAP]
    spectra = np.fft.rfft(frames * hann, FINER * window)
    return np.square(np.abs(spectra) * 2 / hann.sum())


def mel(frequency: NDArray[np.floating] | float) -> Floats:
    """Hz [N] → mel [N], or of one number, 2595·log₁₀(1 + f/700): O'Shaughnessy 1987."""
    return np.asarray(2595 * np.log10(1 + np.asarray(frequency) / 700))


@cache
def mel_bands(rate: int, window: int, bands: int) -> Floats:
    """Triangles [bands, frequencies], evenly spaced and half overlapping in mel from 0 Hz to half the rate, 1 high."""
    edges = np.linspace(0, mel(rate / 2), bands + 2)
    places = mel(np.fft.rfftfreq(FINER * window, 1 / rate))
    spacing = edges[1] - edges[0]
    return np.maximum(0, 1 - np.abs(places - edges[1:-1, None]) / spacing)


def log_mel(waves: Waves, rate: int, bands: int) -> Floats:
    """log₁₀ of the power in mel bands, [N, bands, frames], of sounds int16 [N, T]; −6 is silence."""
    window = window_of(rate)
    triangles = mel_bands(rate, window, bands)
    blocks = (waves[start : start + BLOCK].astype(np.float64) / FULL for start in range(0, len(waves), BLOCK))
    found = [np.log10(power(block, window) @ triangles.T + FLOOR) for block in blocks]
    return np.concatenate(found).transpose(0, 2, 1)


def picture(waves: Waves, rate: int) -> NDArray[np.uint8]:
    """Spectrograms of sounds int16 [N, T], uint8 [N, bands, frames, 3]: low notes below, bright where it is loud."""
    levels = log_mel(waves, rate, SHOWN)[:, ::-1]
    places = np.clip(1 - levels / np.log10(FLOOR), 0, 1) * (len(COLOURS) - 1)
    known = np.arange(len(COLOURS))
    return np.stack([np.interp(places, known, shade).astype(np.uint8) for shade in COLOURS.T], axis=-1)


def statistics(waves: Waves, rate: int) -> Floats:
    """What sounds int16 [N, T] are compared by, [N, 160]: of each of 32 mel bands the mean of log₁₀ of its power over
    each quarter of the sound, and its standard deviation over the whole. Silence follows sounds that are shorter than
    four windows that overlap, 56 ms.
    """
    window = window_of(rate)
    shortest = window + (QUARTERS - 1) * window // OVERLAP
    levels = log_mel(np.pad(waves, ((0, 0), (0, max(0, shortest - waves.shape[1])))), rate, BANDS)
    quarters = [quarter.mean(axis=2) for quarter in np.array_split(levels, QUARTERS, axis=2)]
    return np.concatenate([*quarters, levels.std(axis=2)], axis=1)
