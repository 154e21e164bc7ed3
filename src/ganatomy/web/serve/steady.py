"""Batches whose images do not depend on the batch.

A kernel may sum in another order for another batch size, or for another place in a batch, and rounding tells. But which
order it takes follows from the shapes, not from the numbers. So a few images at every place of every size show which
sizes draw the same bits, and only those are used: a smaller batch is filled up to the least of them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.web.serve.backend import Backend, Labels, Latents, of_seeds

SIZES = (1, 2, 4, 8, 16, 32)
PROBES = 32  # images that are compared: a multiple of every size
PIXELS = 2**20  # of them, where rounding hides most differences
SLOWEST = 0.5  # seconds that a batch may take: whoever comes meanwhile waits for its end
ENOUGH = 0.8  # of the highest speed counts as that speed


@dataclass(frozen=True)
class Size:
    """A batch size, and the images a second that it draws."""

    images: int
    speed: float


@dataclass(frozen=True)
class Steady:
    """Sizes that draw the same bits, smallest first.

    difference   the most that a pixel differs from that of the same image drawn alone, as `ganatomy sample` draws it
    """

    sizes: Sequence[Size]
    difference: int = 0

    @property
    def best(self) -> Size:
        """The largest of those that are about as fast as the fastest: a moment's disturbance should not choose."""
        top = max(size.speed for size in self.sizes)
        return max((size for size in self.sizes if size.speed >= ENOUGH * top), key=lambda size: size.images)

    def fitting(self, waiting: int) -> int:
        """The largest size that `waiting` images fill, or the smallest there is."""
        return max((size.images for size in self.sizes if size.images <= waiting), default=self.sizes[0].images)


def measure(backend: Backend) -> Steady:
    """The sizes to draw with: of the sets that agree, the one with the smallest batches that is fast enough.

    A size that disagrees with itself, at other places, is left out. One image at a time is what is left if all else
    fails, or differs by more than a grey level from it.
    """
    z, y = of_seeds(backend.prior, range(_count(backend)))
    families: list[tuple[list[Size], NDArray[Any]]] = []
    for images in SIZES:
        began = time.perf_counter()
        unmoved = _same_at_all_places(backend, z, y, images)
        seconds = time.perf_counter() - began
        if seconds > SLOWEST:
            break
        began = time.perf_counter()
        values = _in_batches(backend.values, z, y, images)
        size = Size(images, len(z) / (time.perf_counter() - began))
        if not unmoved:
            continue
        for family, theirs in families:
            if np.array_equal(values, theirs):
                family.append(size)
                break
        else:
            families.append(([size], values))
    if not families:
        return Steady([Size(1, 1 / seconds)])

    alone, *others = [Steady(family) for family, _ in families]
    top = max(each.best.speed for each in (alone, *others))
    chosen = next(each for each in (alone, *others) if each.best.speed >= ENOUGH * top)
    if chosen is alone:
        return alone

    def pixels(way: Steady) -> NDArray[np.int16]:
        drawn = _in_batches(lambda z, y: backend.draw(z, y, None), z, y, way.sizes[0].images)
        return drawn.astype(np.int16)

    difference = int(np.abs(pixels(chosen) - pixels(alone)).max())
    return Steady(chosen.sizes, difference) if difference <= 1 else alone


def _count(backend: Backend) -> int:
    """Images to compare; of those known to a grey level only, more."""
    values = backend.values(*of_seeds(backend.prior, [0]))
    if values.dtype != np.uint8:
        return PROBES
    return PROBES * min(64, max(1, PIXELS // values.size // PROBES))


def _same_at_all_places(backend: Backend, z: Latents, y: Labels | None, images: int) -> bool:
    """Whether a batch of one image, over and over, is one image over and over."""
    values = backend.values(z[:1].repeat(images, 0), None if y is None else y[:1].repeat(images))
    return all(np.array_equal(values[0], value) for value in values)


def _in_batches(
    draw: Callable[[Latents, Labels | None], NDArray[Any]], z: Latents, y: Labels | None, images: int
) -> NDArray[Any]:
    parts = range(0, len(z), images)
    return np.concatenate([draw(z[i : i + images], None if y is None else y[i : i + images]) for i in parts])
