"""Sounds that no network made, to see what a score is worth."""

import numpy as np

from ganatomy.modalities.sounds.files import FULL, Waves, quantised


def random_phase(waves: Waves, count: int, random: np.random.Generator) -> Waves:
    """Noise [count, T] with the mean power spectrum of sounds int16 [N, T], and phases drawn at random."""
    power = np.zeros(waves.shape[1] // 2 + 1)
    for wave in waves:
        power += np.square(np.abs(np.fft.rfft(wave / FULL)))
    turns = np.exp(2j * np.pi * random.random((count, len(power))))
    return quantised(np.fft.irfft(np.sqrt(power / len(waves)) * turns, waves.shape[1]))
