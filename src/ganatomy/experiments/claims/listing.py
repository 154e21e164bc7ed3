"""A detail of a listing that an article gives: where its batch normalisation begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.experiments.claims.digits import DIGITS, lenet_features, some_digits
from ganatomy.experiments.claims.pictures import BLUE, RED, name_curve
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.gan.method import Method

BEGINNINGS = {"N(1, 0.02)": 1.0, "N(0, 0.02)": 0.0}  # of the scales: DCGAN's, and the listing's
LAST, EVERY = 600, 120  # generator steps
BEFORE, AFTER = "spread of the images before training", f"spread of the images after {LAST:,} steps"
SHOWN = 4  # images at each time


@dataclass(frozen=True)
class JudgedImages:
    """A generator at some step of its training: images [N, 28, 28, 1], their fd_lenet, and how much they differ.

    spread: the standard deviation of a pixel over images, mean over pixels, of values in [−1, 1].
    """

    pixels: NDArray[np.uint8]
    distance: float
    spread: float


def dcgan(seed: int, mean: float) -> Method:
    """A small DCGAN with the listing's batch and rates, whose batch norm scales begin at N(mean, 0.02)."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change
    from ganatomy.system.runtime import Runtime

    settings = {
        "prior.dimension": 100,
        "generator.width": 16,
        "discriminator.width": 16,
        "generator_optimiser.learning_rate": 2e-4,
        "discriminator_optimiser.learning_rate": 2e-4,
        "training.batch": 32,
        "training.seed": seed,
        "runtime.convolution": "native",
    }
    method = build.method(change(recipe("digits"), settings), (1, 28, 28), Runtime())
    random = torch.Generator().manual_seed(seed)
    for player in method.players:
        for layer in player.network.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(layer.weight, mean, 0.02, generator=random)
    return method


def train(method: Method, steps: int, every: int, real: NDArray[np.float32]) -> dict[int, JudgedImages]:
    """The generator before the first step, every so many and after the last; real: features of images [N, d]."""
    from ganatomy import data
    from ganatomy.data.batches import RealBatches
    from ganatomy.evaluation.metrics.frechet import frechet_distance
    from ganatomy.modalities.images import to_uint8
    from ganatomy.system.runtime import random_kept

    batches = RealBatches(data.prepare(DIGITS).pixels, method.batch, 1, method.random, method.runtime)
    z, found = method.prior.sample(1000, method.random.at("judged")), {}
    with random_kept(method.runtime.device):
        for step in range(steps + 1):
            if step % every == 0 or step == steps:
                with torch.no_grad():
                    images = method.generator.network(z)
                pixels = to_uint8(images)
                distance = frechet_distance(real, lenet_features(pixels).features)
                found[step] = JudgedImages(pixels, distance, images.std(0).mean().item())
            if step < steps:
                method.step(step, batches)
    return found


@register_claim(
    "batch-norm-scale",
    place=22.5,
    sentence="Batch normalisation whose scales begin at N(0, 0.02) instead of DCGAN's N(1, 0.02) makes all generated "
    "images nearly alike at first.",
    source="Radford et al. 2015 (arXiv:1511.06434), the authors' code: scales N(1, 0.02)",
    criteria={
        f"{BEFORE}, N(0, 0.02) / N(1, 0.02)": Criterion("far below 1", high=0.1),
        f"{AFTER}, N(0, 0.02) / N(1, 0.02)": Criterion("1 or less"),
        f"fd_lenet after {LAST:,} steps, N(0, 0.02) / N(1, 0.02)": Criterion("1 or more"),
    },
    lesson=Lesson(
        "What if all scales begin near zero?",
        "Each batch normalisation multiplies its output by a scale. What if all scales begin near 0 instead of near 1?",
        ["Nothing changes", "All images are nearly alike at first", "The training diverges"],
        1,
        "Every layer multiplies what it passes on by some 0.02, so after a few layers hardly anything depends on z, "
        "and hardly any gradient comes back. Adam moves a scale by about its learning rate at each step: some "
        "trainings catch up soon, others do not.",
    ),
)
def _batch_norm_scale(trial: ClaimTrial) -> Outcome:
    """The same networks, images and rates; only the first scales differ, in both networks, as in the listing."""
    real = lenet_features(some_digits(2000)).features
    last = trial.size(LAST, 360)
    trainings = {name: train(dcgan(trial.seed, mean), last, EVERY, real) for name, mean in BEGINNINGS.items()}
    usual, listed = trainings.values()

    def draw(figure: Figure) -> None:
        left, right = panels(figure, 1, 2, width_ratios=[2, 3])
        axes = left.subplots()
        for (name, training), colour in zip(trainings.items(), (BLUE, RED), strict=True):
            distances = [each.distance for each in training.values()]
            axes.plot(list(training), distances, "o-", color=colour)
            name_curve(axes, last, distances[-1], name, colour)
        axes.set(xlabel="steps", ylabel="fd_lenet (less is better)", ylim=(0, None), xlim=(0, 1.5 * last))
        axes.set_xticks(range(0, last + 1, 2 * EVERY))
        for panel, (name, training) in zip(panels(right, 2, 1), trainings.items(), strict=True):
            panel.suptitle(f"scales that begin at {name}", color=BLUE if name == "N(1, 0.02)" else RED)
            row = panel.subplots(1, len(training))
            for cell, (step, each) in zip(row, training.items(), strict=True):
                tiles = each.pixels[:SHOWN, :, :, 0].reshape(2, 2, 28, 28)
                cell.imshow(tiles.transpose(0, 2, 1, 3).reshape(56, 56), cmap="gray", vmin=0, vmax=255)
                cell.set(xticks=[], yticks=[], xlabel=f"{step:,}")

    figures = {
        f"{BEFORE}, N(0, 0.02) / N(1, 0.02)": listed[0].spread / usual[0].spread,
        f"{AFTER}, N(0, 0.02) / N(1, 0.02)": listed[last].spread / usual[last].spread,
        f"fd_lenet after {LAST:,} steps, N(0, 0.02) / N(1, 0.02)": listed[last].distance / usual[last].distance,
    }
    return Outcome(figures, draw)
