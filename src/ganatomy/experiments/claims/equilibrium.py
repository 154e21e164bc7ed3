"""The whole game: where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.optimum import LINE, real_data, scores_on_line
from ganatomy.experiments.claims.pictures import BLUE, GREY, ORANGE, name_curve
from ganatomy.system.lazy import torch
from ganatomy.theory import divergences, pushforward

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.adversarial import Adversarial


def play_to_the_end(trial: ClaimTrial) -> Adversarial:
    """A game on two Gaussians. D learns faster than G, so it says ½ because it cannot tell; the rates decay to 0."""
    from ganatomy.theory.game import cosine_decay, new_game, play

    steps = trial.size(2000, 600)
    rates = (cosine_decay(2e-4, steps), cosine_decay(2e-3, steps))
    game = new_game(1, "non_saturating", {"r1": 0.02}, width=64, learning_rates=rates, seed=trial.seed)
    return play(real_data(), game, steps)


@register_claim(
    "equilibrium",
    place=5,
    sentence="At equilibrium the discriminator says ½ everywhere.",
    source="Goodfellow et al. 2014, figure 1 (d)",
    criteria={
        "mean |D − ½| over real points": Criterion("0", high=0.03),
        "JSD of p and q, nats": Criterion("0", high=0.02),
    },
    lesson=Lesson(
        "What does D say in the end?",
        "The generator has learnt the data. What does the discriminator say of real points?",
        ["1: they are real", "½: it can only guess", "0: it has been fooled"],
        1,
        "With q = p, p/(p + q) is ½ everywhere. The discriminator has not failed: there is nothing left to tell apart.",
        "target=line&moves=r600",
        "After 600 rounds D says ½ wherever there are points.",
    ),
)
def _equilibrium(trial: ClaimTrial) -> Outcome:
    game = play_to_the_end(trial)
    scores, q = scores_on_line(game), pushforward.change_of_variables(game.generator.network, LINE)
    p = LINE.masses(real_data())

    def draw(figure: Figure) -> None:
        x = LINE.points().squeeze(1)
        left, right = figure.subplots(1, 2)
        left.plot(x, p / LINE.widths, ":", color=GREY, label="p, real")
        left.fill_between(x, q / LINE.widths, color=ORANGE, alpha=0.4, linewidth=0, label="q, generated")
        left.legend(loc="upper left")
        left.set(title="density of the points", ylim=(0, 1.7 * (p / LINE.widths).max().item()))
        right.plot(x, scores.sigmoid(), color=BLUE)
        right.axhline(0.5, color=GREY, linestyle=":")
        right.set(title="the discriminator, D(x)", ylim=(0, 1), yticks=[0, 0.5, 1])
        for axes in (left, right):
            axes.set(xlim=(-4, 4), xlabel="x")

    figures = {
        "mean |D − ½| over real points": ((scores.sigmoid() - 0.5).abs() * p).sum().item(),
        "JSD of p and q, nats": divergences.jensen_shannon(p, q).item(),
    }
    return Outcome(figures, draw)


PIXELS, LATENT = 28 * 28, 100
FACTOR = 100.0  # by which p differs over the points that are compared


def jacobian_rank(seed: int) -> int:
    """The rank of ∂G/∂z, [784, 100], of a DCGAN at a random z, in float64."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change

    settings = {"prior.dimension": LATENT, "generator.width": 16, "training.seed": seed}
    generator = build.generator(change(recipe("digits"), settings), (1, 28, 28)).double().eval()
    z = torch.randn(1, LATENT, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    jacobian = torch.autograd.functional.jacobian(lambda z: generator(z, None), z)
    return int(torch.linalg.matrix_rank(jacobian.reshape(PIXELS, LATENT)).item())


@register_claim(
    "no-density",
    place=18.5,
    sentence="A trained GAN does not give p(x). Its images fill at most as many dimensions as z has, so they have no "
    "density among all images; and at equilibrium D says ½ of likely and unlikely points alike.",
    source="Goodfellow et al. 2014, section 6; Arjovsky & Bottou 2017 (arXiv:1701.04862), lemma 1",
    criteria={
        f"rank of ∂G/∂z, {PIXELS} pixels, z of {LATENT} numbers": Criterion("at most 100", high=LATENT),
        "p, largest / least over the points compared": Criterion(f"{FACTOR:g}", low=0.9 * FACTOR, high=FACTOR),
        "D/(1 − D), largest / least over the same points": Criterion("1", high=1.5),
    },
    lesson=Lesson(
        "Does a GAN tell probabilities?",
        "A game has come to its equilibrium. One point is a hundred times as likely as another. D says …",
        ["… a hundred times as much of the first", "… a little more of the first", "… ½ of both"],
        2,
        "D compares p with q, and they are equal at both points. The generator draws likely points more often, but "
        "nothing in it says how likely one is. On the line it can be worked out from the slope of G, which the lab "
        "does; images of 784 pixels made from 100 numbers have no density at all.",
    ),
)
def _no_density(trial: ClaimTrial) -> Outcome:
    """The rank of an image generator; and D at the end of a game on the line, beside p."""
    scores = scores_on_line(play_to_the_end(trial))
    p = LINE.masses(real_data()) / LINE.widths
    likely = p >= p.max() / FACTOR

    def draw(figure: Figure) -> None:
        axes, x = figure.subplots(), LINE.points().squeeze(1)[likely]
        says = scores.sigmoid()[likely]
        axes.semilogy(x, p[likely], color=GREY)
        axes.semilogy(x, says, color=BLUE)
        name_curve(axes, x[-1].item(), p[likely][-1].item(), "p(x), the density", GREY)
        name_curve(axes, x[-1].item(), says[-1].item(), "D(x) at equilibrium", BLUE)
        axes.set(xlabel="x", xlim=(x[0].item(), x[-1].item() + 2.2), ylim=(p.max().item() / 200, 1))
        axes.set_title("Points whose probabilities differ by a factor of 100")

    figures = {
        f"rank of ∂G/∂z, {PIXELS} pixels, z of {LATENT} numbers": float(jacobian_rank(trial.seed)),
        "p, largest / least over the points compared": (p.max() / p[likely].min()).item(),
        "D/(1 − D), largest / least over the same points": (scores[likely].max() - scores[likely].min()).exp().item(),
    }
    return Outcome(figures, draw)
