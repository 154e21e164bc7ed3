"""How many modes each objective reaches: a ring of 8 Gaussians, a grid of 25, and the 1,000 of stacked MNIST."""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import torch

from ganatomy import data as datasets
from ganatomy.data.stacked import COUNT, stack
from ganatomy.evaluation.metrics import classes
from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import (
    Interval,
    ReproductionContext,
    interval_of,
    interval_text,
    slug,
    table,
)
from ganatomy.experiments.reproduction.rows import both, pictures, rates, run_name
from ganatomy.generators.api import load
from ganatomy.theory import densities
from ganatomy.theory.divergences import kl
from ganatomy.theory.game import new_game, play

TARGETS = {"ring of 8": densities.ring(), "grid of 25": densities.grid()}
STEPS, SEEDS, POINTS = 5000, 3, 2500  # in the plane
IMAGE_STEPS, COUNTED = 1500, 25_600  # of stacked MNIST, and images whose modes are counted
STACKED: dict[str, Any] = {**both(width=24, norm="none"), **rates(1e-3), "training.batch": 64}
PENALTY, CLIP = 1.0, 0.03


@dataclass(frozen=True)
class GameVariant:
    """An objective by name, with what keeps its discriminator smooth: weights of penalties by name, or clipping."""

    objective: str
    penalties: Mapping[str, float] = field(default_factory=dict)
    clip: float = 0.0

    def settings(self) -> dict[str, Any]:
        """As options of a training on images."""
        smooth = {**self.penalties, **({"clip": self.clip} if self.clip else {})}
        return {"objective.name": self.objective, **{f"penalties.{name}": value for name, value in smooth.items()}}


VARIANTS = {
    "minimax": GameVariant("minimax"),
    "non-saturating": GameVariant("non_saturating"),
    "non-saturating, R1": GameVariant("non_saturating", {"r1": PENALTY}),
    "least squares": GameVariant("least_squares"),
    "hinge": GameVariant("hinge"),
    "Wasserstein, clipped": GameVariant("wasserstein", clip=CLIP),
    "Wasserstein, penalty": GameVariant("wasserstein", {"wgan_gp": PENALTY}),
    "relativistic pairing": GameVariant("relativistic_pairing"),
    "relativistic pairing, R1 + R2": GameVariant("relativistic_pairing", {"r1": PENALTY, "r2": PENALTY}),
}


class PlaneModes(TypedDict):
    """Modes reached in the plane, the share of good points, and KL(nearest modes ‖ uniform) in nats."""

    modes: float
    high_quality: float
    divergence: float


class StackedModes(TypedDict):
    """Modes of stacked MNIST reached, KL(generated ‖ real) in nats, that of real data, and a picture's file."""

    picture: str
    modes: Interval
    divergence: Interval
    floor: float | None


def find(context: ReproductionContext) -> Iterator[Figures]:
    """Modes, share of good points and divergence of each method.

    Raises UserError where MNIST is missing or a training is stopped.
    """
    plane: dict[str, dict[str, list[PlaneModes]]] = {}
    stacked: dict[str, StackedModes] = {}
    for target in TARGETS:
        plane[target] = {method: _in_the_plane(context, target, method) for method in VARIANTS}
        yield {"toys": plane, "stacked": stacked}
    for method in VARIANTS:
        stacked[method] = _stacked(context, method)
        yield {"toys": plane, "stacked": stacked}


def parts(context: ReproductionContext) -> list[Parts]:
    """Games in the plane and the stacked digits; then the trainings on those."""
    plane = {
        f"{slug(target)}-{slug(method)}": partial(_in_the_plane, context, target, method)
        for target in TARGETS
        for method in VARIANTS
    }
    trainings = {run_name("stacked", method): partial(_stacked, context, method) for method in VARIANTS}
    return [{"stacked-mnist": partial(_stacked_digits, context), **plane}, trainings]


