"""Modes: how plain GANs lose them, and what brings them back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Generator, Tensor

from ganatomy import build
from ganatomy.experiments.claims.claim import Claim, Criterion, Evidence, Trial, parts
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory.densities import Mixture, grid, ring
from ganatomy.theory.game import new_game, play

POINTS, LEAST = 2000, 20  # generated points, and how many of them make a mode
RING = ring(8, radius=2.0, deviation=0.02)  # Metz et al. 2017 (arXiv:1611.02163), section 3.1
GRID = grid()


@dataclass(frozen=True)
class Way:
    """A game on modes. rates: the generator's learning rate and the discriminator's; options: of `game`."""

    target: Mixture
    rates: tuple[float, float]
    objective: str = "non_saturating"
    penalties: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


FAST = (1e-3, 1e-4)  # a generator that runs ahead of its discriminator, as in Metz et al.'s experiment
EVEN = (1e-3, 1e-3)
WAYS = {
    "ring, plain": Way(RING, FAST),
    "ring, packing": Way(RING, FAST, options={"pack": 4}),
    "ring, minibatch deviation": Way(RING, FAST, options={"sees_deviation": True}),
    "grid, plain": Way(GRID, EVEN),
    "grid, relativistic, R1 + R2": Way(GRID, EVEN, "relativistic_pairing", {"r1": 0.1, "r2": 0.1}),
}
Look = tuple[set[int], Tensor]  # modes that are reached, and generated points


def look(points: Tensor, target: Mixture) -> Look:
    """Modes with at least LEAST points nearer than a quarter of the way to the next mode."""
    far = torch.pdist(target.centres).min() / 4
    near = torch.cdist(points, target.centres)
    counts = near.argmin(1)[near.min(1).values < far].bincount(minlength=len(target.centres))
    return {mode for mode, count in enumerate(counts.tolist()) if count >= LEAST}, points


def history(way: Way, seed: int, looks: int, between: int) -> list[Look]:
    """The game, looked at again and again."""
    terms = [build.penalty(name, weight) for name, weight in way.penalties.items()]
    objective = OBJECTIVES[way.objective]
    table = new_game(2, objective, terms, seed=seed, learning_rates=way.rates, width=64, **way.options)
    z, found = torch.randn(POINTS, 2, generator=Generator().manual_seed(0)), []
    for number in range(looks):
        play(way.target, table, (number + 1) * between, begin=number * between)
        found.append(look(table.generator.network(z).detach(), way.target))
    return found


def _scatter(place: Axes, points: Tensor, target: Mixture) -> None:
    side = 1.6 * target.centres.abs().max().item()
    points = points.clamp(-side, side)  # those that are farther out, at the edge
    place.scatter(points[:, 0], points[:, 1], s=2, color="#dd6b20")
    place.scatter(target.centres[:, 0], target.centres[:, 1], s=20, facecolors="none", edgecolors="black")
    place.set(xlim=(-side, side), ylim=(-side, side), aspect="equal", xticks=[], yticks=[])


def _dropping(trial: Trial) -> Evidence:
    looks = history(WAYS["ring, plain"], trial.seed, trial.size(40, 24), trial.size(125, 75))
    late = [modes for modes, _ in looks[len(looks) // 4 :]]
    left = sum(len(before - after) for before, after in pairwise(late))
    return Evidence(
        {
            "modes reached at a time, mean": float(np.mean([len(modes) for modes in late])),
            "modes left again": float(left),
        },
        {"looks": looks},
    )


def _draw_dropping(figure: Figure, evidence: Evidence) -> None:
    looks = evidence.seen["looks"]
    shown = [looks[round(i)] for i in np.linspace(len(looks) // 4, len(looks) - 1, 4)]
    top, bottom = parts(figure, 2, 1)
    for place, (modes, points) in zip(top.subplots(1, 4), shown, strict=True):
        _scatter(place, points, RING)
        place.set(title=f"{len(modes)} of 8 modes")
    place = bottom.subplots()
    table = np.array([[mode in modes for modes, _ in looks] for mode in range(8)])
    place.imshow(table, aspect="auto", cmap="Oranges", interpolation="nearest")
    place.set(xlabel="time", ylabel="mode", title="which modes are reached (orange), over time")


def _recovery(trial: Trial) -> Evidence:
    looks = {name: history(way, trial.seed, 10, trial.size(300, 150)) for name, way in WAYS.items()}
    means = {name: float(np.mean([len(modes) for modes, _ in found[5:]])) for name, found in looks.items()}
    gains = {
        f"modes on the {name}, less plain": mean - means[f"{name.split(',')[0]}, plain"]
        for name, mean in means.items()
        if "plain" not in name
    }
    return Evidence(gains, {"looks": looks})


def _draw_recovery(figure: Figure, evidence: Evidence) -> None:
    for place, (name, found) in zip(figure.subplots(1, len(WAYS)), evidence.seen["looks"].items(), strict=True):
        target, (modes, points) = WAYS[name].target, found[-1]
        _scatter(place, points, target)
        place.set_title(f"{name}\n{len(modes)} of {len(target.centres)} modes", fontsize=10)


CLAIMS: list[Claim] = [
    Claim(
        "dropped-modes",
        "A plain GAN drops modes of the data, and hops from some to others.",
        "Goodfellow 2016 (arXiv:1701.00160), section 5.1.1; Metz et al. 2017 (arXiv:1611.02163), figure 2",
        _dropping,
        {
            "modes reached at a time, mean": Criterion("fewer than 8", high=7.0),
            "modes left again": Criterion("many", low=3.0),
        },
        _draw_dropping,
    ),
    Claim(
        "recovered-modes",
        "Packing, minibatch standard deviation, and relativistic pairing with R1 and R2 each recover modes that a "
        "plain GAN drops.",
        "Lin et al. 2018 (arXiv:1712.04086); Karras et al. 2018 (arXiv:1710.10196); Huang et al. 2025 "
        "(arXiv:2501.05441)",
        _recovery,
        {f"modes on the {name}, less plain": Criterion("more than 0", low=1.0) for name in WAYS if "plain" not in name},
        _draw_recovery,
    ),
]
