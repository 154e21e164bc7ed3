"""How strong the discriminator should be: a game that begins far from its data, and how far its generator gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
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


BALANCES = {"too weak": (0.0, 1), "balanced": (1e-3, 1), "too strong": (5e-3, 20)}  # learning rate and steps of D


def _criteria(fault: str) -> dict[str, Criterion]:
    return {
        "progress with a balanced discriminator": Criterion("it learns", low=0.3),
        f"progress, {fault} / balanced": Criterion("far below 1", high=0.5),
    }


@register_claim(
    "too-strong",
    place=8,
    sentence="A discriminator that is made too strong stalls the generator of the minimax game.",
    source="Arjovsky & Bottou 2017 (arXiv:1701.04862), theorem 2.4",
    criteria=_criteria("too strong"),
    lesson=Lesson(
        "An opponent that is too strong",
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
    return _against(trial, "too strong")


@register_claim(
    "too-weak",
    place=9,
    sentence="From a discriminator that is too weak the generator has nothing to learn.",
    source="Goodfellow et al. 2014, section 3",
    criteria=_criteria("too weak"),
    lesson=Lesson(
        "An opponent that is too weak",
        "The discriminator never learns. What does the generator learn?",
        ["The data, only slower", "Nothing", "The data, faster"],
        1,
        "All that a generator knows of the data is the discriminator's gradient; that of an untrained one points "
        "nowhere useful.",
        "target=far&k=1&lr_d=0.00001&moves=r200",
        "After 200 rounds against a D that hardly learns, the generator is nowhere near the data.",
    ),
)
def _too_weak(trial: ClaimTrial) -> Outcome:
    return _against(trial, "too weak")


def _against(trial: ClaimTrial, fault: str) -> Outcome:
    """The same generator against a balanced discriminator, and against one that is not."""
    curves = {}
    for name in ("balanced", fault):
        rate, k = BALANCES[name]
        game = far_game("minimax", trial.seed, (5e-4, rate), k)
        curves[name] = distances_while_playing(game, trial.size(400, 200))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, distances in curves.items():
            colour = "#2b6cb0" if name == "balanced" else "#c53030"
            axes.plot(10 * np.arange(len(distances)), distances, color=colour, label=f"discriminator {name}")
        axes.set(xlabel="generator steps", ylabel="distance of real and generated (W₁)", ylim=(0, None))
        axes.legend()

    balanced, faulty = progress(curves["balanced"]), progress(curves[fault])
    figures = {
        "progress with a balanced discriminator": balanced,
        f"progress, {fault} / balanced": faulty / balanced,
    }
    return Outcome(figures, draw)
