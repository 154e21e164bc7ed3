"""Real batches of pairs of images without end, as a function of the step."""

import numpy as np
import torch
from numpy.typing import NDArray

from ganatomy.data.batches import RealBatches, SharedBatches
from ganatomy.data.pairs import Pairs
from ganatomy.gan.method import Batch
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime


class PairBatches(RealBatches):
    """batches(step, turn) → this process's pairs of the turn-th real batch of a step, in the order of `RealBatches`.

    `images` are the targets, and `classes` the images that the generator is given. Both are mirrored, or neither.
    """

    def __init__(
        self, pairs: Pairs, batch: int, turns: int, random: Randomness, runtime: Runtime, *, flip: bool = False
    ) -> None:
        """batch: over all processes; flip: mirror half of the pairs."""
        super().__init__(pairs.stored, batch, turns, random, runtime, flip=flip)
        self.pairs = pairs

    def read(self, indices: NDArray[np.int64]) -> Batch:
        """The pairs of indices [n]: targets [n, C, H, W] and given images [n, C, h, w]."""
        return batch_of(self.pairs, indices, self.runtime.device)


class UnpairedBatches(SharedBatches):
    """batches(step, turn) → this process's rows of the turn-th real batch of a step, and of as many given images.

    Both sets have orders of their own, as `RealBatches`.
    """

    def __init__(
        self, pairs: Pairs, batch: int, turns: int, random: Randomness, runtime: Runtime, *, flip: bool = False
    ) -> None:
        """batch: over all processes, of each set; flip: mirror half of the images."""
        assert pairs.given is not None
        apart = Randomness(random.number("given images"), random.attempt)
        self.runtime = runtime
        self.targets = RealBatches(pairs.stored, batch, turns, random, runtime, flip=flip)
        self.given = RealBatches(pairs.given.pixels, batch, turns, apart, runtime, flip=flip)

    def __call__(self, step: int, turn: int = 0) -> Batch:
        return Batch(self.targets(step, turn).images, self.given(step, turn).images)


def batch_of(pairs: Pairs, indices: NDArray[np.int64], device: torch.device) -> Batch:
    """The pairs of indices [n]: targets [n, C, H, W] and given images [n, C, h, w]."""
    given, targets = (
        to_float(torch.from_numpy(np.ascontiguousarray(pixels)).to(device, non_blocking=True))
        for pixels in pairs.at(indices)
    )
    return Batch(targets, given)