def _in_the_plane(context: ReproductionContext, target: str, method: str) -> list[PlaneModes]:
    """One result for each seed."""
    seeds, steps = (SEEDS, STEPS) if context.minutes is None else (1, 100)

    def make() -> list[PlaneModes]:
        return [_played(context, target, method, seed, steps) for seed in range(seeds)]

    return context.made(context.runs / "modes", f"{slug(target)}-{slug(method)}-{seeds}x{steps}", make)


def _played(context: ReproductionContext, target: str, method: str, seed: int, steps: int) -> PlaneModes:
    context.console.print(f"{target}: {method}, seed {seed} …", highlight=False)
    density, chosen = TARGETS[target], VARIANTS[method]
    game = new_game(density.dimension, chosen.objective, chosen.penalties, clip=chosen.clip, seed=seed)
    play(density, game, steps)
    points = game.sample(torch.randn(POINTS, 2, generator=torch.Generator().manual_seed(0))).numpy()
    centres = density.centres.numpy()
    reached = classes.modes(points, centres, density.deviation)
    nearest = torch.cdist(torch.from_numpy(points), density.centres).argmin(1).bincount(minlength=len(centres))
    shares = nearest.double() / nearest.sum()
    return {
        "modes": reached.covered.value,
        "high_quality": reached.high_quality.value,
        "divergence": kl(shares, torch.full_like(shares, 1 / len(centres))).item(),
    }


def _stacked_digits(context: ReproductionContext) -> Path:
    path = context.runs / "stacked-mnist.npz"
    if not path.is_file():
        stack(datasets.prepare(context.digits.path), path, COUNT if context.images is None else 20 * context.images)
    return path


def _stacked(context: ReproductionContext, method: str) -> StackedModes:
    path, name = _stacked_digits(context), run_name("stacked", method)
    settings = {**VARIANTS[method].settings(), **STACKED}
    run = context.trained(name, str(path), "dcgan", settings, steps=IMAGE_STEPS)

    def measure() -> StackedModes:
        card = context.scores(run, ["classes"], COUNTED, features="lenet")
        return {
            "picture": context.picture(name, load(run)),
            "modes": interval_of(card.scores["classes_lenet"]),
            "divergence": interval_of(card.scores["class_divergence_lenet"]),
            "floor": card.scores["class_divergence_lenet"].floor,
        }

    return context.kept(run, "modes", measure)


def show(found: Figures) -> str:
    """A table for each target, as Markdown."""
    parts = []
    for target, results_of in found["toys"].items():
        rows = [
            [
                method,
                " ".join(f"{result['modes']:g}" for result in results),
                f"{statistics.mean(result['high_quality'] for result in results):.0%}",
                f"{statistics.mean(result['divergence'] for result in results):.3f}",
            ]
            for method, results in results_of.items()
        ]
        head = ["objective", "modes reached, seed by seed", "points within 3σ", "KL(nearest modes ‖ uniform), nats"]
        parts.append(f"### A {target} Gaussians\n\n{table(head, rows)}")
    toys = "\n\n".join(parts)
    rows = [
        [method, *(interval_text(row[score]) for score in ("modes", "divergence"))]
        for method, row in found["stacked"].items()
    ]
    body = table(["objective", "modes of 1,000", "KL(generated ‖ real), nats"], rows)
    return f"""In the plane: dense networks of three layers of 128 units, latent vectors of 2, Adam(5e-4, 0.5, 0.99),
batches of 256, {STEPS:,} steps, {POINTS:,} points of the averaged generator, {SEEDS} seeds. Here and below, the
discriminator makes one step for each of the generator's (in the Wasserstein papers it makes five), R1, R2 and the
gradient penalty have weight {PENALTY:g}, and weights are clipped to ±{CLIP}.

{toys}

### Stacked MNIST

`dcgan` at width 24 without batch normalisation, Adam(1e-3, 0.5, 0.999), {IMAGE_STEPS:,} steps of 64 images each;
{COUNTED:,} images of the averaged generator, one training each; classes by `lenet`, which assigns one to every image,
however badly it is drawn. Published for R3GAN (its own networks, far longer): 1,000 modes, KL 0.029.

{body}

{pictures({method: row["picture"] for method, row in found["stacked"].items()})}"""
