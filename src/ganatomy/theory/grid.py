"""Equal cells that tile an interval or a square: densities and samples become masses that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ganatomy.system.lazy import torch
from ganatomy.theory.densities import Density

CHUNK = 4096  # points whose density is evaluated at once: few enough for the processor's cache


@dataclass(frozen=True)
class Grid:
    """Cells that tile [low, high] in each of d axes, counts[i] along axis i; N of them in all.

    Masses are listed row by row, the last axis fastest, and sum to 1: what lies outside counts to the outermost cells.
    """

    low: Sequence[float]
    high: Sequence[float]
    counts: Sequence[int]

    @property
    def widths(self) -> torch.Tensor:
        """A cell's width along each axis, of shape [d], float64."""
        return (torch.tensor(self.high).double() - torch.tensor(self.low).double()) / torch.tensor(self.counts)

    @property
    def number(self) -> int:
        """N, the number of cells."""
        return prod(self.counts)

    def points(self, finer: int = 1) -> torch.Tensor:
        """The centre of every cell, [N, d], float64; of its finer^d equal parts, [N·finer^d, d]."""
        axes = [
            low + width * (torch.arange(count * finer).double() + 0.5) / finer
            for low, width, count in zip(self.low, self.widths.tolist(), self.counts, strict=True)
        ]
        return torch.cartesian_prod(*axes).view(-1, len(axes))

    def masses(self, density: Density, finer: int = 1) -> torch.Tensor:
        """A density's probability in each cell, [N], by the midpoint rule in finer^d parts of it; scaled to sum to 1.

        For Gaussians the rule is practically exact where the parts are no wider than one standard deviation.
        """
        points = self.points(finer)
        masses = torch.cat([density.log_density(chunk).exp() for chunk in points.split(CHUNK)])
        for axis in range(len(self.counts)):
            shape = [*self.counts[:axis], self.counts[axis], finer, -1]
            masses = masses.reshape(prod(shape[:-2]), finer, -1).sum(1)
        return masses.flatten() / masses.sum()

    def histogram(self, x: torch.Tensor) -> torch.Tensor:
        """The share of points [M, d] in each cell, [N], float64."""
        steps = ((x.double() - torch.tensor(self.low).double()) / self.widths).floor().long()
        cells = steps.clamp(min=0).minimum(torch.tensor(self.counts) - 1)
        index = cells[:, 0]
        for axis in range(1, len(self.counts)):
            index = index * self.counts[axis] + cells[:, axis]
        return index.bincount(minlength=self.number).double() / len(x)
