"""Packing: the discriminator judges several samples together, as one sample with so many times the channels.

Lin et al. 2018 (arXiv:1712.04086), section 3: a generator whose samples are too much alike is found out by their pack.
"""

from torch import Tensor


def packed(samples: Tensor, count: int) -> Tensor:
    """Samples or classes [B, C, …], `count` neighbours side by side: [B / count, count · C, …]."""
    return samples if count == 1 else samples.unflatten(0, (-1, count)).flatten(1, 2)


def unpacked(packs: Tensor, count: int) -> Tensor:
    """The inverse of `packed`: [B / count, count · C, …] → [B, C, …]."""
    return packs if count == 1 else packs.unflatten(1, (count, -1)).flatten(0, 1)
