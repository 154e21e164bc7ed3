"""Flat forms as functions of the plane: negative inside, positive outside, about a distance near the edge."""

from collections.abc import Callable
from functools import partial

import numpy as np

from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Floats

Form = Callable[[Floats, Floats], Floats]
"""Coordinates x and y [...], in which the form has a radius of about 1 → distances to its edge [...]."""


def plane(size: int) -> tuple[Floats, Floats]:
    """Coordinates x and y [H, W] of the centres of pixels, from −1 to 1, downwards and to the right."""
    y, x = (np.mgrid[:size, :size].astype(np.float32) + 0.5) * (2 / size) - 1
    return x, y


def per_image(*values: np.ndarray) -> list[Floats]:
    """Numbers [N], each as [N, 1, 1]."""
    return [np.asarray(value, np.float32)[:, None, None] for value in values]


def inked(form: Form, size: int, x: np.ndarray, y: np.ndarray, radius: np.ndarray, turn: np.ndarray) -> Floats:
    """How much of each pixel a form covers [N, H, W]; its place, radius and turn (radians) in each image [N]."""
    across, down = plane(size)
    x, y, radius, turn = per_image(x, y, radius, turn)
    across, down = across - x, down - y
    cosine, sine = np.cos(turn) / radius, np.sin(turn) / radius
    distance = form(cosine * across + sine * down, cosine * down - sine * across)
    return np.clip(0.5 - distance * radius * (size / 2), 0, 1).astype(np.float32)


def disc(x: Floats, y: Floats) -> Floats:
    """A disc: its distances [...]."""
    return np.hypot(x, y) - 0.9


def polygon(x: Floats, y: Floats, corners: int) -> Floats:
    """A regular polygon, one corner downwards: its distances [...]."""
    half = np.pi / corners
    angle = (np.arctan2(x, y) % (2 * half)) - half
    return np.hypot(x, y) * np.cos(angle) - np.cos(half)


def star(x: Floats, y: Floats, points: int) -> Floats:
    """A star: its distances [...]."""
    half = np.pi / points
    angle = abs((np.arctan2(x, y) % (2 * half)) - half)  # 0 between two points, `half` at a point
    radius, inner = np.hypot(x, y), 0.42
    along, across = radius * np.cos(half - angle), radius * np.sin(half - angle)
    corner = (inner * np.cos(half), inner * np.sin(half))
    normal = (corner[1], 1 - corner[0])
    return ((along - 1) * normal[0] + across * normal[1]) / np.hypot(*normal)


def flower(x: Floats, y: Floats, petals: int) -> Floats:
    """A round flower: its distances [...]."""
    return (np.hypot(x, y) - 0.65 - 0.3 * np.cos(petals * np.arctan2(x, y))) * 0.7


def ring(x: Floats, y: Floats) -> Floats:
    """A ring: its distances [...]."""
    return abs(np.hypot(x, y) - 0.72) - 0.2


def bar(x: Floats, y: Floats) -> Floats:
    """A bar: its distances [...]."""
    return np.maximum(abs(x) - 1, abs(y) - 0.28)


def cross(x: Floats, y: Floats) -> Floats:
    """A cross: its distances [...]."""
    return np.minimum(bar(x, y), bar(y, x))


def frame(x: Floats, y: Floats) -> Floats:
    """The frame of a square: its distances [...]."""
    return abs(np.maximum(abs(x), abs(y)) - 0.65) - 0.17


def half_disc(x: Floats, y: Floats) -> Floats:
    """A half disc: its distances [...]."""
    return np.maximum(np.hypot(x, y + 0.4) - 1, -y - 0.4)


def crescent(x: Floats, y: Floats) -> Floats:
    """A crescent: its distances [...]."""
    return np.maximum(np.hypot(x, y) - 0.95, 0.8 - np.hypot(x - 0.5, y))


FORMS: dict[str, Form] = {
    "disc": disc,
    **{f"polygon of {n}": partial(polygon, corners=n) for n in (3, 4, 6)},
    **{f"star of {n}": partial(star, points=n) for n in (4, 5, 8)},
    **{f"flower of {n}": partial(flower, petals=n) for n in (3, 5)},
    "ring": ring,
    "bar": bar,
    "cross": cross,
    "frame": frame,
    "half disc": half_disc,
    "crescent": crescent,
}
