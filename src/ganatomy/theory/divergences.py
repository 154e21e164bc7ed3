"""How far two distributions are apart, in nats: exact for their masses p and q in the cells of a grid.

p and q are [N] and sum to 1. Every function returns a scalar tensor in their precision.
"""

from __future__ import annotations

from ganatomy.system.lazy import F, torch


def kl(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """KL(p ‖ q) = Σ p log(p/q) of masses [N]; ∞ where p has mass and q has none."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


def jensen_shannon(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """½KL(p ‖ m) + ½KL(q ‖ m), m = ½(p + q), of masses [N]: 0 to log 2. Goodfellow et al. 2014, section 4.1."""
    return (_to_middle(p, q) + _to_middle(q, p)) / 2


def _to_middle(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """KL(p ‖ ½(p + q)). The ratio is taken first: half of the smallest number that a float holds would be 0."""
    return torch.xlogy(p, torch.where(p > 0, 2 * (p / (p + q)), 1.0)).sum()


def wasserstein(p: torch.Tensor, q: torch.Tensor, width: float) -> torch.Tensor:
    """W₁ on the line, ∫|F_p − F_q|, of masses [N] spread evenly over cells of that width."""
    gaps = F.pad((p - q).cumsum(0), (1, 0))  # F_p − F_q at the ends of the cells, linear in between
    a, b = gaps[:-1], gaps[1:]
    crossing = a * b < 0
    steepness = torch.where(crossing, (a - b).abs(), 1.0)
    return width * torch.where(crossing, (a.square() + b.square()) / (2 * steepness), (a + b).abs() / 2).sum()
