"""Which real sounds a probe of a training uses, and how sounds are compared. Needs torch."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganatomy.config.options import Config
from ganatomy.data.sound_batches import SoundBatches
from ganatomy.data.sounds import Sounds
from ganatomy.diagnosis.probe import Probe, ProbeImages
from ganatomy.diagnosis.reference import MOST
from ganatomy.gan.method import Batch, Method
from ganatomy.modalities.sounds.spectrogram import statistics
from ganatomy.system.runtime import Randomness


def probe_of_sounds(method: Method, options: Config, sounds: Sounds, held_out: Sounds | None) -> Probe:
    """The probe of a training: `diagnosis.samples` latent vectors, and as many real sounds.

    held_out: sounds that are not trained on, or None. They are compared by their log-mel statistics: two sounds that
    are heard as the same may differ in every sample. Copies are not looked for: `ganatomy evaluate` does.
    """
    alone, conditional = replace(method.runtime, world=1, rank=0), options.prior.conditional

    def drawn(some: Sounds, count: int) -> Batch:
        some = replace(some, modality=sounds.modality)  # normalised as those that are trained on
        return SoundBatches(some, count, 1, Randomness(0), alone, conditional=conditional)(0)

    def view(outputs: Tensor) -> NDArray[np.float64]:
        return statistics(sounds.modality.stored(outputs), sounds.modality.rate)

    count = min(options.diagnosis.samples, len(sounds))
    same = held_out is not None and (not conditional or held_out.classes == sounds.classes)
    others = drawn(held_out, min(count, len(held_out))) if held_out is not None and same else None
    images = ProbeImages(drawn(sounds, min(len(sounds), MOST)), others, view=view)
    return Probe(method, method.prior.of_seeds(range(count)), images, len(sounds))
