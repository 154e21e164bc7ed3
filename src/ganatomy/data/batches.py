"""Real batches without end, as a function of the step."""

import copy
from dataclasses import replace
from functools import lru_cache
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from ganatomy.gan.method import Batch
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime


class SharedBatches:
    """Batches of a step of which each process takes its own rows."""

    runtime: Runtime

    def whole(self) -> Self:
        """The same batches with all their rows, whatever the number of processes."""
        other = copy.copy(self)
        other.runtime = replace(self.runtime, world=1, rank=0)
        return other


class RealBatches(SharedBatches):
    """batches(step, turn) → this process's rows of the turn-th real batch of a step.

    Each pass over the data has its own order; batches run on from one pass into the next. Which images a batch holds
    follows from (seed, step, turn) alone, so a resumed run sees what it would have seen.
    """

    def __init__(
        self,
        pixels: NDArray[np.uint8] | NDArray[np.int16],
        batch: int,
        turns: int,
        random: Randomness,
        runtime: Runtime,
        *,
        flip: bool = False,
        labels: NDArray[np.int64] | None = None,
        classes: int = 0,
        coins: Randomness | None = None,
    ) -> None:
        """pixels: what is stored, [N, …], may be memory-mapped. batch: over all processes. flip: mirror half of them.

        labels: [N] of `classes` classes, for conditional training. coins: instead of passes over the data, each image
        is in each batch with probability batch / N, by a coin of its own (Poisson sampling); in one process only.
        """
        self.pixels, self.batch, self.turns = pixels, batch, turns
        self.labels, self.classes = labels, classes
        self.random, self.runtime, self.flip, self.coins = random, runtime, flip, coins
        self.permutation = lru_cache(maxsize=2)(self._permutation)

    def __call__(self, step: int, turn: int = 0) -> Batch:
        whole = self.indices(step, turn)
        rows = self.runtime.share_of(len(whole))
        indices = whole[rows]
        batch = self.read(indices)
        if self.flip:
            mirrored = torch.rand(len(whole), generator=self.random.at("flip", step, turn))[rows] < 0.5
            mirrored = mirrored.to(batch.images.device, non_blocking=True)
            batch = mirrored_where(mirrored, batch)
        return batch

    def read(self, indices: NDArray[np.int64]) -> Batch:
        """The images of indices [n], and their classes."""
        # A copy: the mapped file must not be written to, nor waited for later.
        images = to_float(torch.from_numpy(self.pixels[indices]).to(self.runtime.device, non_blocking=True))
        return Batch(images, self._one_hot(indices))

    def _one_hot(self, indices: NDArray[np.int64]) -> Tensor | None:
        if self.labels is None:
            return None
        labels = torch.from_numpy(np.asarray(self.labels[indices], np.int64))
        return one_hot(labels, self.classes).float().to(self.runtime.device, non_blocking=True)

    def indices(self, step: int, turn: int = 0) -> NDArray[np.int64]:
        """Which images the batch over all processes holds, [batch]; by coins, about so many."""
        if self.coins is not None:
            drawn = torch.rand(len(self.pixels), generator=self.coins.at("order", step, turn))
            return np.flatnonzero(drawn.numpy() < self.batch / len(self.pixels))
        position = (step * self.turns + turn) * self.batch
        chosen: list[NDArray[np.int64]] = []
        missing = self.batch
        while missing:
            epoch, start = divmod(position, len(self.pixels))
            part = self.permutation(epoch)[start : start + missing]
            chosen.append(part)
            position, missing = position + len(part), missing - len(part)
        return np.concatenate(chosen)

    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        return torch.randperm(len(self.pixels), generator=self.random.at("order", epoch)).numpy()


def mirrored_where(mirrored: Tensor, batch: Batch) -> Batch:
    """A batch of B images, mirrored left to right where `mirrored` [B] says so, and given images with them."""

    def turned(images: Tensor) -> Tensor:
        return torch.where(mirrored[:, None, None, None], images.flip(3), images)

    beside = batch.classes
    return Batch(turned(batch.images), turned(beside) if beside is not None and beside.dim() == 4 else beside)
