"""How far two distributions are apart: exact on cells, whose masses p and q, [N], each sum to 1. In nats."""

import torch
from torch import Tensor


def kl(p: Tensor, q: Tensor) -> Tensor:
    """KL(p ‖ q) = Σ p log(p/q); ∞ where q misses a part of p."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """½KL(p ‖ m) + ½KL(q ‖ m), m = ½(p + q): between 0 and log 2. Goodfellow et al. 2014, section 4.1."""
    middle = (p + q) / 2
    return (kl(p, middle) + kl(q, middle)) / 2


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """½Σ|p − q|: between 0 and 1."""
    return (p - q).abs().sum() / 2


def wasserstein(p: Tensor, q: Tensor, width: float) -> Tensor:
    """W₁ on the line, ∫|F_p − F_q|, of masses spread evenly in cells of that width."""
    gaps = torch.nn.functional.pad((p - q).cumsum(0), (1, 0))  # F_p − F_q at the ends of the cells, straight between
    a, b = gaps[:-1], gaps[1:]
    crossing = a * b < 0
    steepness = torch.where(crossing, (a - b).abs(), 1.0)
    return width * torch.where(crossing, (a.square() + b.square()) / (2 * steepness), (a + b).abs() / 2).sum()
