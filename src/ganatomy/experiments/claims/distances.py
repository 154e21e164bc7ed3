"""Distances between distributions that do not overlap: which of them still has a slope."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.pictures import BLUE, GREEN, GREY, name_curve
from ganatomy.system.lazy import torch
from ganatomy.theory import divergences
from ganatomy.theory.densities import segments
from ganatomy.theory.grid import Grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = Grid([-1], [5], [1200])


def divergence_and_distance(shift: float) -> tuple[float, float]:
    """(JSD, W₁) between the uniform distribution on [0, 0.5] and the same moved by `shift`."""
    p, q = LINE.masses(segments((0.0, 0.5))), LINE.masses(segments((shift, shift + 0.5)))
    return divergences.jensen_shannon(p, q).item(), divergences.wasserstein(p, q, LINE.widths.item()).item()


def slope_through(objective: str, trial: ClaimTrial, **penalties: float) -> float:
    """|∂L_G/∂θ| of points moved by θ = 3, through a discriminator that was trained against them."""
    from ganatomy.gan.method import Batch
    from ganatomy.theory.game import new_game

    game = new_game(1, objective, penalties, learning_rates=(0.0, 2e-3), seed=trial.seed, width=64)
    real, moved = segments((0.0, 0.5)), segments((3.0, 3.5))
    for step in range(trial.size(2000, 600)):
        reals = real.sample(game.batch, game.random.at("real", step))
        fakes = moved.sample(game.batch, game.random.at("fake", step))
        game.discriminator_step(Batch(reals), Batch(fakes), step)
    shift = torch.zeros(1, requires_grad=True)
    fakes = moved.sample(4096, game.random.at("judged")) + shift
    loss = game.objective.losses(torch.zeros(len(fakes)), game.discriminator.network(fakes)).generator
    return torch.autograd.grad(loss, shift)[0].abs().item()


@register_claim(
    "disjoint-supports",
    place=13,
    sentence="Where real and generated data do not overlap, their Jensen–Shannon divergence is log 2 and has no slope; "
    "the Wasserstein distance has one.",
    source="Arjovsky et al. 2017 (arXiv:1701.07875), example 1",
    criteria={
        "JSD without overlap: largest distance from log 2": Criterion("0", high=1e-6),
        "W₁: largest distance of its slope from 1": Criterion("0", high=1e-6),
        "slope through a trained minimax D": Criterion("0", high=0.02),
        "slope through a trained Wasserstein critic": Criterion("1", low=0.8, high=1.2),
    },
    lesson=Lesson(
        "Which distance has a slope without overlap?",
        "Two intervals do not overlap, and one is moved still farther away. Which distance changes?",
        ["The Jensen–Shannon divergence", "The Wasserstein distance", "Both"],
        1,
        "Without an overlap JSD is log 2 wherever they lie, and a constant has no slope. The Wasserstein distance is "
        "how far mass must be carried: it grows steadily.",
        "target=far&objective=wasserstein&penalty=wgan_gp:10&moves=d200",
        "After 200 steps of D alone, every gradient is about 1, although nothing overlaps and JSD is log 2.",
    ),
)
def _disjoint_supports(trial: ClaimTrial) -> Outcome:
    shifts = np.linspace(0, 4, 81)
    divergence, distance = np.array([divergence_and_distance(shift) for shift in shifts.tolist()]).T

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(shifts, divergence, color=GREEN)
        axes.plot(shifts, distance, color=BLUE)
        axes.axvspan(0.5, 4, color=GREY, alpha=0.08)
        axes.text(2.25, 3.7, "no overlap", color=GREY, ha="center")
        axes.text(0.25, 3.7, "overlap", color=GREY, ha="center")
        name_curve(axes, 4, divergence[-1], "JSD: log 2", GREEN)
        name_curve(axes, 4, distance[-1], "Wasserstein\ndistance", BLUE, "top")
        axes.set(
            xlabel="how far one interval is moved away from the other, both of length ½", ylabel="distance of the two"
        )
        axes.set(xlim=(0, 5), ylim=(0, None))

    figures = {
        "JSD without overlap: largest distance from log 2": float(np.abs(divergence[shifts >= 0.5] - log(2)).max()),
        "W₁: largest distance of its slope from 1": float(np.abs(np.diff(distance) / np.diff(shifts) - 1).max()),
        "slope through a trained minimax D": slope_through("minimax", trial),
        "slope through a trained Wasserstein critic": slope_through("wasserstein", trial, wgan_gp=10.0),
    }
    return Outcome(figures, draw)
