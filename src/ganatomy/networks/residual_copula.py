"""A generator of rows that begins as the Gaussian copula of the data and learns what that lacks.

Rows are normal scores, one number a column. A Gaussian copula draws them as A·n, of normal n, where A·Aᵀ are their
correlations (Nelsen 2006, section 2.3). The generator draws A·n + f(z); the last layer of the network f begins at 0.
"""

from math import prod

import torch
from torch import Tensor, nn

from ganatomy.networks.mlp import beside, dense
from ganatomy.networks.row_shape import of_rows


class Generator(nn.Module):
    """z: [B, latent_dim] and conditions y: [B, classes] → rows of normal scores: [B, W]."""

    def __init__(
        self,
        latent_dim: int,
        shape: tuple[int, ...],
        latent: int = 32,
        hidden: list[int] | None = None,
        classes: int = 0,
    ) -> None:
        """shape: a `RowShape`; latent: numbers of z beside those of the copula, which come last.

        Raises ValueError for another shape, and where z has another length.
        """
        super().__init__()
        shape = of_rows(shape)
        columns = prod(shape)
        if latent_dim != latent + columns:
            raise ValueError(f"z has {latent_dim} numbers, and needs {latent} and {columns} for the columns")
        self.columns = columns
        self.copula = nn.Linear(columns, columns, bias=False)
        self.correction = dense([latent_dim + classes, *(hidden or [256, 256])], columns, "leaky_relu", 0, 0.0, 0.0)
        nn.init.eye_(self.copula.weight)
        self.copula.requires_grad_(False)
        output = self.correction[-1]
        assert isinstance(output, nn.Linear)
        nn.init.zeros_(output.weight)
        nn.init.zeros_(output.bias)

    @torch.no_grad()
    def start_with(self, correlations: Tensor) -> None:
        """Begin as the Gaussian copula of these correlations, [W, W]."""
        values, vectors = torch.linalg.eigh(correlations)
        root = vectors * values.clamp(min=0).sqrt()
        self.copula.weight.copy_(root / root.norm(dim=1, keepdim=True))  # what was clamped must not change variances

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], conditions y [B, classes] or None → rows [B, W]."""
        scores: Tensor = self.copula(z[:, -self.columns :]) + self.correction(beside(z, y))
        return scores
