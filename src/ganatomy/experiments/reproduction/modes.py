"""How many modes each objective reaches: a ring of 8 Gaussians, a grid of 25, and the 1,000 of stacked MNIST."""

import statistics
from collections.abc import Iterator
from typing import Any

import torch

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.data.stacked import COUNT, stack
from ganatomy.evaluation.metrics import classes
from ganatomy.experiments.reproduction.rows import both, pictures, rates
from ganatomy.experiments.reproduction.workshop import Figures, Workshop, estimated, slug, table, told
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.generators.api import load
from ganatomy.theory import densities
from ganatomy.theory.divergences import kl
from ganatomy.theory.game import new_game, play

TARGETS = {"ring of 8": densities.ring(), "grid of 25": densities.grid()}
STEPS, SEEDS, POINTS = 5000, 3, 2500  # in the plane
IMAGE_STEPS, COUNTED = 1500, 25_600  # of stacked MNIST, and images whose modes are counted
STACKED: dict[str, Any] = {**both(width=24, norm="none"), **rates(1e-3), "training.batch": 64}
PENALTY, CLIP = 1.0, 0.03
WAYS: dict[str, dict[str, Any]] = {
    "minimax": {"objective": "minimax"},
    "non-saturating": {"objective": "non_saturating"},
    "non-saturating, R1": {"objective": "non_saturating", "r1": PENALTY},
    "least squares": {"objective": "least_squares"},
    "hinge": {"objective": "hinge"},
    "Wasserstein, clipped": {"objective": "wasserstein", "clip": CLIP},
    "Wasserstein, penalty": {"objective": "wasserstein", "wgan_gp": PENALTY},
    "relativistic pairing": {"objective": "relativistic_pairing"},
    "relativistic pairing, R1 + R2": {"objective": "relativistic_pairing", "r1": PENALTY, "r2": PENALTY},
}


def find(shop: Workshop) -> Iterator[Figures]:
    """Modes, share of good points and divergence of each way to play."""
    toys: dict[str, Figures] = {}
    stacked: Figures = {}
    for target in TARGETS:
        toys[target] = {way: _toys(shop, target, way) for way in WAYS}
        yield {"toys": toys, "stacked": stacked}
    for way in WAYS:
        stacked[way] = _stacked(shop, way)
        yield {"toys": toys, "stacked": stacked}


def _toys(shop: Workshop, target: str, way: str) -> list[Figures]:
    """One result a seed, in the plane."""
    seeds, steps = (SEEDS, STEPS) if shop.minutes is None else (1, 100)
    name = f"{slug(target)}-{slug(way)}-{seeds}x{steps}"
    return list(
        shop.made(shop.runs / "modes", name, lambda: [_toy(shop, target, way, seed, steps) for seed in range(seeds)])
    )


def _toy(shop: Workshop, target: str, way: str, seed: int, steps: int) -> Figures:
    shop.console.print(f"{target}: {way}, seed {seed} …", highlight=False)
    density, options = TARGETS[target], dict(WAYS[way])
    objective, clip = OBJECTIVES[options.pop("objective")], options.pop("clip", 0.0)
    penalties = [build.penalty(name, weight) for name, weight in options.items()]
    played = play(density, new_game(density.dimension, objective, penalties, clip=clip, seed=seed), steps)
    points = played.sample(torch.randn(POINTS, 2, generator=torch.Generator().manual_seed(0))).numpy()
    centres = density.centres.numpy()
    reached = classes.modes(points, centres, density.deviation)
    nearest = torch.cdist(torch.from_numpy(points), density.centres).argmin(1).bincount(minlength=len(centres))
    shares = nearest.double() / nearest.sum()
    return {
        "modes": reached.covered.value,
        "high_quality": reached.high_quality.value,
        "divergence": kl(shares, torch.full_like(shares, 1 / len(centres))).item(),
    }


def _stacked(shop: Workshop, way: str) -> Figures:
    options = dict(WAYS[way])
    settings = {"objective.name": options.pop("objective"), **STACKED}
    settings |= {f"penalties.{name}": weight for name, weight in options.items()}
    path = shop.runs / "stacked-mnist.npz"
    if not path.is_file():
        stack(datasets.prepare(shop.digits.path), path, COUNT if shop.images is None else 20 * shop.images)
    name = f"stacked-{slug(way)}"
    run = shop.trained(name, str(path), "dcgan", settings, steps=IMAGE_STEPS)

    def make() -> Figures:
        card = shop.scores(run, ["classes"], COUNTED, features="lenet")
        return {
            "picture": shop.picture(name, load(run)),
            "modes": estimated(card.scores["classes_lenet"]),
            "divergence": estimated(card.scores["class_divergence_lenet"]),
            "floor": card.scores["class_divergence_lenet"].floor,
        }

    return shop.kept(run, "modes", make)


def show(found: Figures) -> str:
    """A table for each target."""
    parts = []
    for target, ways in found["toys"].items():
        rows = [
            [
                way,
                " ".join(f"{result['modes']:g}" for result in results),
                f"{statistics.mean(result['high_quality'] for result in results):.0%}",
                f"{statistics.mean(result['divergence'] for result in results):.3f}",
            ]
            for way, results in ways.items()
        ]
        head = ["objective", "modes reached, seed by seed", "points within 3σ", "KL(nearest modes ‖ uniform), nats"]
        parts.append(f"### A {target} Gaussians\n\n{table(head, rows)}")
    toys = "\n\n".join(parts)
    rows = [[way, *(told(row[score]) for score in ("modes", "divergence"))] for way, row in found["stacked"].items()]
    body = table(["objective", "modes of 1,000", "KL(generated ‖ real), nats"], rows)
    return f"""In the plane: dense networks of three layers of 128 units, latent vectors of 2, Adam(5e-4, 0.5, 0.99),
batches of 256, {STEPS:,} steps, the averaged generator's {POINTS:,} points, {SEEDS} seeds. Here and below,
the discriminator moves once for each move of the generator (the Wasserstein papers' moves five times), R1, R2 and the
gradient penalty weigh {PENALTY:g}, and weights are clipped to ±{CLIP}.

{toys}

### Stacked MNIST

`dcgan` at width 24 without batch normalisation, Adam(1e-3, 0.5, 0.999), {IMAGE_STEPS:,} steps of 64 images each;
{COUNTED:,} images of the averaged generator, one training each; classes by `lenet`, which gives one to every image,
however it is drawn. Published for R3GAN (its own networks, far longer): 1,000 modes, KL 0.029.

{body}

{pictures(found["stacked"])}"""
