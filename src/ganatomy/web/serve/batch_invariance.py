"""Batch sizes at which an image does not depend on its batch.

A kernel may add in another order for another batch size, or for another position in the batch, and rounding makes that
visible. The order follows from the shapes, not from the numbers. So a few images, drawn at every position of every
size, show which sizes give the same bits. Only those are used; a smaller batch is padded to the smallest of them.
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
PIXELS = 2**20  # how many pixels to compare where only rounded values are known
SLOWEST = 0.5  # seconds that a batch may take: a new request waits for the end of the one in progress
ENOUGH = 0.8  # a size is fast enough if it reaches this share of the highest speed


@dataclass(frozen=True)
class BatchSize:
    """A batch size and its speed in images a second."""

    images: int
    speed: float


@dataclass(frozen=True)
class BatchSizes:
    """Sizes that give the same bits, smallest first.

    difference   grey levels, at most, between a pixel of these and of the image drawn alone by `ganatomy sample`
    """

    sizes: Sequence[BatchSize]
    difference: int = 0

    @property
    def best(self) -> BatchSize:
        """The largest of those that are about as fast as the fastest: a short disturbance should not decide."""
        top = max(size.speed for size in self.sizes)
        return max((size for size in self.sizes if size.speed >= ENOUGH * top), key=lambda size: size.images)

    def fitting(self, waiting: int) -> int:
        """The largest size that `waiting` images fill, or the smallest size."""
        return max((size.images for size in self.sizes if size.images <= waiting), default=self.sizes[0].images)


def measure(backend: Backend, clock: Callable[[], float] = time.perf_counter) -> BatchSizes:
    """The sizes to draw with: of the sets that agree, the one with the smallest sizes that is fast enough.

    A size whose positions disagree is left out. Size 1 is used alone if no other works, or if the others differ from it
    by more than one grey level. clock: the time, in seconds.
    """
    z, y = of_seeds(backend.prior, range(_count(backend)))
    groups: list[tuple[list[BatchSize], NDArray[Any]]] = []  # sizes that agree, and the values that they give
    for images in SIZES:
        began = clock()
        invariant = _same_at_all_positions(backend, z, y, images)
        seconds = clock() - began
        if seconds > SLOWEST:
            break
        began = clock()
        values = _in_batches(backend.values, z, y, images)
        size = BatchSize(images, len(z) / (clock() - began))
        if not invariant:
            continue
        for sizes, theirs in groups:
            if np.array_equal(values, theirs):
                sizes.append(size)
                break
        else:
            groups.append(([size], values))
    if not groups:
        return BatchSizes([BatchSize(1, 1 / seconds)])

    alone, *others = [BatchSizes(sizes) for sizes, _ in groups]
    top = max(each.best.speed for each in (alone, *others))
    chosen = next(each for each in (alone, *others) if each.best.speed >= ENOUGH * top)
    if chosen is alone:
        return alone

    def pixels(sizes: BatchSizes) -> NDArray[np.int16]:
        drawn = _in_batches(lambda z, y: backend.draw(z, y, None), z, y, sizes.sizes[0].images)
        return drawn.astype(np.int16)

    difference = int(np.abs(pixels(chosen) - pixels(alone)).max())
    return BatchSizes(chosen.sizes, difference) if difference <= 1 else alone


def _count(backend: Backend) -> int:
    """How many images to compare: more where only whole grey levels are known."""
    values = backend.values(*of_seeds(backend.prior, [0]))
    if values.dtype != np.uint8:
        return PROBES
    return PROBES * min(64, max(1, PIXELS // values.size // PROBES))


def _same_at_all_positions(backend: Backend, z: Latents, y: Labels | None, images: int) -> bool:
    """Whether a batch of one latent vector, repeated, gives one image, repeated."""
    values = backend.values(z[:1].repeat(images, 0), None if y is None else y[:1].repeat(images))
    return all(np.array_equal(values[0], value) for value in values)


def _in_batches(
    draw: Callable[[Latents, Labels | None], NDArray[Any]], z: Latents, y: Labels | None, images: int
) -> NDArray[Any]:
    parts = range(0, len(z), images)
    return np.concatenate([draw(z[i : i + images], None if y is None else y[i : i + images]) for i in parts])
