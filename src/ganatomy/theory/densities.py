"""Toy distributions in the plane: mixtures of equally likely Gaussians, the field's tests of mode coverage."""

from dataclasses import dataclass
from math import log, pi

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Mixture:
    """p(x) = 1/K Σₖ N(x; cₖ, σ²I). centres: cₖ, [K, 2]; deviation: σ along each axis, positive."""

    centres: Tensor
    deviation: float

    def sample(self, count: int, random: Generator) -> Tensor:
        """Independent points, [count, 2], float32, on the CPU."""
        modes = torch.randint(len(self.centres), (count,), generator=random)
        return self.centres[modes] + self.deviation * torch.randn(count, 2, generator=random)

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats of points [..., 2] → [...], in their precision; differentiable in them."""
        squares = (x[..., None, :] - self.centres.to(x)).square().sum(-1)
        constant = log(len(self.centres)) + log(2 * pi * self.deviation**2)
        return torch.logsumexp(-squares / (2 * self.deviation**2), -1) - constant


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
