"""Which real pairs of images a probe of a training uses. Needs torch."""

import numpy as np
import torch

from ganatomy.config.options import Config
from ganatomy.data.pair_batches import batch_of
from ganatomy.data.pairs import Pairs
from ganatomy.diagnosis.probe import Probe, ProbeImages
from ganatomy.diagnosis.reference import MOST
from ganatomy.gan.method import Batch, Method


def probe_of_pairs(method: Method, options: Config, pairs: Pairs, held_out: Pairs | None) -> Probe:
    """The probe of a training: `diagnosis.samples` given images, what is drawn of them, and real pairs.

    held_out: pairs that are not trained on, or None. The first real pairs are those of the given images. Copies are not
    looked for: what is drawn shall be the target.
    """

    def mixed(some: Pairs) -> Batch:
        # Evenly chosen, in a random order: many sets are sorted.
        return batch_of(some, np.random.default_rng(0).permutation(some.evenly(MOST)), method.runtime.device)

    real = mixed(pairs)
    assert isinstance(real.classes, torch.Tensor), "of each pair one image is given"
    codes = method.prior.of_given(real.classes[: options.diagnosis.samples])
    return Probe(method, codes, ProbeImages(real, None if held_out is None else mixed(held_out)), len(pairs))
