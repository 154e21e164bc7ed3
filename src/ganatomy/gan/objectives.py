"""What each player minimises: pure functions of the discriminator's raw scores, always real before fake.

With raw scores s: D = σ(s), log D = −softplus(−s), log(1 − D) = −softplus(s).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from math import log
from typing import NamedTuple, TypeAlias, TypeVar

from ganatomy.errors import UserError, first_line
from ganatomy.gan.equilibrium import Equilibrium, equilibrium_at
from ganatomy.system.lazy import F, torch
from ganatomy.system.registry import Registry, summary_of

Scores: TypeAlias = "torch.Tensor"  # [B], the discriminator's raw scores, float32


class Losses(NamedTuple):
    """Two scalars, each to be descended by its own player."""

    discriminator: torch.Tensor
    generator: torch.Tensor


Loss = TypeVar("Loss", bound="Callable[..., tuple[torch.Tensor, torch.Tensor]]")


@dataclass(frozen=True)
class Objective:
    """A game: its losses, and what a reader must know of it.

    losses         (real scores [B], fake scores [B]) → Losses; real scores are zeros for the generator unless `paired`
    equilibrium    its losses where generated and real images cannot be told apart
    probabilistic  σ(score) is the probability of being real
    smoothable     takes one-sided label smoothing: losses(real, fake, smoothing=α)
    paired         the generator's loss looks at real scores too
    critic         scores mean a distance only while their slope is bounded: clip weights, or penalise gradients
    """

    losses: Callable[..., Losses]
    equilibrium: Equilibrium
    probabilistic: bool = False
    smoothable: bool = False
    paired: bool = False
    critic: bool = False

    def smoothed(self, smoothing: float) -> Objective:
        """The same game with real labels 1 − smoothing: D* = (1 − α)p/(p + q), so D is (1 − α)/2 at equilibrium."""
        best = (1 - smoothing) / 2
        losses = partial(self.losses, smoothing=smoothing)
        return replace(
            self,
            losses=losses,
            equilibrium=equilibrium_of(losses, log(best / (1 - best)) if self.probabilistic else best),
        )


OBJECTIVES: Registry[Objective] = Registry("objective", adopt=lambda name, losses: objective_of(losses))


def register_objective(
    name: str,
    *,
    equilibrium: Equilibrium | None = None,
    probabilistic: bool = False,
    smoothable: bool = False,
    paired: bool = False,
    critic: bool = False,
) -> Callable[[Loss], Loss]:
    """Make a function of scores known as an objective: `objective.name=NAME` in every command.

    The function takes raw scores real [B] and fake [B] and returns two scalars, the discriminator's loss and the
    generator's. equilibrium: measured at a score of 0 if not given; the others as in `Objective`.

    Raises UserError where the name is taken.
    """

    def register(losses: Loss) -> Loss:
        part = objective_of(losses, equilibrium, probabilistic, smoothable, paired, critic)
        OBJECTIVES.add(name, part, module=losses.__module__, summary=summary_of(losses))
        return losses

    return register


def objective_of(
    losses: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    equilibrium: Equilibrium | None = None,
    probabilistic: bool = False,
    smoothable: bool = False,
    paired: bool = False,
    critic: bool = False,
) -> Objective:
    """The objective that a function of scores real [B] and fake [B] is; arguments as for `register_objective`.

    Raises UserError where the function cannot take scores, or does not return two losses.
    """

    @wraps(losses)
    def named(*scores: torch.Tensor, **options: float) -> Losses:
        return Losses(*losses(*scores, **options))

    try:
        known = equilibrium or equilibrium_of(named)
    except Exception as error:  # somebody's own code may raise anything
        name = getattr(losses, "__name__", str(losses))
        raise UserError(
            f"{name} cannot be an objective, which takes real scores [B] and fake scores [B] and returns two losses: "
            f"{type(error).__name__}: {first_line(error)}."
        ) from error
    return Objective(named, known, probabilistic, smoothable, paired, critic)


def equilibrium_of(losses: Callable[..., Losses], score: float = 0.0) -> Equilibrium:
    """The equilibrium of losses, measured: their values when every image, real or generated, has the same score.

    The generator's is left out where moving all scores changes it but not the discriminator's: its level means nothing.
    """

    def at(level: float) -> Losses:
        scores = torch.tensor([level], dtype=torch.float64)
        return losses(scores, scores)

    fake = torch.tensor([score], dtype=torch.float64, requires_grad=True)
    loss = losses(fake.detach(), fake).generator
    response = torch.autograd.grad(loss, fake)[0].abs().item() if loss.requires_grad else 0.0
    (discriminator, generator), moved = ([loss.item() for loss in at(level)] for level in (score, score + 0.5))
    free = discriminator == moved[0] and generator != moved[1]
    return equilibrium_at(
        (discriminator, f"{discriminator:.3g}"),
        None if free else (generator, f"{generator:.3g}"),
        response,
        score,
    )


@register_objective(
    "minimax",
    equilibrium=equilibrium_at((log(4), "log 4"), (-log(2), "−log 2"), response=0.5),
    probabilistic=True,
    smoothable=True,
)
def minimax(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """E[log D(x)] + E[log(1 − D(G(z)))], D ascending, G descending it: Goodfellow et al. 2014, eq. 1.

    The generator's gradient vanishes as D(G(z)) → 0; `non_saturating` is the cure. Equilibrium: D's loss is log 4.
    """
    return Losses(discriminator=cross_entropy(real, fake, smoothing), generator=-F.softplus(fake).mean())


@register_objective(
    "non_saturating",
    equilibrium=equilibrium_at((log(4), "log 4"), (log(2), "log 2"), response=0.5),
    probabilistic=True,
    smoothable=True,
)
def non_saturating(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """D as in `minimax`; G descends −E[log D(G(z))]: Goodfellow et al. 2014, section 3.

    Equilibrium: D's loss is log 4, G's log 2.
    """
    return Losses(discriminator=cross_entropy(real, fake, smoothing), generator=F.softplus(-fake).mean())


@register_objective(
    "least_squares",
    equilibrium=equilibrium_at((0.25, "¼"), (0.125, "⅛"), response=0.5, score=0.5),
    smoothable=True,
)
def least_squares(real: Scores, fake: Scores, smoothing: float = 0.0) -> Losses:
    """½E[(D(x) − 1)²] + ½E[D(G(z))²] and ½E[(D(G(z)) − 1)²]: Mao et al. 2016 (arXiv:1611.04076), eq. 9.

    Equilibrium: every score ½, D's loss ¼, G's loss ⅛.
    """
    target = 1 - smoothing
    return Losses(
        discriminator=((real - target).square().mean() + fake.square().mean()) / 2,
        generator=(fake - 1).square().mean() / 2,
    )


@register_objective("wasserstein", equilibrium=equilibrium_at((0.0, "0"), None, response=1.0), critic=True)
def wasserstein(real: Scores, fake: Scores) -> Losses:
    """D ascends E[D(x)] − E[D(G(z))], G ascends E[D(G(z))]: Arjovsky et al. 2017 (arXiv:1701.07875), eq. 2 and 3.

    Means a distance only while D is Lipschitz: with weight clipping or a gradient penalty. Equilibrium: D's loss is 0.
    """
    return Losses(discriminator=fake.mean() - real.mean(), generator=-fake.mean())


@register_objective("hinge", equilibrium=equilibrium_at((2.0, "2"), None, response=1.0))
def hinge(real: Scores, fake: Scores) -> Losses:
    """E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))] and −E[D(G(z))]: Miyato et al. 2018 (arXiv:1802.05957), eq. 16, 17.

    Equilibrium: D's loss is 2.
    """
    return Losses(discriminator=F.relu(1 - real).mean() + F.relu(1 + fake).mean(), generator=-fake.mean())


@register_objective(
    "relativistic_pairing",
    equilibrium=equilibrium_at((log(2), "log 2"), (log(2), "log 2"), response=0.5),
    paired=True,
)
def relativistic_pairing(real: Scores, fake: Scores) -> Losses:
    """E[softplus(−(D(x) − D(G(z))))] and the same with the roles exchanged: Huang et al. 2025, arXiv:2501.05441, eq. 2.

    Each fake is judged against one real image (Jolicoeur-Martineau 2018). Equilibrium: log 2 for both.
    """
    return Losses(discriminator=F.softplus(fake - real).mean(), generator=F.softplus(real - fake).mean())


def table() -> str:
    """The objectives as a Markdown table: docs/TRAINING.md."""
    rows = ["| `objective.name` | losses | losses at equilibrium |", "|---|---|---|"]
    for name, objective in OBJECTIVES.items():
        rest = ", ".join(f"{player[0].upper()}: {text}" for player, (_, text) in objective.equilibrium.levels.items())
        rows.append(f"| `{name}` | {OBJECTIVES.summary(name)} | {rest} |")
    return "\n".join(rows)


def cross_entropy(real: Scores, fake: Scores, smoothing: float = 0.0) -> torch.Tensor:
    """−E[(1 − α) log D(x) + α log(1 − D(x))] − E[log(1 − D(G(z)))], real labels one-sidedly smoothed by α.

    Salimans et al. 2016 (arXiv:1606.03498), section 3.4; α = 0 is the negative of Goodfellow et al. 2014, eq. 1.
    """
    # −log(1 − D) = softplus(s) = softplus(−s) + s, so smoothing adds α·s to the real term.
    return (F.softplus(-real) + smoothing * real).mean() + F.softplus(fake).mean()
