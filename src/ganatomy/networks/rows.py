"""Networks for rows of tables (Xu et al. 2019, arXiv:1907.00503, section 4.4, CTGAN).

A row is a choice for each column and, of numbers, a scalar before it: `row_shape`. A choice is drawn by the Gumbel-max
trick, of which the generator gives the relaxation (Jang et al. 2016, arXiv:1611.01144). The noise of that draw is the
end of the latent vector: a row depends on its own latent vector alone.
"""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from ganatomy.networks.mlp import beside
from ganatomy.networks.row_shape import of_rows

FAR = 5.0  # standard deviations: one number in two million is farther out


class DenseResidual(nn.Module):
    """x beside ReLU(BN(Wx)): [B, inputs] → [B, inputs + units]."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, units), nn.BatchNorm1d(units), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] → [B, inputs + units]."""
        return torch.cat([x, self.layers(x)], dim=1)


class Generator(nn.Module):
    """z: [B, latent_dim] and conditions y: [B, classes] → rows: [B, W]; scalars in (−1, 1), choices add up to 1."""

    def __init__(
        self,
        latent_dim: int,
        shape: tuple[int, ...],
        latent: int = 128,
        hidden: list[int] | None = None,
        temperature: float = 0.2,
        classes: int = 0,
    ) -> None:
        """shape: a `RowShape`; latent: numbers of z that the layers read; the others are the noise of the choices.

        Raises ValueError for another shape, and where z has another length.
        """
        super().__init__()
        shape = of_rows(shape)
        if latent_dim != latent + shape.choices:
            raise ValueError(f"z has {latent_dim} numbers, and needs {latent} and {shape.choices} for the choices")
        self.latent, self.blocks, self.temperature = latent, shape.blocks, temperature
        hidden = hidden or [256, 256]
        inputs = latent + classes
        self.body = nn.Sequential(
            *(DenseResidual(inputs + sum(hidden[:depth]), units) for depth, units in enumerate(hidden))
        )
        self.head = nn.Linear(inputs + sum(hidden), *shape)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], conditions y [B, classes] or None → rows [B, W]."""
        z, normal = z.tensor_split([self.latent], dim=1)
        # Gumbel noise −log(−log Φ(n)) of normal noise n, by log Φ(n) = log(1 − ½ erfc(n/√2)), which is finite here.
        gumbels = -(-torch.log1p(-torch.erfc(normal.clamp(-FAR, FAR) / 2**0.5) / 2)).log()
        noise = gumbels.split([block.choices for block in self.blocks], dim=1)
        sizes = [size for block in self.blocks for size in (int(block.scalar), block.choices)]
        outputs = self.head(self.body(beside(z, y))).to(z.dtype).split(sizes, dim=1)
        parts = []
        for scalar, choice, gumbel in zip(outputs[::2], outputs[1::2], noise, strict=True):
            parts += [scalar.tanh(), ((choice + gumbel) / self.temperature).softmax(dim=1)]
        return torch.cat(parts, dim=1)


class Discriminator(nn.Module):
    """rows: [B, W], alone or in packs, and conditions y: [B, classes] → raw scores: [B]."""

    def __init__(
        self, shape: tuple[int, ...], hidden: list[int] | None = None, dropout: float = 0.5, classes: int = 0
    ) -> None:
        super().__init__()
        sizes = [prod(shape) + classes, *(hidden or [256, 256])]
        layers: list[nn.Module] = []
        for inputs, units in pairwise(sizes):
            layers += [nn.Linear(inputs, units), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def forward(self, rows: Tensor, y: Tensor | None = None) -> Tensor:
        """Rows [B, W], conditions y [B, classes] or None → raw scores [B]."""
        scores: Tensor = self.layers(beside(rows.flatten(1), y))
        return scores.squeeze(1)
