"""p_z: where latent vectors come from, and the way from one to another."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


def normal(count: int, dimension: int, random: Generator) -> Tensor:
    """[count, dimension], independent N(0, 1)."""
    return torch.randn(count, dimension, generator=random)


def uniform(count: int, dimension: int, random: Generator) -> Tensor:
    """[count, dimension], uniform on (−√3, √3): mean 0 and variance 1, as in the code of Goodfellow et al. 2014."""
    return (torch.rand(count, dimension, generator=random) * 2 - 1) * 3**0.5


def spherical(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Great-circle interpolation (slerp): White 2016 (arXiv:1609.04468), eq. 2.

    start, end: [D]; share: [F] in [0, 1] → [F, D]. Lengths are interpolated too, so that a path between two typical
    normal vectors stays typical, where the straight line would cut through the improbable middle.
    """
    dtype = start.dtype
    start, end, share = start.double(), end.double(), share.double()
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=0).clamp(-1, 1))
    share = share[:, None]
    if angle.sin() < 1e-4:  # (anti)parallel: no arc is defined
        return (start + (end - start) * share).to(dtype)
    # Directions turn along the arc; lengths change evenly.
    length = start.norm() + (end.norm() - start.norm()) * share
    arc = torch.sin((1 - share) * angle) * start / start.norm() + torch.sin(share * angle) * end / end.norm()
    return (length * arc / angle.sin()).to(dtype)


def linear(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Straight interpolation, all of it as probable as its ends under a uniform prior. Shapes as `spherical`."""
    return start + (end - start) * share[:, None]


def truncated_normal(z: Tensor, bound: float) -> Tensor:
    """Normal vectors moved monotonically to the normal distribution cut off at ±bound: Φ⁻¹ of Φ(z), rescaled.

    Brock et al. 2019 (arXiv:1809.11096), section 3.1, redraw what is too far out; so moved, every vector stays itself.
    """
    tail = torch.special.ndtr(torch.tensor(-bound, dtype=torch.float64))
    share = tail + (1 - 2 * tail) * torch.special.ndtr(z.double())
    return torch.special.ndtri(share).clamp(-bound, bound).to(z.dtype)


def truncated_uniform(z: Tensor, bound: float) -> Tensor:
    """Uniform vectors on (−√3, √3) shrunk to (−bound, bound), if that is narrower."""
    return z * min(bound / 3**0.5, 1.0)


@dataclass(frozen=True)
class Prior:
    """A distribution of latent vectors with its natural interpolation and truncation."""

    draw: Callable[[int, int, Generator], Tensor]
    interpolate: Callable[[Tensor, Tensor, Tensor], Tensor]
    truncate: Callable[[Tensor, float], Tensor]
    dimension: int

    def sample(self, count: int, random: Generator) -> Tensor:
        """z: [count, dimension], float32, on the CPU."""
        return self.draw(count, self.dimension, random)

    def of_seeds(self, seeds: list[int]) -> Tensor:
        """z: [len(seeds), dimension]; a seed's vector does not depend on the others."""
        return torch.cat([self.sample(1, Generator().manual_seed(seed)) for seed in seeds])
