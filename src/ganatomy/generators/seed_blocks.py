"""Samples of seeds, drawn in blocks that are always the same: a seed's sample follows from the seed alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganatomy.gan.priors import Prior
from ganatomy.generators.sampler import check_seeds
from ganatomy.modalities.modality import Modality
from ganatomy.system.precision import exact_float32

BLOCK = 64  # seeds whose samples are drawn together


def stored_of_seeds(
    network: nn.Module,
    prior: Prior,
    modality: Modality,
    seeds: Sequence[int],
    label: int | None = None,
    truncation: float | None = None,
) -> NDArray[Any]:
    """Samples [N, …] of seeds, in the form in which the modality stores them.

    network: z [B, latent_dim] and classes [B, K] or None → samples [B, …], in eval mode; label: the class or cell of
    all of them; None: each seed has its own. Raises UserError for a seed that does not exist.
    """
    check_seeds(seeds)
    numbers = sorted({seed // BLOCK for seed in seeds})
    blocks = {number: _block(network, prior, modality, number, label, truncation) for number in numbers}
    return np.stack([blocks[seed // BLOCK][seed % BLOCK] for seed in seeds])


@torch.no_grad()
@exact_float32()
def _block(
    network: nn.Module, prior: Prior, modality: Modality, number: int, label: int | None, truncation: float | None
) -> NDArray[Any]:
    z, y = prior.split(prior.of_seeds(range(BLOCK * number, BLOCK * (number + 1)), label))
    if truncation is not None:
        z = prior.truncate(z, truncation)
    there = next(network.parameters())
    return modality.stored(network(z.to(there), None if y is None else y.to(there)))
