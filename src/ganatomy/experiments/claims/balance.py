"""How strong the discriminator should be: a game that begins far from its data, and how far its generator gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims import optimum
from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import BLUE, GREY, RED, name_curve
from ganatomy.system.lazy import torch
from ganatomy.theory import pushforward
from ganatomy.theory.densities import Mixture, gaussians
from ganatomy.theory.divergences import wasserstein
from ganatomy.theory.grid import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.adversarial import Adversarial

LINE = Grid([-4], [8], [480])


def far_data() -> Mixture:
    """A Gaussian far from where an untrained generator begins, around 0."""
    return gaussians(4.0, deviation=0.5)


def far_game(objective: str, seed: int, rates: tuple[float, float], k: int = 1) -> Adversarial:
    """A game of small networks on such data. rates: the learning rates of the generator and the discriminator."""
    from ganatomy.theory.game import new_game

    return new_game(1, objective, learning_rates=rates, seed=seed, discriminator_steps=k, width=64)


def distance(game: Adversarial) -> float:
    """W₁ between real and generated points."""
    q = pushforward.change_of_variables(game.generator.network, LINE)
    return wasserstein(LINE.masses(far_data()), q, LINE.widths.item()).item()


def distances_while_playing(game: Adversarial, rounds: int, every: int = 10) -> list[float]:
    """The distance before the first round, and after every so many rounds."""
    from ganatomy.theory.game import play

    distances = [distance(game)]
    for step in range(0, rounds, every):
        play(far_data(), game, step + every, begin=step)
        distances.append(distance(game))
    return distances


def progress(distances: list[float]) -> float:
    """The share of the first distance that was covered: 1 at the data."""
    return 1 - distances[-1] / distances[0]


BALANCED = "progress with a balanced discriminator"


@register_claim(
    "too-strong",
    place=8,
    sentence="A discriminator that is made too strong stalls the generator of the minimax game. With the "
    "non-saturating loss the same discriminator does not.",
    source="Arjovsky & Bottou 2017 (arXiv:1701.04862), theorem 2.4; Goodfellow et al. 2014, section 3",
    criteria={
        BALANCED: Criterion("it learns", low=0.3),
        "progress, too strong / balanced": Criterion("far below 1", high=0.5),
        "progress, too strong but non-saturating / balanced": Criterion("about 1", low=0.5),
    },
    lesson=Lesson(
        "Do twenty steps teach better than one?",
        "In the minimax game, the discriminator gets a high rate and twenty steps for each of the generator's. Then …",
        ["… the generator learns faster: it is taught better", "… nothing changes", "… the generator stalls"],
        2,
        "A nearly perfect discriminator is flat where the generated points are. With the saturating loss, no gradient "
        "is left to follow.",
        "target=far&objective=minimax&k=20&lr_d=0.005&lr_g=0.0005&moves=r60",
        "After 60 rounds the generated points stand where they began, and no arrow is long enough to be seen.",
    ),
)
def _too_strong(trial: ClaimTrial) -> Outcome:
    """The same generator against a balanced discriminator, and against a strong one through two losses."""
    rounds = trial.size(200, 100)
    games = {
        "balanced D": far_game("minimax", trial.seed, (5e-4, 1e-3)),
        "too strong, minimax": far_game("minimax", trial.seed, (5e-4, 5e-3), k=20),
        "too strong, non-saturating": far_game("non_saturating", trial.seed, (5e-4, 5e-3), k=20),
    }
    curves = {name: distances_while_playing(game, rounds) for name, game in games.items()}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        looks = ((GREY, "bottom"), (RED, "center"), (BLUE, "center"))
        for (name, distances), (colour, va) in zip(curves.items(), looks, strict=True):
            steps = 10 * np.arange(len(distances))
            axes.plot(steps, distances, color=colour)
            name_curve(axes, steps[-1], distances[-1], name, colour, va)
        axes.set(xlabel="generator steps", ylabel="distance of generated from real points (W₁)")
        axes.set(xlim=(0, 1.5 * rounds), ylim=(0, None))

    balanced, *strong = (progress(distances) for distances in curves.values())
    figures = {
        BALANCED: balanced,
        "progress, too strong / balanced": strong[0] / balanced,
        "progress, too strong but non-saturating / balanced": strong[1] / balanced,
    }
    return Outcome(figures, draw)


@register_claim(
    "too-weak",
    place=9,
    sentence="A generator learns no more than its discriminator can see: from one that can only draw a straight line, "
    "it does not learn two Gaussians.",
    source="Goodfellow et al. 2014, section 6; Arora et al. 2017 (arXiv:1703.00573), section 3",
    criteria={
        "JSD with a discriminator of three hidden layers": Criterion("near 0", high=0.1),
        "JSD with a linear discriminator": Criterion("far above 0", low=0.2),
    },
    lesson=Lesson(
        "What does a discriminator of straight lines teach?",
        "The data are two Gaussians; the discriminator's score is a straight line. What does the generator learn?",
        ["Both Gaussians, only more slowly", "About where they are, but not their shape", "Both Gaussians, faster"],
        1,
        "All that a generator knows of the data is the discriminator's gradient. That of a straight line is the same "
        "everywhere: it can say *left* or *right*, and nothing of shape. A discriminator that hardly learns says less.",
        "target=far&k=1&lr_d=0.00001&moves=r200",
        "After 200 rounds against a D that hardly learns, the generator is nowhere near the data.",
    ),
)
def _too_weak(trial: ClaimTrial) -> Outcome:
    """The same game, rates and penalty; only the discriminator's network differs."""
    from ganatomy.theory.game import PointDiscriminator, new_game

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trial.seed)
        networks = {
            "three hidden layers": PointDiscriminator(1, 64),
            "a straight line": PointDiscriminator(1, 1, depth=0),
        }
    rounds, every = trial.size(1200, 800), 40
    games = {
        name: new_game(
            1,
            "non_saturating",
            {"r1": 0.02},
            width=64,
            learning_rates=(5e-4, 1e-3),
            discriminator_steps=2,
            discriminator=network,
            seed=trial.seed,
        )
        for name, network in networks.items()
    }
    curves = {name: optimum.divergences_while_playing(game, rounds, every) for name, game in games.items()}

    def draw(figure: Figure) -> None:
        last, *rest = figure.subplots(1, 3)[::-1]
        line = optimum.LINE
        x, p = line.points().squeeze(1), line.masses(optimum.real_data()) / line.widths
        looks = (BLUE, RED)
        for axes, (name, game), colour in zip(rest[::-1], games.items(), looks, strict=True):
            q = pushforward.change_of_variables(game.generator.network, line) / line.widths
            axes.fill_between(x, p, color=GREY, alpha=0.3, linewidth=0)
            axes.plot(x, q.clamp(max=3 * p.max()), color=colour)
            axes.set(title=f"D: {name}", xlim=(-4, 4), ylim=(0, 2.2 * p.max().item()), yticks=[], xlabel="x")
            axes.text(
                0.97, 0.95, "line: generated\ngrey: real", transform=axes.transAxes, ha="right", va="top", fontsize=9
            )
            divergences = curves[name]
            last.plot([every * (i + 1) for i in range(len(divergences))], divergences, color=colour)
            last.text(rounds, max(divergences[-5:]) + 0.02, name, color=colour, ha="right")
        last.set(title="distance from the data", xlabel="rounds", ylabel="JSD, nats", ylim=(0, 0.75))

    large, linear = (optimum.late(divergences) for divergences in curves.values())
    figures = {
        "JSD with a discriminator of three hidden layers": large,
        "JSD with a linear discriminator": linear,
    }
    return Outcome(figures, draw)
