"""Which real pairs of images a probe of a training uses. Needs torch."""

import numpy as np
import torch

from ganatomy.config.options import Config, DataOptions
from ganatomy.data.pair_batches import batch_of
from ganatomy.data.pairs import HALVES, Pairs, pairs_of
from ganatomy.diagnosis.probe import Probe, ProbeImages
from ganatomy.diagnosis.probe_images import held_out_images
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


def held_out_pairs(options: DataOptions, pairs: Pairs) -> Pairs | None:
    """Pairs that are not trained on: of what `data.first` leaves of the split, or else of the source's `test`."""

    images = held_out_images(options, pairs.images)
    if pairs.given is None or options.given in HALVES:
        given = images
    else:
        given = held_out_images(options.model_copy(update={"path": options.given}), pairs.given)
    if images is None or given is None:
        return None
    found = given
    return pairs_of(images, options, lambda options: found)
