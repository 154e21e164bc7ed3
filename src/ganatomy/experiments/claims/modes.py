"""Modes: how plain GANs lose them, and what recovers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.system.lazy import torch
from ganatomy.theory.densities import Mixture, grid, ring

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS, LEAST = 2000, 20  # generated points, and how many of them make a mode reached


def metz_ring() -> Mixture:
    """The ring of Metz et al. 2017 (arXiv:1611.02163), section 3.1."""
    return ring(8, radius=2.0, deviation=0.02)


@dataclass(frozen=True)
class ModeGame:
    """A game on modes. rates: the generator's learning rate and the discriminator's; the others: of `new_game`."""

    target: Callable[[], Mixture]
    rates: tuple[float, float]
    objective: str = "non_saturating"
    penalties: Mapping[str, float] = field(default_factory=dict)
    pack: int = 1
    sees_deviation: bool = False


FAST = (1e-3, 1e-4)  # a generator that is ahead of its discriminator, as in Metz et al.'s experiment
EVEN = (1e-3, 1e-3)
PLAIN = {"ring": ModeGame(metz_ring, FAST), "grid": ModeGame(grid, EVEN)}
REMEDIES = {
    "packing": ("ring", ModeGame(metz_ring, FAST, pack=4)),
    "minibatch deviation": ("ring", ModeGame(metz_ring, FAST, sees_deviation=True)),
    "relativistic pairing with R1 + R2": (
        "grid",
        ModeGame(grid, EVEN, "relativistic_pairing", {"r1": 0.1, "r2": 0.1}),
    ),
}


@dataclass(frozen=True)
class Coverage:
    """The modes that were reached at a time, and the generated points, [POINTS, 2]."""

    modes: set[int]
    points: torch.Tensor


def coverage(points: torch.Tensor, target: Mixture) -> Coverage:
    """The modes with at least LEAST points [N, 2] closer than a quarter of the way to the next mode."""
    near = torch.pdist(target.centres).min() / 4
    distances = torch.cdist(points, target.centres)
    counts = distances.argmin(1)[distances.min(1).values < near].bincount(minlength=len(target.centres))
    return Coverage({mode for mode, count in enumerate(counts.tolist()) if count >= LEAST}, points)


def history(chosen: ModeGame, seed: int, times: int, between: int) -> list[Coverage]:
    """The coverage of a game, measured that many times, with so many rounds in between."""
    from ganatomy.theory.game import new_game, play

    target = chosen.target()
    game = new_game(
        2,
        chosen.objective,
        chosen.penalties,
        seed=seed,
        learning_rates=chosen.rates,
        width=64,
        pack=chosen.pack,
        sees_deviation=chosen.sees_deviation,
    )
    z, found = torch.randn(POINTS, 2, generator=torch.Generator().manual_seed(0)), []
    for time in range(times):
        play(target, game, (time + 1) * between, begin=time * between)
        found.append(coverage(game.generator.network(z).detach(), target))
    return found


def _scatter(axes: Axes, points: torch.Tensor, target: Mixture) -> None:
    side = 1.6 * target.centres.abs().max().item()
    points = points.clamp(-side, side)  # those farther out, at the edge
    axes.scatter(points[:, 0], points[:, 1], s=2, color="#dd6b20")
    axes.scatter(target.centres[:, 0], target.centres[:, 1], s=20, facecolors="none", edgecolors="black")
    axes.set(xlim=(-side, side), ylim=(-side, side), aspect="equal", xticks=[], yticks=[])


@register_claim(
    "dropped-modes",
    place=10,
    sentence="A plain GAN drops modes of the data, and hops between those that it reaches.",
    source="Goodfellow 2016 (arXiv:1701.00160), section 5.1.1; Metz et al. 2017 (arXiv:1611.02163), figure 2",
    criteria={
        "modes reached at a time, mean": Criterion("fewer than 8", high=7.0),
        "modes lost after they were reached": Criterion("many", low=3.0),
    },
    lesson=Lesson(
        "Eight Gaussians on a ring",
        "A plain GAN learns eight Gaussians on a ring. How many does it reach at any one time?",
        ["All eight, soon and for good", "Fewer, and not always the same ones", "Always one"],
        1,
        "The generator's loss only asks it to please the discriminator as it is now. Crowding where the discriminator "
        "errs pays until it learns; then the crowd moves on.",
        "target=ring&moves=r300",
        "After 300 rounds the generator reaches only some of the 8 modes.",
    ),
)
def _dropped_modes(trial: ClaimTrial) -> Outcome:
    found = history(PLAIN["ring"], trial.seed, trial.size(40, 24), trial.size(125, 75))
    late = found[len(found) // 4 :]

    def draw(figure: Figure) -> None:
        shown = [late[round(i)] for i in np.linspace(0, len(late) - 1, 4)]
        top, bottom = panels(figure, 2, 1)
        for axes, each in zip(top.subplots(1, 4), shown, strict=True):
            _scatter(axes, each.points, metz_ring())
            axes.set(title=f"{len(each.modes)} of 8 modes")
        axes = bottom.subplots()
        reached = np.array([[mode in each.modes for each in found] for mode in range(8)])
        axes.imshow(reached, aspect="auto", cmap="Oranges", interpolation="nearest")
        axes.set(xlabel="time", ylabel="mode", title="which modes are reached (orange), over time")

    figures = {
        "modes reached at a time, mean": float(np.mean([len(each.modes) for each in late])),
        "modes lost after they were reached": float(
            sum(len(before.modes - after.modes) for before, after in pairwise(late))
        ),
    }
    return Outcome(figures, draw)


@register_claim(
    "recovered-modes",
    place=11,
    sentence="Packing, minibatch standard deviation, and relativistic pairing with R1 and R2 each recover modes that a "
    "plain GAN drops.",
    source="Lin et al. 2018 (arXiv:1712.04086); Karras et al. 2018 (arXiv:1710.10196); Huang et al. 2025 "
    "(arXiv:2501.05441)",
    criteria={
        f"{target}: modes gained by {remedy}": Criterion("more than 0", low=1.0)
        for remedy, (target, _) in REMEDIES.items()
    },
    lesson=Lesson(
        "Helping a plain GAN",
        "What helps against lost modes: judging several points together, showing the discriminator their spread, or "
        "pairing real with generated points under R1 and R2?",
        ["Only the first", "None", "Each of them"],
        2,
        "The first two let the discriminator see that the generated points are too much alike. Pairing compares each "
        "with a real one, so a mode without generated points keeps attracting them.",
        "target=ring&objective=relativistic_pairing&penalty=r1:0.1,r2:0.1&moves=r300",
        "After 300 rounds all 8 modes are reached. With the non-saturating loss and no penalty, fewer are.",
    ),
)
def _recovered_modes(trial: ClaimTrial) -> Outcome:
    games = {f"{target}, plain": game for target, game in PLAIN.items()}
    games |= {f"{target}, {remedy}": game for remedy, (target, game) in REMEDIES.items()}
    found = {name: history(game, trial.seed, 10, trial.size(300, 150)) for name, game in games.items()}
    means = {name: float(np.mean([len(each.modes) for each in times[5:]])) for name, times in found.items()}

    def draw(figure: Figure) -> None:
        for axes, (name, times) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
            target, last = games[name].target(), times[-1]
            _scatter(axes, last.points, target)
            axes.set_title(f"{name}\n{len(last.modes)} of {len(target.centres)} modes", fontsize=10)

    figures = {
        f"{target}: modes gained by {remedy}": means[f"{target}, {remedy}"] - means[f"{target}, plain"]
        for remedy, (target, _) in REMEDIES.items()
    }
    return Outcome(figures, draw)
