"""Who maximises what: the players' signs, as they are and reversed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ganatomy.experiments.claims.balance import LINE, distances_while_playing, far_data, far_game, progress
from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import BLUE, GREY, ORANGE, RED, name_curve
from ganatomy.gan.objectives import OBJECTIVES, Losses, objective_of
from ganatomy.system.lazy import F, torch
from ganatomy.theory import pushforward

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.adversarial import Adversarial

# What a generator may minimise, of the raw scores of its points [B], with D = σ(score).
MINIMISED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "log(1 − D(G(z)))": lambda scores: F.logsigmoid(-scores).mean(),
    "D(G(z))": lambda scores: scores.sigmoid().mean(),
    "−log(1 − D(G(z)))": lambda scores: -F.logsigmoid(-scores).mean(),
}


def game_with(
    seed: int,
    rates: tuple[float, float],
    generator: Callable[[torch.Tensor], torch.Tensor],
    sign: float = 1.0,
) -> Adversarial:
    """The minimax game on far data, with another loss of the generator: of its raw scores, [B] → a scalar.

    sign: −1 for a discriminator that minimises V.
    """

    def losses(real: torch.Tensor, fake: torch.Tensor) -> Losses:
        return Losses(sign * OBJECTIVES["minimax"].losses(real, fake).discriminator, generator(fake))

    game = far_game("minimax", seed, rates)
    game.objective = objective_of(losses, OBJECTIVES["minimax"].equilibrium, probabilistic=True)
    return game


def trained_discriminator(seed: int, steps: int, sign: float) -> Adversarial:
    """A game in which only the discriminator has learnt, against a fixed generator."""
    from ganatomy.theory.game import play

    return play(far_data(), game_with(seed, (0.0, 1e-3), MINIMISED["log(1 − D(G(z)))"], sign), steps)


def accuracy(game: Adversarial, count: int = 4096) -> float:
    """The share of points, half of them real, that the discriminator puts on the right side of D = ½."""
    z = game.prior.sample(count, game.random.at("judged"))
    with torch.no_grad():
        fake = game.discriminator.network(game.generator.network(z))
        real = game.discriminator.network(far_data().sample(count, game.random.at("judged", 1)))
    return ((real > 0).double().mean().item() + (fake < 0).double().mean().item()) / 2


@register_claim(
    "roles",
    place=5.5,
    sentence="The discriminator maximises the value of the game, and the generator minimises it by raising D(G(z)): "
    "with the sign of either one reversed, that player learns the opposite.",
    source="Goodfellow et al. 2014, eq. 1 and Algorithm 1",
    criteria={
        "accuracy of a D that maximises V": Criterion("1", low=0.9),
        "accuracy of a D that minimises V": Criterion("½ or less: errors on one kind suffice", high=0.5),
        "G's progress, minimising log(1 − D(G(z)))": Criterion("it learns", low=0.3),
        "G's progress, minimising D(G(z))": Criterion("none, or away from the data", high=0.05),
        "G's progress, minimising −log(1 − D(G(z)))": Criterion("none, or away from the data", high=0.05),
    },
    lesson=Lesson(
        "Which way is up?",
        "A generator is trained to minimise D(G(z)). Where do its points go?",
        ["To the data", "Nowhere", "Away from the data"],
        2,
        "D(G(z)) is the probability that a generated point is real. A forger wants it large: it minimises "
        "log(1 − D(G(z))), which falls as D(G(z)) rises. Minimising D(G(z)) itself is learning to be caught.",
    ),
)
def _roles(trial: ClaimTrial) -> Outcome:
    """D with either sign against a fixed generator; then the generator with three losses against the usual D."""
    players = {"maximises V": 1.0, "minimises V": -1.0}
    trained = {name: trained_discriminator(trial.seed, trial.size(200, 100), sign) for name, sign in players.items()}
    curves = {
        name: distances_while_playing(game_with(trial.seed, (5e-4, 1e-3), loss), trial.size(300, 200))
        for name, loss in MINIMISED.items()
    }

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        x, widths = LINE.points().squeeze(1), LINE.widths.item()
        fixed = next(iter(trained.values()))
        q = pushforward.change_of_variables(fixed.generator.network, LINE)
        p = LINE.masses(far_data())
        left.fill_between(x, p / widths / 2, color=GREY, alpha=0.3, linewidth=0)
        left.fill_between(x, q / q.max() / 2, color=ORANGE, alpha=0.4, linewidth=0)
        left.text(4, 0.42, "real", color=GREY, ha="center")
        left.text(0, 0.55, "generated", color=ORANGE, ha="right")
        for (name, game), colour in zip(trained.items(), (BLUE, RED), strict=True):
            with torch.no_grad():
                curve = game.discriminator.network(LINE.points().float()).sigmoid()
            left.plot(x, curve, color=colour)
            name_curve(left, x[-1].item(), curve[-1].item(), f"D {name}", colour)
        left.set(title="a trained discriminator, D(x)", xlabel="x", xlim=(-4, 13), ylim=(-0.02, 1.05))
        left.set_xticks(range(-4, 9, 2))
        looks = ((BLUE, "center"), (RED, "bottom"), (ORANGE, "top"))
        for (name, distances), (colour, va) in zip(curves.items(), looks, strict=True):
            right.plot([10 * i for i in range(len(distances))], distances, color=colour)
            name_curve(right, 10 * (len(distances) - 1), distances[-1], name, colour, va)
        right.set(title="a generator that minimises …", xlabel="rounds", ylabel="distance from the data (W₁)")
        right.set(xlim=(0, 16 * len(curves["D(G(z))"])), ylim=(0, None))

    figures = {
        **{f"accuracy of a D that {name}": accuracy(game) for name, game in trained.items()},
        **{f"G's progress, minimising {name}": progress(distances) for name, distances in curves.items()},
    }
    return Outcome(figures, draw)
