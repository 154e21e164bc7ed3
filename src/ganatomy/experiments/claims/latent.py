"""The latent space of a GAN of digits: whether it is continuous."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, panels, register_claim
from ganatomy.experiments.claims.digits import DIGITS, grey_ink, halfway, lenet_features, some_digits
from ganatomy.experiments.claims.pictures import BLUE, GREY
from ganatomy.system.lazy import F, torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.generators.sampler import Sampler

STEPS = (1.0, 0.1, 0.01, 0.001)  # of z


def train_generator(trial: ClaimTrial) -> Sampler:
    """A small DCGAN, trained on the digits for a minute or less. Raises UserError where the training was stopped."""
    from ganatomy.generators.api import load
    from ganatomy.training import api as training

    settings = {
        "generator.width": 16,
        "discriminator.width": 16,
        "training.minutes": None,
        "training.batch": 32,
        "training.steps": trial.size(2000, 600),
        "training.seed": trial.seed,
        "runtime.precision": "float32",
        "runtime.convolution": "native",
        "log.snapshot": 10**6,
        "log.checkpoint": 10**6,
    }
    with tempfile.TemporaryDirectory() as folder:
        run = training.train(DIGITS, recipe="digits", settings=settings, name="latent", runs=Path(folder))
        if run.info()["status"] != "finished":
            raise UserError("The training was stopped, and the claim's trial with it.")
        return load(run)


@register_claim(
    "continuous-latent-space",
    place=17,
    sentence="The latent space is continuous: small steps in z are small steps in the image, and walks pass through "
    "plausible images.",
    source="Radford et al. 2015 (arXiv:1511.06434), section 6.1",
    criteria={
        "change of the image when z's step shrinks to a tenth, largest ratio": Criterion("0.1", high=0.15),
        "precision halfway in latent space / precision of samples": Criterion("1", low=0.85),
        "grey share of the ink halfway in latent space / of samples": Criterion("1", high=1.2),
        "grey share of the ink halfway in pixels / of samples": Criterion("more", low=1.5),
    },
    lesson=Lesson(
        "What lies between two images?",
        "Halfway between two latent vectors a generator draws …",
        ["… the average of both images", "… a plausible image", "… noise"],
        1,
        "The generator is continuous, and was trained everywhere in latent space: what lies between two latent vectors "
        "is an image like any other. Halfway in pixels are two faint images, one over the other.",
    ),
)
def _continuous_latent_space(trial: ClaimTrial) -> Outcome:
    """How far images move for ever smaller steps of z; and whether what lies between two images is plausible too."""
    from ganatomy.evaluation.metrics.neighbours import neighbour_scores

    sampler, random = train_generator(trial), torch.Generator().manual_seed(trial.seed)
    z = torch.randn(256, sampler.prior.dimension, generator=random)
    direction = F.normalize(torch.randn(z.shape, generator=random), dim=1)
    moved = [
        (sampler.network(z + step * direction) - sampler.network(z)).flatten(1).norm(dim=1).mean().item()
        for step in STEPS
    ]

    sets = halfway(sampler, trial.size(1500, 1000))
    real = lenet_features(some_digits(trial.size(5000, 1000))).features
    # Of two faint digits one over the other the digit network makes a digit: only their grey tells them apart.
    precision = {
        name: neighbour_scores(real, lenet_features(sets[name]).features, k=5).precision
        for name in ("samples", "latent")
    }
    grey = {name: grey_ink(pixels) for name, pixels in sets.items()}
    codes = sampler.latents(range(2))
    ends = sampler.images(codes)
    walks: dict[str, Iterable[NDArray[np.uint8]]] = {
        "latent": sampler.images(torch.cat([sampler.prior.between(codes[0], codes[1], torch.linspace(0, 1, 7))])),
        "pixels": [(ends[0] * (1 - share) + ends[1] * share).astype(np.uint8) for share in np.linspace(0, 1, 7)],
    }
    titles = {"latent": "from z₁ to z₂", "pixels": "from image 1 to image 2, pixel by pixel"}

    def draw(figure: Figure) -> None:
        left, right = panels(figure, 1, 2, width_ratios=[2, 3])
        axes = left.subplots()
        axes.loglog(STEPS, moved, "o", color=BLUE)
        axes.loglog(STEPS, [moved[-1] * step / STEPS[-1] for step in STEPS], ":", color=GREY)
        axes.annotate("dotted: in proportion", (0.05, 0.92), xycoords="axes fraction", color=GREY)
        axes.set(
            title="a small step in z is\na small step of the image", xlabel="step of z", ylabel="change of the image"
        )
        for panel, (name, images) in zip(panels(right, 2, 1), walks.items(), strict=True):
            panel.suptitle(f"{titles[name]}: halfway, {grey[name]:.0%} of the ink is grey", fontsize=10)
            for axes, image in zip(panel.subplots(1, 7), images, strict=True):
                axes.imshow(image[..., 0], cmap="gray")
                axes.axis("off")

    figures = {
        "change of the image when z's step shrinks to a tenth, largest ratio": max(
            b / a for a, b in pairwise(moved[1:])
        ),
        "precision halfway in latent space / precision of samples": precision["latent"] / precision["samples"],
        "grey share of the ink halfway in latent space / of samples": grey["latent"] / grey["samples"],
        "grey share of the ink halfway in pixels / of samples": grey["pixels"] / grey["samples"],
    }
    return Outcome(figures, draw)
