"""A data set from a seed: its style first, then its images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ganatomy.experiments.diagnosis_exam.drawn_sets.glyphs import glyphs
from ganatomy.experiments.diagnosis_exam.drawn_sets.paint import painter
from ganatomy.experiments.diagnosis_exam.drawn_sets.scenes import scenes
from ganatomy.experiments.diagnosis_exam.drawn_sets.shapes import shapes
from ganatomy.experiments.diagnosis_exam.drawn_sets.style import Draw, SetStyle
from ganatomy.experiments.diagnosis_exam.drawn_sets.textures import textures

Name = TypeVar("Name", str, int)
HELD_OUT = 1000
TOGETHER = 512  # images drawn at once: a few MB a plane

FAMILIES: dict[str, Callable[[SetStyle, np.random.Generator], Draw]] = {
    "glyphs": glyphs,
    "shapes": shapes,
    "textures": textures,
    "scenes": scenes,
}
SIZES = {16: 4, 24: 2, 32: 3, 48: 1, 64: 1}  # pixels, and how often
PALETTES = {"grey": 4, "coloured": 5, "two-coloured": 3, "binary": 2}
CLASSES = {2: 2, 3: 3, 4: 2, 5: 2, 6: 1, 8: 1, 10: 3, 12: 1}


@dataclass(frozen=True)
class DrawnSet:
    """Images and their classes, independent of each other and in random order; the last are to be held out.

    pixels: uint8 [N, H, W, C]; labels: int64 [N]; the first `style.first` images are those to learn from.
    """

    style: SetStyle
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]

    @property
    def name(self) -> str:
        """A short name: family, size and seed."""
        return self.style.name

    @property
    def about(self) -> str:
        """What is drawn, in words."""
        return self.style.about

    @property
    def family(self) -> str:
        """A name of FAMILIES."""
        return self.style.family


def drawn_style(seed: int) -> SetStyle:
    """The style of the data set of this seed, without its images."""
    random = np.random.default_rng([seed, 0])

    def chosen(weights: dict[Name, int]) -> Name:
        return list(weights)[random.choice(len(weights), p=np.array(list(weights.values())) / sum(weights.values()))]

    family, size, palette = chosen(dict.fromkeys(FAMILIES, 1)), chosen(SIZES), chosen(PALETTES)
    classes = chosen(CLASSES)
    rgb = palette in ("coloured", "two-coloured") or random.random() < 0.2
    first = int(random.integers(300, 900) if random.random() < 0.15 else random.integers(2000, 5001))
    alike, faint, noisy = random.random(3) < (0.15, 0.2, 0.35)
    ends = palette == "binary" or (palette == "grey" and random.random() < 0.35)
    return SetStyle(
        seed=seed,
        family=family,
        size=size,
        channels=3 if rgb else 1,
        classes=classes,
        palette=palette,
        first=first,
        variety=float(random.uniform(0.12, 0.25) if alike else random.uniform(0.5, 1)),
        dark=bool(random.random() < 0.65),
        ends=bool(ends),
        contrast=float(random.uniform(0.5, 0.75)) if faint and not ends else 1.0,
        noise=float(random.uniform(0.02, 0.08)) if noisy else 0.0,
    )


def drawn_set(seed: int, count: int | None = None) -> DrawnSet:
    """The data set of this seed: `style.first` images and HELD_OUT more.

    count: draw so many images instead, in all. The same on every machine, but for the rounding of numpy and Pillow.
    """
    style, random = drawn_style(seed), np.random.default_rng([seed, 1])
    draw, paint = FAMILIES[style.family](style, random), painter(style, random)
    count = style.first + HELD_OUT if count is None else count
    random = np.random.default_rng([seed, 2])  # what all images share was drawn above, whatever their number
    labels = random.integers(style.classes, size=count)
    parts = np.split(labels, range(TOGETHER, count, TOGETHER))
    return DrawnSet(style, np.concatenate([paint(draw(part, random), part, random) for part in parts]), labels)
