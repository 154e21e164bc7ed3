"""Equal boxes, in which densities and samples become masses that can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from ganatomy.theory.densities import Density

AT_A_TIME = 200_000  # points whose density is asked for together


@dataclass(frozen=True)
class Cells:
    """Boxes that tile [low, high] in each of d axes, counts[i] along axis i.

    Masses lie row by row, the last axis fastest, and sum to 1: what lies outside belongs to the outermost cells.
    """

    low: Sequence[float]
    high: Sequence[float]
    counts: Sequence[int]

    @property
    def widths(self) -> Tensor:
        """Of a cell along each axis, [d], float64."""
        return (torch.tensor(self.high).double() - torch.tensor(self.low).double()) / torch.tensor(self.counts)

    @property
    def number(self) -> int:
        """N, how many cells."""
        return prod(self.counts)

    def points(self, finer: int = 1) -> Tensor:
        """Middles of the cells, [N, d], float64; finer: of finer^d parts of every cell."""
        axes = [
            low + width * (torch.arange(count * finer).double() + 0.5) / finer
            for low, width, count in zip(self.low, self.widths.tolist(), self.counts, strict=True)
        ]
        return torch.cartesian_prod(*axes).view(-1, len(axes))

    def masses(self, density: Density, finer: int = 1) -> Tensor:
        """A density's probability of each cell, [N], by the midpoint rule in finer^d parts of it; scaled to sum to 1.

        On Gaussians the rule is as good as exact where parts are no wider than their deviation.
        """
        points = self.points(finer)
        masses = torch.cat([density.log_density(some).exp() for some in points.split(AT_A_TIME)])
        for axis in range(len(self.counts)):
            shape = [*self.counts[:axis], self.counts[axis], finer, -1]
            masses = masses.reshape(prod(shape[:-2]), finer, -1).sum(1)
        return masses.flatten() / masses.sum()

    def histogram(self, x: Tensor) -> Tensor:
        """Shares of points [M, d] in each cell, [N], float64."""
        steps = ((x.double() - torch.tensor(self.low).double()) / self.widths).floor().long()
        places = steps.clamp(min=0).minimum(torch.tensor(self.counts) - 1)
        index = places[:, 0]
        for axis in range(1, len(self.counts)):
            index = index * self.counts[axis] + places[:, axis]
        return index.bincount(minlength=self.number).double() / len(x)
