"""The optimal discriminator of a fixed generator, and the game's value: Goodfellow et al. 2014, section 4."""

from __future__ import annotations

from ganatomy.system.lazy import F, torch


def optimal_scores(log_p: torch.Tensor, log_q: torch.Tensor) -> torch.Tensor:
    """Raw scores log p − log q of D*(x) = p(x)/(p(x) + q(x)), proposition 1; all three [N]."""
    return log_p - log_q


def distance(p: torch.Tensor, q: torch.Tensor, scores: torch.Tensor) -> float:
    """Mean |D − D*| over real and generated points alike, of masses and raw scores in the same cells, [N]."""
    best = optimal_scores(p.log(), q.log()).sigmoid()
    return ((scores.sigmoid() - best).abs() * (p + q) / 2).nansum().item()


def value(p: torch.Tensor, q: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """V(D, G) = Σ p log D + q log(1 − D), eq. 1: a scalar in nats, of masses and raw scores in the same cells, [N].

    A cell that neither p nor q reaches adds nothing, even where its score is infinite.
    """
    real = torch.where(p > 0, p * F.softplus(-scores), 0.0)
    fake = torch.where(q > 0, q * F.softplus(scores), 0.0)
    return -(real + fake).sum()
