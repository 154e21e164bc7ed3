"""The best discriminator against a fixed generator, and the game's value to it: Goodfellow et al. 2014, section 4."""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def optimal_scores(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Raw scores of D*(x) = p(x)/(p(x) + q(x)), proposition 1: σ(log p − log q)."""
    return log_p - log_q


def value(p: Tensor, q: Tensor, scores: Tensor) -> Tensor:
    """V(D, G) = Σ p log D + q log(1 − D), eq. 1, of masses and raw scores on the same cells, [N].

    Where D is certain and right it costs nothing: cells that neither p nor q reaches have no say.
    """
    real = torch.where(p > 0, p * softplus(-scores), 0.0)
    fake = torch.where(q > 0, q * softplus(scores), 0.0)
    return -(real + fake).sum()
