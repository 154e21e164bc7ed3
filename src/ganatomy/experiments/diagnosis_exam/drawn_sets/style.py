"""What a drawn data set looks like, before any of its images is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]

Draw = Callable[[Labels, np.random.Generator], Floats]
"""Classes [N] → images, 0 to 1: how much ink is where [N, H, W], or colours [N, H, W, 3]."""

FEW = 1000  # a set with fewer training images is called one of few images
ALIKE = 0.3  # a set with less variety is called one of images much alike
FAINT = 0.8  # a set with less contrast is called faint


@dataclass(frozen=True)
class SetStyle:
    """The style of a drawn data set.

    palette: binary (0 and 255), two-coloured (the same two in all images), grey or coloured; channels: 1 or 3;
    first: how many images there are to learn from (`data.first`); variety, 0 to 1: how far the images of a class differ
    in place, size, turn and colour; dark: light ink on a dark ground; ends: ground and ink are black and white;
    contrast, 0 to 1; noise: its standard deviation, of a range of 1.
    """

    seed: int
    family: str
    size: int
    channels: int
    classes: int
    palette: str
    first: int
    variety: float
    dark: bool
    ends: bool
    contrast: float
    noise: float

    @property
    def name(self) -> str:
        """A short name, such as textures-32-17: family, size and seed."""
        return f"{self.family}-{self.size}-{self.seed}"

    @property
    def about(self) -> str:
        """The style in words."""
        remarks = {
            "in RGB": self.channels == 3 and self.palette in ("binary", "grey"),
            f"only {self.first} images": self.first < FEW,
            "much alike": self.variety < ALIKE,
            "on a light ground": not self.dark,
            "black and white": self.ends and self.palette != "binary",
            "faint": self.contrast < FAINT,
            "noisy": self.noise > 0,
        }
        said = [remark for remark, holds in remarks.items() if holds]
        return ", ".join([f"{self.palette} {self.family} of {self.classes} classes", f"{self.size} pixels", *said])
