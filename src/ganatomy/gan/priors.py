"""Priors p_z: how latent vectors are drawn, interpolated and truncated."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from ganatomy.system.lazy import torch
from ganatomy.system.registry import Registry, summary_of

ROUNDING = 1e-7  # of directions that were float32
GOLDEN_RATIO = (5**0.5 - 1) / 2  # no number's multiples, modulo 1, fill [0, 1) more evenly


def spherical(start: torch.Tensor, end: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Great-circle interpolation (slerp): White 2016 (arXiv:1609.04468), eq. 2.

    start, end: [D]; share: [F] in [0, 1] → [F, D]. Lengths are interpolated too, so that a path between two typical
    normal vectors stays typical, where the straight line would cut through the improbable middle. Between opposite
    vectors every half circle is a shortest way: taken is the one by the coordinate axis nearest to a right angle.
    From or to 0, which has no direction, the way is straight.
    """
    (u, from_), (v, to) = (_direction(each.double()) for each in (start, end))
    if not (from_ and to):
        return linear(start, end, share)
    across = v - (u @ v) * u
    sine = across.norm()
    if sine < ROUNDING:  # the plane that they span would follow from rounding
        sine, across = sine * 0, torch.eye(len(u), dtype=u.dtype)[u.abs().argmin()]
        across = across - (u @ across) * u
    angle, share = torch.atan2(sine, u @ v), share.double()[:, None]
    # Directions turn along the arc; lengths change evenly.
    turned = torch.cos(share * angle) * u + torch.sin(share * angle) * _direction(across)[0]
    return ((from_ + (to - from_) * share) * turned).to(start.dtype)


def _direction(vector: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A vector [D] as one of length 1, and its length, a scalar; 0 stays what it is."""
    length = vector.norm()
    return vector / length.clamp_min(torch.finfo(vector.dtype).tiny), length


def linear(start: torch.Tensor, end: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Straight interpolation, all of it as probable as its ends under a uniform prior: [D], [D], [F] → [F, D]."""
    return start + (end - start) * share[:, None]


def truncated_normal(z: torch.Tensor, bound: float) -> torch.Tensor:
    """Normal vectors moved monotonically to the normal distribution cut off at ±bound: Φ⁻¹ of Φ(z), rescaled.

    z: [N, D] → [N, D], in [−bound, bound]. Brock et al. 2019 (arXiv:1809.11096), section 3.1, redraw what is too far
    out; moved instead, every seed keeps its own vector.
    """
    tail = torch.special.ndtr(torch.tensor(-bound, dtype=torch.float64))
    share = tail + (1 - 2 * tail) * torch.special.ndtr(z.double())
    return torch.special.ndtri(share).clamp(-bound, bound).to(z.dtype)


def truncated_uniform(z: torch.Tensor, bound: float) -> torch.Tensor:
    """Uniform vectors on (−√3, √3), [N, D], shrunk to (−bound, bound) if that is narrower."""
    return z * min(bound / 3**0.5, 1.0)


Draw: TypeAlias = (
    "Callable[[int, int, torch.Generator], torch.Tensor]"  # (count, dimension, random) → [count, dimension]
)
Interpolate: TypeAlias = "Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]"  # [D], [D], [F] → [F, D]
Truncate: TypeAlias = "Callable[[torch.Tensor, float], torch.Tensor]"  # [N, D] → [N, D] within ±bound


class Distribution(NamedTuple):
    """p_z: how to draw from it, its natural interpolation, and what truncation does to its vectors."""

    draw: Draw
    interpolate: Interpolate
    truncate: Truncate


PRIORS: Registry[Distribution] = Registry("prior")


def register_prior(name: str, *, interpolate: Interpolate, truncate: Truncate) -> Callable[[Draw], Draw]:
    """Make a distribution of latent vectors known by name: `prior.name=NAME` in every command.

    The function draws: (count, dimension, random) → [count, dimension], float32. Raises UserError where the name is
    taken.
    """

    def register(draw: Draw) -> Draw:
        part = Distribution(draw, interpolate, truncate)
        PRIORS.add(name, part, module=draw.__module__, summary=summary_of(draw))
        return draw

    return register


@register_prior("normal", interpolate=spherical, truncate=truncated_normal)
def normal(count: int, dimension: int, random: torch.Generator) -> torch.Tensor:
    """Latent vectors [count, D], independent N(0, 1)."""
    return torch.randn(count, dimension, generator=random)


@register_prior("uniform", interpolate=linear, truncate=truncated_uniform)
def uniform(count: int, dimension: int, random: torch.Generator) -> torch.Tensor:
    """Latent vectors [count, D], uniform on (−√3, √3): variance 1, as in the code of Goodfellow et al. 2014."""
    return (torch.rand(count, dimension, generator=random) * 2 - 1) * 3**0.5


@dataclass(frozen=True)
class Prior:
    """A distribution of latent vectors with its natural interpolation and truncation.

    What a generator makes one image of is a *code*: z and, for a conditional generator, weights of the classes behind
    it, [dimension + K], one-hot unless it lies on the way from one class to another. Of a generator that is given an
    image, that image is behind z, flat.
    """

    draw: Draw
    interpolate: Interpolate
    truncate: Truncate
    dimension: int
    classes: Sequence[float] = ()  # how frequent each class is; empty: unconditional
    given: tuple[int, ...] = ()  # the shape of the image that a generator is given; empty: none

    def sample(self, count: int, random: torch.Generator) -> torch.Tensor:
        """z: [count, D], float32, on the CPU, D the dimension."""
        return self.draw(count, self.dimension, random)

    def of_seeds(self, seeds: Sequence[int], label: int | None = None) -> torch.Tensor:
        """Codes [len(seeds), dimension + K]; a seed's code does not depend on the others.

        Its class, unless a label is given: consecutive seeds have the classes in the data's proportions, as evenly as
        can be, so that no score suffers from a lucky or unlucky draw of classes.
        """
        return torch.cat([self._of_seed(seed, label) for seed in seeds])

    def split(self, codes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(z, class weights or None) of codes; (z, given images [N, C, h, w]) for a generator that is given images."""
        z, rest = codes.tensor_split([self.dimension], dim=1)
        if self.given:
            return z, rest.unflatten(1, self.given)
        return z, rest if self.classes else None

    def of_given(self, images: torch.Tensor) -> torch.Tensor:
        """Codes [N, dimension + C·h·w] of images [N, C, h, w] that a generator is given; z is that of seed 0, 1, …"""
        z = torch.cat([self.sample(1, torch.Generator().manual_seed(seed)) for seed in range(len(images))])
        return torch.cat([z, images.flatten(1).cpu()], dim=1)

    def between(self, start: torch.Tensor, end: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        """The way from one code [dimension + K] to another at shares [F] of it, [F, dimension + K]."""
        d = self.dimension
        way = self.interpolate(start[:d], end[:d], share)
        return torch.cat([way, linear(start[d:], end[d:], share)], dim=1)

    def _of_seed(self, seed: int, label: int | None) -> torch.Tensor:
        z = self.sample(1, torch.Generator().manual_seed(seed))
        if not self.classes:
            return z
        if label is None:
            label = bisect(list(accumulate(self.classes)), seed * GOLDEN_RATIO % 1 * sum(self.classes))
        return torch.cat([z, torch.eye(len(self.classes))[label : label + 1]], dim=1)
