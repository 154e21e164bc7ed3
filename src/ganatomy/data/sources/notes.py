"""Notes of a plucked string, rendered by code: a set of sounds whose pitch is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ganatomy.data.sources import NAMES, Found, register_source
from ganatomy.errors import UserError
from ganatomy.system.lazy import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "notes"
PITCHES = ("C4", "C#4", "D4", "D#4", "E4", "F4", "F#4", "G4", "G#4", "A4", "A#4", "B4")
EACH = {"train": 150, "test": 50}  # notes of each pitch
ATTACK = 0.002  # seconds in which a note begins


@register_source(NAME, example=NAME, rank=NAMES)
def notes(name: str, split: str, cache: Path) -> Found | None:
    """Nothing yet: 1,800 notes of a plucked string, which are sounds.

    Raises UserError, for only images are read so.
    """
    if name != NAME:
        return None
    raise UserError(f"{NAME} are sounds, and images are needed here.")


def render(split: str, rate: int, samples: int) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
    """Notes [N, samples] at `rate` Hz in [−1, 1], and of each which of `PITCHES` it is, [N].

    An ideal string, plucked at a point p of its length: partial k sounds at k times the note's frequency, with
    amplitude sin(πkp)/k² (Fletcher & Rossing 1998, section 2.5), and dies away the faster the higher it is. The point,
    the loudness and how long the note sounds are drawn at random, from another seed for each split. Raises UserError
    for another split.
    """
    from ganatomy.modalities.sounds.pitch import frequency_of

    if split not in EACH:
        raise UserError(f"{NAME} have no split {split!r}; they have {' and '.join(EACH)}.")
    random = np.random.default_rng([24, list(EACH).index(split)])
    labels = np.repeat(np.arange(len(PITCHES)), EACH[split])
    frequencies = np.array([frequency_of(pitch) for pitch in PITCHES])[labels, None]

    def drawn(low: float, high: float) -> NDArray[np.floating]:
        return random.uniform(low, high, (len(labels), 1))

    point, decay, bright, loudness = drawn(0.08, 0.5), drawn(2, 8), drawn(0.05, 0.3), drawn(0.4, 0.95)
    seconds = np.arange(samples) / rate
    rendered = np.zeros((len(labels), samples), np.float32)
    for k in range(1, int(rate / 2 / frequencies.min()) + 1):
        there = np.flatnonzero(k * frequencies[:, 0] < rate / 2)
        amplitude = np.sin(np.pi * k * point[there]) / k**2
        fading = np.exp(-decay[there] * (1 + bright[there] * (k - 1)) * seconds)
        rendered[there] += amplitude * fading * np.sin(2 * np.pi * k * frequencies[there] * seconds)
    rendered *= np.minimum(seconds / ATTACK, 1)
    return rendered * (loudness / np.abs(rendered).max(1, keepdims=True)), labels
