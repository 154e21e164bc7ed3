"""Real batches of sounds without end, as a function of the step."""

import numpy as np
import torch
from numpy.typing import NDArray

from ganatomy.data.batches import RealBatches
from ganatomy.data.sounds import Sounds
from ganatomy.gan.method import Batch
from ganatomy.system.runtime import Randomness, Runtime


class SoundBatches(RealBatches):
    """batches(step, turn) → this process's sounds of the turn-th real batch of a step, in the order of `RealBatches`.

    `images` are float [B, …], in the form that the sounds' modality has for networks.
    """

    def __init__(
        self, sounds: Sounds, batch: int, turns: int, random: Randomness, runtime: Runtime, *, conditional: bool = False
    ) -> None:
        """batch: over all processes; conditional: needs sounds with classes."""
        labels = sounds.labels if conditional else None
        classes = len(sounds.classes or ()) if conditional else 0
        self.modality = sounds.modality
        super().__init__(sounds.stored, batch, turns, random, runtime, labels=labels, classes=classes)

    def read(self, indices: NDArray[np.int64]) -> Batch:
        """The sounds of indices [n], and their classes."""
        waves = torch.from_numpy(np.asarray(self.pixels[indices]))
        return Batch(self.modality.seen(waves.to(self.runtime.device, non_blocking=True)), self._one_hot(indices))
