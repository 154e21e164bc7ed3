"""q, the distribution of a generator G(z) for normal z on the line or in the plane, with the error of its estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log, log10
from typing import TypeAlias

from ganatomy.system.lazy import torch
from ganatomy.theory.divergences import jensen_shannon
from ganatomy.theory.grid import Grid

Push: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"  # G: z [M, d] → x [M, d]
STRATA = 65_536  # latent vectors of one draw
REPEATS = 8
ROUNDING = 1e-6  # errors below it come from floats
KNOWN = {"0": 0.0, "log 2": log(2), "−log 4": -log(4)}  # values that have a name
FAR = 8.0  # standard deviations: a normal variable never gets there


@dataclass(frozen=True)
class BoundedEstimate:
    """An estimate, and a bound that its error stays within 19 times out of 20."""

    value: float
    error: float

    def __str__(self) -> str:
        """As people read it: 0.228 ± 0.002; log 2 for that number, with no error that is only rounding."""
        places = min(max(-floor(log10(max(self.error, ROUNDING))), 0), 4)
        near = (name for name, known in KNOWN.items() if abs(self.value - known) <= max(self.error, ROUNDING))
        shown = next(near, f"{self.value:.{places}f}".replace("-", "−"))
        return shown if self.error < ROUNDING else f"{shown} ± {self.error:.1g}"


def stratified(count: int, dimension: int, random: torch.Generator) -> torch.Tensor:
    """Normal vectors [M, d], M = ⌊count^(1/d)⌋^d: one at random in each of M equally likely boxes."""
    side = int(count ** (1 / dimension) + 1e-9)
    line = torch.arange(side).double()
    corners = torch.cartesian_prod(*[line] * dimension).view(-1, dimension)
    shares = (corners + torch.rand(corners.shape, generator=random, dtype=torch.float64)) / side
    return torch.special.ndtri(shares.clamp(1e-15, 1 - 1e-15))


def histogram(push: Push, grid: Grid, dimension: int, random: torch.Generator, count: int = STRATA) -> torch.Tensor:
    """Masses of G(z) in the cells, [N], from a stratified draw of z."""
    with torch.no_grad():
        return grid.histogram(push(stratified(count, dimension, random).float()))


def change_of_variables(push: Push, grid: Grid, count: int = 4096) -> torch.Tensor:
    """Masses of G(z) in the cells of a line, [N], z on the line: q(x) = Σ p(z)/|G′(z)| over all z with G(z) = x.

    G is interpolated linearly between `count` quantiles of z, so each piece spreads its mass evenly.
    """
    quantiles = torch.special.ndtri(torch.arange(count + 1).double() / count).clamp(-FAR, FAR)
    with torch.no_grad():
        x = push(quantiles[:, None].float()).double().squeeze(1)
    low, high = torch.minimum(x[:-1], x[1:]), torch.maximum(x[:-1], x[1:])
    inner = grid.low[0] + grid.widths * torch.arange(1, grid.number)
    below = (inner[:, None] - low) / (high - low).clamp(min=1e-12)
    cumulative = torch.cat([torch.zeros(1), below.clamp(0, 1).mean(1), torch.ones(1)])
    return cumulative.diff()


def divergence(
    p: torch.Tensor, push: Push, grid: Grid, dimension: int, seed: int = 0, count: int = STRATA
) -> BoundedEstimate:
    """Jensen–Shannon divergence between masses p and those of G(z), [N], in nats.

    A histogram of finitely many draws always differs a little from p, even if G is perfect; the jackknife over repeated
    draws removes that bias. The error is the size of the correction and twice the spread between draws. On a grid it is
    a lower bound of the divergence between densities.
    """
    random = torch.Generator().manual_seed(seed)
    draws = torch.stack([histogram(push, grid, dimension, random, count) for _ in range(REPEATS)])
    whole = jensen_shannon(p, draws.mean(0))
    without = torch.stack([jensen_shannon(p, (draws.sum(0) - draw) / (REPEATS - 1)) for draw in draws])
    bias = (REPEATS - 1) * (without.mean() - whole)
    spread = ((REPEATS - 1) * (without - without.mean()).square().mean()).sqrt()
    return BoundedEstimate((whole - bias).item(), (bias.abs() + 2 * spread).item())
