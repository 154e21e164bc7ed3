"""Pitch: what the names of notes say, and what is heard in a sound."""

import re

import numpy as np
from numpy.typing import NDArray

from ganatomy.modalities.sounds.files import Waves

NOTE = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d)")
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # semitones above C
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
LOWEST, HIGHEST = 60.0, 1000.0  # Hz that are looked for
DIP = 0.15  # of d′, which is taken for a period: de Cheveigné & Kawahara's threshold is 0.1

Floats = NDArray[np.float64]


def frequency_of(name: str) -> float | None:
    """Hz of a note by its name in scientific notation, where A4 is 440 Hz: C4, F#3, Bb2; None where it is none."""
    if (match := NOTE.fullmatch(name.strip())) is None:
        return None
    letter, accidental, octave = match.groups()
    shift = 0 if not accidental else 1 if accidental in "#♯" else -1
    return float(440 * 2 ** ((STEPS[letter.upper()] + shift - 9) / 12 + int(octave) - 4))


def frequencies(waves: Waves, rate: int) -> Floats:
    """The fundamental frequency [N] in Hz of each of the sounds int16 [N, T], between `LOWEST` and `HIGHEST`.

    YIN (de Cheveigné & Kawahara 2002), steps 1 to 5, on one window, which is as long as the sound allows: the first
    period τ at which d′(τ), the squared difference between the sound and itself τ later over its mean up to τ, is at
    the bottom of a dip below `DIP`; where there is no such dip, the deepest. A number comes back for noise too.
    """
    signals = waves.astype(np.float64)
    longest, shortest = int(np.ceil(rate / LOWEST)) + 1, int(rate / HIGHEST)
    width = signals.shape[1] - longest
    here = signals[:, :width]
    differences = [np.square(here - signals[:, lag : lag + width]).sum(1) for lag in range(longest + 1)]
    d = np.stack(differences, axis=1)
    lags = np.arange(1, longest + 1)
    relative = np.ones_like(d)
    relative[:, 1:] = d[:, 1:] * lags / np.maximum(d[:, 1:].cumsum(1), 1e-9)
    return rate / np.array([_period(*each, shortest) for each in zip(d, relative, strict=True)])


def _period(d: Floats, relative: Floats, shortest: int) -> float:
    """The period in samples of d and d′ [L], by a parabola through d at the bottom of the dip and its neighbours."""
    below = np.flatnonzero(relative[shortest:-1] < DIP) + shortest
    if len(below):
        place = int(below[0])
        while place + 2 < len(relative) and relative[place + 1] < relative[place]:
            place += 1
    else:
        place = int(relative[shortest:-1].argmin()) + shortest
    before, at, after = d[place - 1 : place + 2]
    bend = before - 2 * at + after
    return place + (0.5 * (before - after) / bend if bend > 0 else 0.0)
