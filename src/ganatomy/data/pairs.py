"""Pairs of images, ready for training: one that is given, and the one that is to be drawn of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganatomy.config.options import DataOptions
from ganatomy.data.decode import Pixels
from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.modalities.images import resized
from ganatomy.networks.pair_shape import PairShape


@dataclass(frozen=True)
class Pairs:
    """Pairs of images that are trained on.

    targets  what is to be drawn
    scale    what is given is a target made so many times smaller
    filter   by which it is made smaller: area or bicubic
    """

    targets: Images
    scale: int
    filter: str

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def shape(self) -> PairShape:
        """Channels, height and width of a target, and by how much what is given is smaller."""
        _, height, width, channels = self.targets.pixels.shape
        return PairShape(channels, height, width, self.scale)

    @property
    def fingerprint(self) -> str:
        """The same for the same pairs."""
        how = f"{self.targets.fingerprint}, {self.filter} {self.scale}"
        return hashlib.sha256(how.encode()).hexdigest()

    @property
    def source(self) -> str:
        """The path that was given."""
        return self.targets.source

    @property
    def values(self) -> str | None:
        """How numbers of more or other than 8 bits were understood."""
        return self.targets.values

    @property
    def classes(self) -> None:
        """Pairs have no classes."""

    @property
    def stored(self) -> Pixels:
        """The targets, uint8 [N, H, W, C]."""
        return self.targets.pixels

    def at(self, indices: NDArray[np.int64]) -> tuple[Pixels, Pixels]:
        """Given images uint8 [n, h, w, C] and targets uint8 [n, H, W, C] of indices [n]."""
        targets = self.targets.pixels[indices]
        return smaller(targets, self.scale, self.filter), targets

    def evenly(self, count: int) -> NDArray[np.int64]:
        """The indices [M] of at most `count` pairs, evenly chosen: many sets are sorted."""
        return np.linspace(0, len(self) - 1, min(count, len(self))).astype(np.int64)


def pairs_of(images: Images, options: DataOptions) -> Pairs:
    """The pairs that options make of images. Raises UserError where they cannot be made."""
    _, height, width, channels = images.pixels.shape
    if options.scale is None:
        raise UserError("data.scale is required: how many times larger the drawn image is, as in data.scale=4.")
    if channels == 4:
        raise UserError("Pairs have no transparency: leave data.channels=4 out, and it is laid on white.")
    if height % options.scale or width % options.scale:
        down, right = (side // options.scale * options.scale for side in (height, width))
        raise UserError(
            f"{images.source} has images of {height}×{width} pixels, which cannot be made {options.scale} times "
            f"smaller: give --size {down}x{right}."
        )
    return Pairs(images, options.scale, options.downscaling)


def smaller(pixels: Pixels, scale: int, filter: str) -> Pixels:
    """Images uint8 [N, H, W, C] made `scale` times smaller, [N, H/scale, W/scale, C], rounded to grey levels.

    filter: area, the mean of scale × scale pixels; or bicubic, Keys' kernel (a = −½) over scale times its width, as
    Pillow's and MATLAB's imresize have it.
    """
    if scale == 1:
        return pixels
    count, height, width, channels = pixels.shape
    if filter == "area":
        blocks = pixels.reshape(count, height // scale, scale, width // scale, scale, channels)
        return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
    return resized(pixels, height // scale, width // scale)
