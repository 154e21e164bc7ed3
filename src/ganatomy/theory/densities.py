"""Distributions whose density is known exactly, on the line and in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, pi
from typing import Protocol

from ganatomy.system.lazy import torch


class Density(Protocol):
    """A distribution p on the line (dimension 1) or in the plane (2)."""

    @property
    def dimension(self) -> int:
        """d, the numbers that make a point."""

    def sample(self, count: int, random: torch.Generator) -> torch.Tensor:
        """Draw independent points, [N, d], N = count, float32, on the CPU."""

    def log_density(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x), in nats, of points of shape [..., d] → [...], in their precision; −∞ outside the support."""


@dataclass(frozen=True)
class Mixture:
    """p(x) = 1/K Σₖ N(x; cₖ, σ²I). centres: cₖ, [K, d]; deviation: σ, the same along every axis, positive."""

    centres: torch.Tensor
    deviation: float

    @property
    def dimension(self) -> int:
        """d, the numbers that make a point."""
        return self.centres.shape[1]

    def sample(self, count: int, random: torch.Generator) -> torch.Tensor:
        """Draw independent points, [N, d], N = count, float32, on the CPU."""
        modes = torch.randint(len(self.centres), (count,), generator=random)
        return self.centres[modes] + self.deviation * torch.randn(count, self.dimension, generator=random)

    def log_density(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x), in nats, of points [..., d] → [...], in their precision; differentiable."""
        axes = zip(x.unbind(-1), self.centres.to(x).unbind(-1), strict=True)
        squares = torch.stack([(a[..., None] - c).square() for a, c in axes]).sum(0)
        constant = log(len(self.centres)) + self.dimension / 2 * log(2 * pi * self.deviation**2)
        return torch.logsumexp(-squares / (2 * self.deviation**2), -1) - constant

    def cdf(self, x: torch.Tensor) -> torch.Tensor:
        """P(X ≤ x) of numbers [...] on the line, in their shape and precision."""
        return torch.special.ndtr((x[..., None] - self.centres.to(x).squeeze(1)) / self.deviation).mean(-1)


@dataclass(frozen=True)
class Segments:
    """Uniform on disjoint intervals of the line. ends: [K, 2], increasing."""

    ends: torch.Tensor
    dimension: int = 1

    @property
    def lengths(self) -> torch.Tensor:
        """The length of each interval, [K]."""
        return self.ends[:, 1] - self.ends[:, 0]

    def sample(self, count: int, random: torch.Generator) -> torch.Tensor:
        """Draw independent points, [N, 1], N = count, float32, on the CPU."""
        chosen = torch.multinomial(self.lengths, count, replacement=True, generator=random)
        return (self.ends[chosen, 0] + self.lengths[chosen] * torch.rand(count, generator=random))[:, None]

    def log_density(self, x: torch.Tensor) -> torch.Tensor:
        """log p(x), in nats, of points [..., 1] → [...]: −log of the total length inside, −∞ outside."""
        inside = ((x >= self.ends[:, 0].to(x)) & (x <= self.ends[:, 1].to(x))).any(-1)
        return torch.where(inside, -log(self.lengths.sum().item()), -inf).to(x)

    def cdf(self, x: torch.Tensor) -> torch.Tensor:
        """P(X ≤ x) of numbers [...], in their shape and precision."""
        covered = torch.minimum((x[..., None] - self.ends[:, 0].to(x)).clamp(min=0), self.lengths.to(x))
        return covered.sum(-1) / self.lengths.sum().item()


@dataclass(frozen=True)
class Dirac:
    """All probability at one point, [d]. It has no density."""

    point: torch.Tensor

    @property
    def dimension(self) -> int:
        """d, the numbers that make a point."""
        return len(self.point)

    def sample(self, count: int, random: torch.Generator) -> torch.Tensor:
        """The point, repeated, [N, d], N = count."""
        return self.point.expand(count, -1).clone()


def ring(modes: int = 8, radius: float = 1.0, deviation: float = 0.01) -> Mixture:
    """Gaussians on a circle, the first on the x axis: the 2D-ring of Srivastava et al. 2017 (arXiv:1705.07761).

    Its numbers are in Lin et al. 2018 (arXiv:1712.04086), section 4.1: 8 modes, radius 1, variance 10⁻⁴. Metz et al.
    2017 (arXiv:1611.02163) have radius 2 and deviation 0.02.
    """
    angles = 2 * pi * torch.arange(modes) / modes
    return Mixture(radius * torch.stack([angles.cos(), angles.sin()], 1), deviation)


def grid(side: int = 5, spacing: float = 2.0, deviation: float = 0.05) -> Mixture:
    """side² Gaussians around the origin: the 2D-grid of Srivastava et al. 2017 (arXiv:1705.07761).

    Its numbers are in Lin et al. 2018 (arXiv:1712.04086), section 4.1: 25 modes on [−4, 4]², variance 0.0025.
    """
    line = spacing * (torch.arange(side) - (side - 1) / 2)
    return Mixture(torch.cartesian_prod(line, line), deviation)


def gaussians(*centres: float, deviation: float = 1.0) -> Mixture:
    """Equally likely Gaussians on the line, at those centres."""
    return Mixture(torch.tensor(centres)[:, None], deviation)


def segments(*ends: Sequence[float]) -> Segments:
    """Uniform on disjoint intervals: segments((0, 1), (3, 4))."""
    return Segments(torch.tensor(ends))


def spiral(turns: float = 2.0, deviation: float = 0.03, kernels: int = 400) -> Mixture:
    """An Archimedean spiral from the origin to radius 1, evenly filled, blurred by a Gaussian kernel."""
    # Up to radius r it is about π·turns·r² long, so equal steps of r² are equal lengths.
    share = ((torch.arange(kernels) + 0.5) / kernels).sqrt()
    angles = 2 * pi * turns * share
    return Mixture(share[:, None] * torch.stack([angles.cos(), angles.sin()], 1), deviation)


def moons(deviation: float = 0.05, kernels: int = 200) -> Mixture:
    """Two interleaved half circles around the origin, blurred by a Gaussian kernel."""
    angles = pi * (torch.arange(kernels) + 0.5) / kernels
    upper = torch.stack([angles.cos() - 0.5, angles.sin() - 0.25], 1)
    return Mixture(torch.cat([upper, -upper]), deviation)
