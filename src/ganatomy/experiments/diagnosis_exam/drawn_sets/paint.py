"""Colours: from ink, 0 to 1, to pixels."""

from collections.abc import Callable

import numpy as np
from matplotlib.colors import hsv_to_rgb
from numpy.typing import NDArray

from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Floats, Labels, SetStyle

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
Bounds = tuple[float, float]
LIGHT, DARK = ((0.2, 0.9), (0.65, 1.0)), ((0.2, 0.9), (0.0, 0.25))  # saturation and value: ink and ground
PAPER, PRINT = ((0.0, 0.3), (0.85, 1.0)), ((0.5, 1.0), (0.05, 0.5))  # those of a light ground


def painter(
    style: SetStyle, random: np.random.Generator
) -> Callable[[Floats, Labels, np.random.Generator], NDArray[np.uint8]]:
    """A function that paints drawings [N, H, W] or [N, H, W, 3] of classes [N]: uint8 [N, H, W, C]."""
    ground, ink = (_colours(style, *bounds, random) for bounds in ((DARK, LIGHT) if style.dark else (PAPER, PRINT)))

    def paint(drawn: Floats, labels: Labels, random: np.random.Generator) -> NDArray[np.uint8]:
        if style.palette == "coloured" and drawn.ndim == 4:
            pixels = drawn if style.dark else 1 - 0.8 * (1 - drawn)
        else:
            amount = _stretched(drawn @ LUMINANCE) if drawn.ndim == 4 else drawn
            if style.palette != "coloured":  # noise between the two colours, none of other hues
                amount = amount + style.noise * random.standard_normal(amount.shape, np.float32)
            if style.palette == "binary":
                amount = (amount > 0.5).astype(np.float32)
            behind, before = ground(labels, random), ink(labels, random)
            pixels = behind + amount[..., None] * (before - behind)
        if style.palette == "coloured":
            pixels = pixels + style.noise * random.standard_normal(pixels.shape, np.float32)
        pixels = 0.5 + style.contrast * (pixels - 0.5)
        return np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8)

    return paint


def _stretched(brightness: Floats) -> Floats:
    """Brightness [N, H, W] from 0 to 1 in each image, but for its few darkest and brightest pixels."""
    low, high = np.percentile(brightness, (5, 95), axis=(1, 2), keepdims=True)
    return np.clip((brightness - low) / np.maximum(high - low, 0.05), 0, 1).astype(np.float32)


def _colours(
    style: SetStyle, saturations: Bounds, values: Bounds, random: np.random.Generator
) -> Callable[[Labels, np.random.Generator], Floats]:
    """A function that draws a colour [N, 1, 1, C] for each image, around the set's or the class's own."""
    by_class = style.palette == "coloured" and random.random() < 0.4
    hues = random.random() + np.arange(style.classes) / style.classes * by_class
    saturation, value = random.uniform(*saturations), random.uniform(*values)
    if style.ends:
        value = float(values[1] == 1)
    fixed = style.ends or style.palette in ("binary", "two-coloured")

    def colours(labels: Labels, random: np.random.Generator) -> Floats:
        def around(own: float, bounds: Bounds) -> NDArray[np.float64]:
            other = random.uniform(*bounds, len(labels))
            return own + (0 if fixed else style.variety) * (other - own)

        levels = around(value, values)
        if style.palette in ("grey", "binary") or style.ends:
            return np.broadcast_to(levels[:, None, None, None], (len(labels), 1, 1, style.channels)).astype(np.float32)
        spread = 0 if fixed else style.variety * (0.15 if by_class else 1)
        hue = (hues[labels] + spread * random.uniform(-0.5, 0.5, len(labels))) % 1
        return hsv_to_rgb(np.stack([hue, around(saturation, saturations), levels], -1))[:, None, None].astype(
            np.float32
        )

    return colours
