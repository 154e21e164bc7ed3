"""Surfaces: band-limited noise, stripes, checks, spots and gradients, each class with its own statistics."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ganatomy.experiments.diagnosis_exam.drawn_sets.forms import per_image, plane
from ganatomy.experiments.diagnosis_exam.drawn_sets.style import ALIKE, Draw, Floats, Labels, SetStyle


@dataclass(frozen=True)
class Surface:
    """What differs between images of one kind of surface.

    angle [N], radians; frequency [N], waves across the image; phase [N, 2], radians; size: of the image, pixels;
    field [N, H, W]: white noise.
    """

    angle: Floats
    frequency: Floats
    phase: Floats
    size: int
    field: Floats

    def waves(self, more: float = 0) -> Floats:
        """Phases [N, H, W] of waves along the angle, and `more` radians."""
        x, y = plane(self.size)
        angle, frequency, phase = per_image(self.angle + more, self.frequency, self.phase[:, int(more > 0)])
        return np.pi * frequency * (np.cos(angle) * x + np.sin(angle) * y) + phase


def noise(surface: Surface) -> Floats:
    """Noise of one frequency, more along the angle than across: ink [N, H, W]."""
    size = surface.size
    down, across = np.fft.fftfreq(size, 1 / size)[:, None], np.fft.rfftfreq(size, 1 / size)[None]
    angle, frequency = per_image(surface.angle, surface.frequency)
    along, beside = np.cos(angle) * across + np.sin(angle) * down, np.cos(angle) * down - np.sin(angle) * across
    band = np.exp(-(((np.hypot(along, 2 * beside) - frequency) / (0.35 * frequency + 0.5)) ** 2))
    band[:, 0, 0] = 0
    waves = np.fft.irfft2(np.fft.rfft2(surface.field) * band, (size, size))
    return _sharp(waves / (waves.std((1, 2), keepdims=True) + 1e-9), 1.0)


def stripes(surface: Surface) -> Floats:
    """Stripes across the angle: ink [N, H, W]."""
    return _sharp(np.sin(surface.waves()), 4.0)


def checks(surface: Surface) -> Floats:
    """A board of checks: ink [N, H, W]."""
    return _sharp(np.sin(surface.waves()) * np.sin(surface.waves(np.pi / 2)), 8.0)


def spots(surface: Surface) -> Floats:
    """Round spots in rows: ink [N, H, W]."""
    return _sharp(np.cos(surface.waves()) + np.cos(surface.waves(np.pi / 2)) - 0.6, 3.0)


def gradient(surface: Surface) -> Floats:
    """One slope along the angle, steeper for higher frequencies: ink [N, H, W]."""
    x, y = plane(surface.size)
    angle, steep, shift = per_image(surface.angle, 0.5 + 0.25 * surface.frequency, 0.15 * np.sin(surface.phase[:, 0]))
    return np.clip(0.5 + shift + 0.5 * steep * (np.cos(angle) * x + np.sin(angle) * y), 0, 1)


KINDS: tuple[Callable[[Surface], Floats], ...] = (noise, stripes, checks, spots, gradient)


def textures(style: SetStyle, random: np.random.Generator) -> Draw:
    """Draws surfaces: classes [N] → ink [N, H, W].

    All classes are of one kind or of several; each has its own frequency and angle.
    """
    classes = style.classes
    several = random.random() < 0.5
    kinds = random.integers(len(KINDS)) + np.arange(classes) * several
    lowest, highest = 1.5, min(6.0, style.size / 5)
    frequencies = np.geomspace(lowest, highest, classes)[random.permutation(classes)]
    angles = random.uniform(0, np.pi) + np.pi * random.permutation(classes) / classes
    phases = random.uniform(-np.pi, np.pi, (classes, 2))
    fields = random.standard_normal((classes, style.size, style.size), np.float32)
    alike = style.variety < ALIKE

    def draw(labels: Labels, random: np.random.Generator) -> Floats:
        def own(spread: float, *more: int) -> np.ndarray:
            return style.variety * random.uniform(-spread, spread, (len(labels), *more))

        angle = angles[labels] + own(0.5 * np.pi / (classes + 2))
        frequency = frequencies[labels] * np.exp(own(0.12))
        phase = phases[labels] + own(np.pi, 2)
        amount = 1 + own(0.3)
        field = random.standard_normal((len(labels), style.size, style.size), np.float32)
        if alike:
            field = fields[labels] + 2 * style.variety * field
        found = np.empty((len(labels), style.size, style.size), np.float32)
        for kind in range(len(KINDS)):
            here = np.flatnonzero(kinds[labels] % len(KINDS) == kind)
            surface = Surface(angle[here], frequency[here], phase[here], style.size, field[here])
            found[here] = KINDS[kind](surface)
        return np.clip(0.5 + amount[:, None, None] * (found - 0.5), 0, 1).astype(np.float32)

    return draw


def _sharp(waves: np.ndarray, slope: float) -> Floats:
    """Waves as ink between 0 and 1, with edges of the given slope."""
    return (0.5 + 0.5 * np.tanh(slope * waves)).astype(np.float32)
