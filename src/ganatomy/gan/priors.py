"""p_z: where latent vectors come from, and the way from one to another."""

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Generator, Tensor

GOLDEN_RATIO = (5**0.5 - 1) / 2  # no number's multiples, modulo 1, fill [0, 1) more evenly


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
    """A distribution of latent vectors with its natural interpolation and truncation.

    What a generator makes one image of is a *code*: z and, for a conditional generator, weights of the classes behind
    it, [dimension + K], one-hot unless it lies on the way from one class to another.
    """

    draw: Callable[[int, int, Generator], Tensor]
    interpolate: Callable[[Tensor, Tensor, Tensor], Tensor]
    truncate: Callable[[Tensor, float], Tensor]
    dimension: int
    classes: Sequence[float] = ()  # how frequent each class is; empty: unconditional

    def sample(self, count: int, random: Generator) -> Tensor:
        """z: [count, dimension], float32, on the CPU."""
        return self.draw(count, self.dimension, random)

    def of_seeds(self, seeds: Sequence[int], label: int | None = None) -> Tensor:
        """Codes [len(seeds), dimension + K]; a seed's code does not depend on the others.

        Its class, unless a label is given: consecutive seeds have the classes in the data's proportions, as evenly as
        can be, so that no score suffers from a lucky or unlucky draw of classes.
        """
        return torch.cat([self._of_seed(seed, label) for seed in seeds])

    def split(self, codes: Tensor) -> tuple[Tensor, Tensor | None]:
        """(z, class weights or None) of codes."""
        z, weights = codes.tensor_split([self.dimension], dim=1)
        return z, weights if self.classes else None

    def between(self, start: Tensor, end: Tensor, share: Tensor) -> Tensor:
        """The way from one code [dimension + K] to another at shares [F] of it, [F, dimension + K]."""
        d = self.dimension
        way = self.interpolate(start[:d], end[:d], share)
        return torch.cat([way, linear(start[d:], end[d:], share)], dim=1)

    def _of_seed(self, seed: int, label: int | None) -> Tensor:
        z = self.sample(1, Generator().manual_seed(seed))
        if not self.classes:
            return z
        if label is None:
            label = bisect(list(accumulate(self.classes)), seed * GOLDEN_RATIO % 1 * sum(self.classes))
        return torch.cat([z, torch.eye(len(self.classes))[label : label + 1]], dim=1)
