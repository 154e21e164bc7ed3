"""Modes: how plain GANs lose them, and what recovers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.experiments.claims.pictures import GREEN, GREY, ORANGE, RED
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
    rates: tuple[float, float] = (1e-3, 1e-3)
    objective: str = "non_saturating"
    penalties: Mapping[str, float] = field(default_factory=dict)
    pack: int = 1
    sees_deviation: bool = False


ROUNDS = 5000  # until a plain GAN has lost modes that it had reached
COMPARED = {"ring": 4000, "grid": 2000}  # rounds, for each target
PLAIN = {"ring": ModeGame(metz_ring), "grid": ModeGame(grid)}
REMEDIES = {
    "packing": ("ring", ModeGame(metz_ring, pack=4)),
    "minibatch deviation": ("ring", ModeGame(metz_ring, sees_deviation=True)),
    "relativistic pairing with R1 + R2": (
        "grid",
        ModeGame(grid, objective="relativistic_pairing", penalties={"r1": 0.1, "r2": 0.1}),
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


def _scatter(axes: Axes, found: Coverage, target: Mixture) -> None:
    """Generated points, and a ring around every mode: green if it is reached, red if not."""
    side = 1.3 * target.centres.abs().max().item()
    colours = [GREEN if mode in found.modes else RED for mode in range(len(target.centres))]
    axes.scatter(found.points[:, 0], found.points[:, 1], s=2, color=ORANGE, linewidths=0)
    axes.scatter(
        target.centres[:, 0], target.centres[:, 1], s=60, facecolors="none", edgecolors=colours, linewidths=1.5
    )
    axes.set(xlim=(-side, side), ylim=(-side, side), aspect="equal", xticks=[], yticks=[])
    axes.spines[["top", "right"]].set_visible(True)
    beyond = int((found.points.abs() > side).any(1).sum())
    if beyond:
        axes.set_xlabel(f"{beyond:,} of {len(found.points):,} lie outside", fontsize=9)


@register_claim(
    "dropped-modes",
    place=10,
    sentence="A plain GAN loses modes of the data that it had already reached.",
    source="Goodfellow 2016 (arXiv:1701.00160), section 5.1.1; Metz et al. 2017 (arXiv:1611.02163), figure 2",
    criteria={
        "modes reached, most at a time": Criterion("8, all of them", low=7.0),
        "modes reached, mean of the last quarter": Criterion("fewer than 8", high=7.5, interval=True),
        "modes lost after they were reached": Criterion("several", low=1.0),
    },
    lesson=Lesson(
        "Does a plain GAN keep eight Gaussians?",
        "A plain GAN has reached all of eight Gaussians on a ring. The training goes on. What happens to them?",
        ["It keeps them all", "It loses some of them again", "It loses all but one"],
        1,
        "The generator's loss only asks it to please the discriminator as it is now. Crowding where the discriminator "
        "errs pays until it learns; then the crowd moves on.",
        "target=ring&moves=r300",
        "After 300 rounds the generator reaches only some of the 8 modes. To reach all and lose some again, as in the "
        "experiment, it needs modes a tenth as wide and thousands of rounds.",
    ),
)
def _dropped_modes(trial: ClaimTrial) -> Outcome:
    """Both players with the same learning rate, one step each."""
    times = 40
    found = history(PLAIN["ring"], trial.seed, times, trial.size(ROUNDS, 3000) // times)
    counts = [len(each.modes) for each in found]

    def draw(figure: Figure) -> None:
        from matplotlib.colors import to_rgb

        fullest = int(np.argmax(counts))
        shown = [2, fullest, *np.linspace(fullest, times - 1, 3).round().astype(int)[1:]]
        top, bottom = panels(figure, 2, 1, height_ratios=[3, 2])
        rounds = ROUNDS if not trial.quick else 3000
        for axes, time in zip(top.subplots(1, 4), shown, strict=True):
            _scatter(axes, found[time], metz_ring())
            axes.set_title(f"round {(time + 1) * rounds // times:,}:\n{counts[time]} of 8 modes reached", fontsize=10)
        axes = bottom.subplots()
        reached = np.array([[mode in each.modes for each in found] for mode in range(8)])
        colours = np.where(reached[..., None], to_rgb(GREEN), to_rgb(RED))
        axes.imshow(colours, aspect="auto", interpolation="nearest", extent=(0, rounds, 8.5, 0.5), alpha=0.7)
        axes.hlines(np.arange(1.5, 8), 0, rounds, color="white")
        axes.set(xlabel="rounds", ylabel="mode", yticks=range(1, 9, 2), title="each mode: green while it is reached")

    figures = {
        "modes reached, most at a time": float(max(counts)),
        "modes reached, mean of the last quarter": float(np.mean(counts[-times // 4 :])),
        "modes lost after they were reached": float(
            sum(len(before.modes - after.modes) for before, after in pairwise(found))
        ),
    }
    return Outcome(figures, draw)


@register_claim(
    "recovered-modes",
    place=11,
    sentence="Packing, and relativistic pairing with R1 and R2, each keep modes that the same plain GAN loses.",
    source="Lin et al. 2018 (arXiv:1712.04086); Karras et al. 2018 (arXiv:1710.10196); Huang et al. 2025 "
    "(arXiv:2501.05441)",
    criteria={
        **{
            f"{target}, plain: modes reached, of {count}": Criterion(
                "some, not all", low=1.0, high=count - 0.5, interval=True
            )
            for target, count in (("ring", 8), ("grid", 25))
        },
        **{
            f"{target}: modes gained by {remedy}": Criterion("more than 0", low=0.0, interval=True)
            if remedy != "minibatch deviation"
            else Criterion("more than 0")
            for remedy, (target, _) in REMEDIES.items()
        },
    },
    lesson=Lesson(
        "What helps a plain GAN?",
        "What helps against lost modes: judging several points together, or pairing real with generated points under "
        "R1 and R2?",
        ["Only the first", "Neither", "Both"],
        2,
        "Packed points show the discriminator that they are too much alike. Pairing compares each with a real one, so "
        "a mode without generated points keeps attracting them.",
        "target=ring&objective=relativistic_pairing&penalty=r1:0.1,r2:0.1&moves=r300",
        "After 300 rounds all 8 modes are reached. With the non-saturating loss and no penalty, fewer are.",
    ),
)
def _recovered_modes(trial: ClaimTrial) -> Outcome:
    """Means over the last quarter of each game; all with the same learning rates and rounds on a target."""
    games = {(target, "plain"): game for target, game in PLAIN.items()}
    games |= {(target, remedy): game for remedy, (target, game) in REMEDIES.items()}
    rounds = {target: trial.size(most, most * 3 // 4) for target, most in COMPARED.items()}
    found = {key: history(game, trial.seed, 20, rounds[key[0]] // 20) for key, game in games.items()}
    means = {key: float(np.mean([len(each.modes) for each in times[15:]])) for key, times in found.items()}

    def draw(figure: Figure) -> None:
        for panel, target in zip(panels(figure, 2, 1), PLAIN, strict=True):
            of_target = {name: times for (place, name), times in found.items() if place == target}
            density, row = PLAIN[target].target(), panel.subplots(1, 4)
            for axes, (name, times) in zip(row, of_target.items(), strict=False):
                _scatter(axes, times[-1], density)
                axes.set_title(name.replace(" with ", "\nwith "), fontsize=9)
            for axes in row[len(of_target) : -1]:
                axes.axis("off")
            values = [means[target, name] for name in of_target]
            bars = row[-1].barh([name.replace(" ", "\n", 1) for name in of_target], values, color=GREY)
            row[-1].bar_label(bars, [f"{value:.1f}" for value in values], padding=3, fontsize=9)
            row[-1].tick_params(labelsize=8)
            row[-1].invert_yaxis()
            row[-1].set(xlim=(0, 1.2 * len(density.centres)), xticks=[0, len(density.centres)])
            row[-1].set_title(f"modes reached, of {len(density.centres)}", fontsize=9)

    figures = {
        f"{target}, plain: modes reached, of {len(PLAIN[target].target().centres)}": means[target, "plain"]
        for target in PLAIN
    }
    figures |= {
        f"{target}: modes gained by {remedy}": means[target, remedy] - means[target, "plain"]
        for remedy, (target, _) in REMEDIES.items()
    }
    return Outcome(figures, draw)
