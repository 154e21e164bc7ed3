"""q, the distribution of a generator G(z) for normal z on the line or in the plane, with the error of knowing it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ganatomy.theory.cells import Cells
from ganatomy.theory.divergences import jensen_shannon

Push = Callable[[Tensor], Tensor]  # G: z [M, d] → x [M, d]
STRATA = 65_536  # latent vectors of one draw
REPEATS = 8
FAR = 8.0  # deviations: what a normal variable never reaches


@dataclass(frozen=True)
class Estimated:
    """A number, and an error that it stays within 19 times out of 20."""

    value: float
    error: float


def stratified(count: int, dimension: int, random: Generator) -> Tensor:
    """Normal vectors [side^d, d], side = ⌊count^(1/d)⌋: one at random in each of as many equally likely boxes."""
    side = int(count ** (1 / dimension) + 1e-9)
    line = torch.arange(side).double()
    corners = torch.cartesian_prod(*[line] * dimension).view(-1, dimension)
    shares = (corners + torch.rand(corners.shape, generator=random, dtype=torch.float64)) / side
    return torch.special.ndtri(shares.clamp(1e-15, 1 - 1e-15))


@torch.no_grad()
def histogram(push: Push, cells: Cells, dimension: int, random: Generator, count: int = STRATA) -> Tensor:
    """Masses of G(z) in cells, [N], by a stratified draw of z."""
    return cells.histogram(push(stratified(count, dimension, random).float()))


@torch.no_grad()
def change_of_variables(push: Push, cells: Cells, count: int = 4096) -> Tensor:
    """Masses of G(z) in cells of the line, [N], z on the line: q(x) = Σ p(z)/|G′(z)| over all z with G(z) = x.

    G is taken as straight between `count` quantiles of z, so that each piece spreads its mass evenly.
    """
    quantiles = torch.special.ndtri(torch.arange(count + 1).double() / count).clamp(-FAR, FAR)
    x = push(quantiles[:, None].float()).double().squeeze(1)
    low, high = torch.minimum(x[:-1], x[1:]), torch.maximum(x[:-1], x[1:])
    inner = cells.low[0] + cells.widths * torch.arange(1, cells.number)
    below = (inner[:, None] - low) / (high - low).clamp(min=1e-12)
    cumulative = torch.cat([torch.zeros(1), below.clamp(0, 1).mean(1), torch.ones(1)])
    return cumulative.diff()


def divergence(p: Tensor, push: Push, cells: Cells, dimension: int, seed: int = 0, count: int = STRATA) -> Estimated:
    """Jensen–Shannon divergence between masses p and those of G(z), [N].

    A histogram of finite draws always differs a little from p, even if G is perfect; the jackknife over repeated draws
    takes that bias away. What is left over of it, and the spread, are the error. Cells make it a lower bound of the
    divergence between densities.
    """
    random = Generator().manual_seed(seed)
    draws = torch.stack([histogram(push, cells, dimension, random, count) for _ in range(REPEATS)])
    whole = jensen_shannon(p, draws.mean(0))
    without = torch.stack([jensen_shannon(p, (draws.sum(0) - draw) / (REPEATS - 1)) for draw in draws])
    bias = (REPEATS - 1) * (without.mean() - whole)
    spread = ((REPEATS - 1) * (without - without.mean()).square().mean()).sqrt()
    return Estimated((whole - bias).item(), (bias.abs() + 2 * spread).item())
