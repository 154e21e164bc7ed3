"""What each player minimises: pure functions of the discriminator's raw scores, always real before fake.

With raw scores s: D = σ(s), log D = −softplus(−s), log(1 − D) = −softplus(s).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Scores: TypeAlias = Tensor  # [B], the discriminator's raw scores, float32


class Losses(NamedTuple):
    """Two scalars, each to be descended by its own player."""

    discriminator: Tensor
    generator: Tensor


def minimax(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """E[log D(x)] + E[log(1 − D(G(z)))], D ascending, G descending it: Goodfellow et al. 2014, eq. 1.

    The generator's gradient vanishes as D(G(z)) → 0; `non_saturating` is the cure. Equilibrium: D's loss is log 4.
    """
    return Losses(discriminator=cross_entropy(real, fake, smoothing), generator=-softplus(fake).mean())


def non_saturating(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """D as in `minimax`; G descends −E[log D(G(z))]: Goodfellow et al. 2014, section 3. Equilibrium: log 4, log 2."""
    return Losses(discriminator=cross_entropy(real, fake, smoothing), generator=softplus(-fake).mean())


def least_squares(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """½E[(D(x) − 1)²] + ½E[D(G(z))²] and ½E[(D(G(z)) − 1)²]: Mao et al. 2016 (arXiv:1611.04076), eq. 9.

    Equilibrium: every score ½, D's loss ¼, G's loss ⅛.
    """
    target = 1 - smoothing
    return Losses(
        discriminator=((real - target).square().mean() + fake.square().mean()) / 2,
        generator=(fake - 1).square().mean() / 2,
    )


def wasserstein(real: Scores, fake: Scores) -> Losses:
    """D ascends E[D(x)] − E[D(G(z))], G ascends E[D(G(z))]: Arjovsky et al. 2017 (arXiv:1701.07875), eq. 2 and 3.

    Means a distance only while D is Lipschitz: with weight clipping or a gradient penalty. Equilibrium: D's loss is 0.
    """
    return Losses(discriminator=fake.mean() - real.mean(), generator=-fake.mean())


def hinge(real: Scores, fake: Scores) -> Losses:
    """E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))] and −E[D(G(z))]: Miyato et al. 2018 (arXiv:1802.05957), eq. 16, 17.

    Equilibrium: D's loss is 2.
    """
    return Losses(discriminator=relu(1 - real).mean() + relu(1 + fake).mean(), generator=-fake.mean())


def relativistic_pairing(real: Scores, fake: Scores) -> Losses:
    """E[softplus(−(D(x) − D(G(z))))] and the same with the roles exchanged: Huang et al. 2025, arXiv:2501.05441, eq. 2.

    Each fake is judged against one real image (Jolicoeur-Martineau 2018). Equilibrium: log 2 for both.
    """
    return Losses(discriminator=softplus(fake - real).mean(), generator=softplus(real - fake).mean())


def cross_entropy(real: Scores, fake: Scores, smoothing: float = 0.0) -> Tensor:
    """−E[(1 − α) log D(x) + α log(1 − D(x))] − E[log(1 − D(G(z)))], real labels one-sidedly smoothed by α.

    Salimans et al. 2016 (arXiv:1606.03498), section 3.4; α = 0 is the negative of Goodfellow et al. 2014, eq. 1.
    """
    # −log(1 − D) = softplus(s) = softplus(−s) + s, so smoothing adds α·s to the real term.
    return (softplus(-real) + smoothing * real).mean() + softplus(fake).mean()


@dataclass(frozen=True)
class Objective:
    """A game: its losses, and what a reader must know of it."""

    losses: Callable[..., Losses]
    balanced_score: float = 0.0  # what D says of everything at equilibrium
    probabilistic: bool = False  # σ(score) is the probability of being real
    smoothable: bool = False  # takes one-sided label smoothing
    paired: bool = False  # the generator's loss looks at real scores too

    def equilibrium(self) -> tuple[float, float]:
        """The two losses when p_g = p_data and D is optimal: (discriminator's, generator's)."""
        score = torch.tensor([self.balanced_score], dtype=torch.float64)
        losses = self.losses(score, score)
        return losses.discriminator.item(), losses.generator.item()
