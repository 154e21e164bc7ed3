"""What a game brings to enlarging images, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, number, panels, register_claim
from ganatomy.experiments.claims.digits import shuffled_digits
from ganatomy.experiments.claims.pictures import BLUE, GREEN, GREY, RED
from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ganatomy.data.pairs import Pairs
    from ganatomy.gan.method import Method

SCALE, TRAINED, SHOWN = 4, 4000, 6
FIRST, MORE = 1200, 400  # steps by L2, and from there by each loss
L2, L1, GAME, BICUBIC = "L2 alone", "L1 alone", "game", "bicubic"
LOSSES: dict[str, dict[str, Any]] = {
    L2: {"method": "regression", "penalties.l1": 0.0, "penalties.l2": 1.0},
    L1: {"method": "regression"},
    GAME: {},
}
COLOURS = {L2: BLUE, L1: GREEN, GAME: RED, BICUBIC: GREY}


@dataclass(frozen=True)
class Enlarged:
    """Digits, uint8 [N, 28, 28, 1], that were enlarged from 7×7 pixels.

    error     mean squared error, of values from 0 to 1
    distance  fd_random, the Fréchet distance to the digits that were trained on
    detail    mean squared difference of neighbouring pixels
    """

    pixels: NDArray[np.uint8]
    error: float
    distance: float
    detail: float

    @property
    def psnr(self) -> float:
        """Peak signal-to-noise ratio of the mean error, in dB."""
        return float(-10 * np.log10(self.error))


def smaller_digits(seed: int) -> tuple[Pairs, Pairs]:
    """Pairs of digits and the same four times smaller: 4,000 to train on, 1,000 others."""
    from ganatomy.data.pairs import Pairs

    digits = shuffled_digits(seed)
    parts = (replace(digits, pixels=pixels) for pixels in np.split(digits.pixels, [TRAINED]))
    train, others = (Pairs(images, images, None, SCALE) for images in parts)
    return train, others


def trained(loss: dict[str, Any], steps: int, pairs: Pairs, seed: int, start: Method | None = None) -> Method:
    """The recipe `srgan`, smaller, with that loss, after so many steps; start: whose generator it goes on from."""
    from ganatomy import build
    from ganatomy.config.recipes import recipe
    from ganatomy.config.settings import change
    from ganatomy.data.pair_batches import PairBatches
    from ganatomy.system.runtime import Runtime, random_kept

    settings = {
        "generator.width": 16,
        "generator.blocks": 4,
        "generator_optimiser.learning_rate": 1e-3,
        "discriminator.width": 16,
        "discriminator.layers": 2,
        "discriminator_optimiser.learning_rate": 1e-3,
        "training.seed": seed,
        "runtime.convolution": "native",
    }
    method = build.method(change(recipe("srgan"), settings | loss), pairs.shape, Runtime())
    if start is not None:
        for network in (method.generator.network, method.average.module):
            network.load_state_dict(start.generator.network.state_dict())
    batches = PairBatches(pairs, method.batch, 1, method.random, method.runtime)
    with random_kept(method.runtime.device):
        for step in range(steps):
            method.step(step, batches)
    return method


def drawn(method: Method, given: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What its averaged generator makes of digits uint8 [N, 7, 7, 1]: [N, 28, 28, 1]."""
    from ganatomy.modalities.images import to_float, to_uint8

    parts = (to_float(torch.from_numpy(part)) for part in np.array_split(given, 10))
    return np.concatenate([to_uint8(method.sample(method.prior.of_given(part))) for part in parts])


def detail(pixels: NDArray[np.uint8]) -> float:
    """The mean squared difference of neighbours, down and across, of images [N, H, W, C], of values from 0 to 1."""
    return float(sum(np.square(np.diff(pixels / 255, axis=axis)).mean() for axis in (1, 2)))


@register_claim(
    "perception-distortion",
    place=20.5,
    sentence="No generator has both the best PSNR and the best likeness to real images. The one that learns from "
    "squared error alone (L2) has the best PSNR, and blurs; with a game it draws sharper images, nearer to real ones "
    "as a set, and its PSNR is lower.",
    source="Blau & Michaeli 2018 (arXiv:1711.06077), section 4; Ledig et al. 2017 (arXiv:1609.04802), table 1",
    criteria={
        "mean squared error, game / L2 alone": Criterion("more than 1; 2 for a draw from p(x|y)", 1.0, 2.0),
        "mean squared error, L1 alone / L2 alone": Criterion("more than 1: the median is not the mean", low=1.0),
        "mean squared error, game / L1 alone": Criterion("either: neither is the mean"),
        "Fréchet distance, game / L2 alone": Criterion("below 1", high=1.0),
        "Fréchet distance, game / L1 alone": Criterion("below 1", high=1.0),
        "Fréchet distance, the largest of these three / bicubic": Criterion("below 1", high=1.0),
        "detail, L2 alone / targets": Criterion("below 1: Var E[x|y] < Var x", high=1.0),
        "detail, game / L2 alone": Criterion("more than 1", low=1.0),
    },
    lesson=Lesson(
        "Which enlargement has the smallest error?",
        "Digits of 7×7 pixels are enlarged to 28×28. Whose mean squared error is the smallest?",
        ["That of the digits that look most real", "That of blurred digits", "That of the bicubic enlargement"],
        1,
        "Many digits look the same at 7×7 pixels. The error is smallest at their mean, which is none of them, but "
        "blurred. A game asks for one of them: it is sharper, and often not the right one.",
    ),
)
def _perception_distortion(trial: ClaimTrial) -> Outcome:
    """The same first weights, batches and steps; only the loss differs. Measured on digits that were not trained on."""
    from ganatomy.evaluation.features import random
    from ganatomy.evaluation.features.extractor import extract
    from ganatomy.evaluation.metrics.frechet import frechet_distance
    from ganatomy.modalities.images import resized

    pairs, others = smaller_digits(trial.seed)
    given, targets = others.at(np.arange(len(others)))
    extractor = random.make("cpu")
    real = extract(extractor, [pairs.stored]).features

    def judged(pixels: NDArray[np.uint8]) -> Enlarged:
        error = float(np.square(pixels / 255 - targets / 255).mean())
        distance = frechet_distance(real, extract(extractor, [pixels]).features)
        return Enlarged(pixels, error, distance, detail(pixels))

    first, more = trial.size(FIRST, 800), trial.size(MORE, 300)
    start = trained(LOSSES[L2], first, pairs, trial.seed)
    found = {name: judged(drawn(trained(loss, more, pairs, trial.seed, start), given)) for name, loss in LOSSES.items()}
    bicubic = judged(resized(given, *targets.shape[1:3]))
    l2, l1, game = found.values()

    def draw(figure: Figure) -> None:
        left, right = panels(figure, 1, 2)
        axes = left.subplots()
        for name, each in found.items():
            place = each.psnr, each.distance
            axes.plot(*place, "o", color=COLOURS[name])
            axes.annotate(name, place, (0, 8), textcoords="offset points", ha="center", color=COLOURS[name])
        axes.set(xlabel="PSNR, dB (more is better)", ylabel="fd_random (less is better)")
        axes.set_title(f"bicubic: {number(bicubic.psnr)} dB and {number(bicubic.distance)}")
        axes.margins(0.25)
        rows = {"given": given, BICUBIC: bicubic.pixels, **{name: each.pixels for name, each in found.items()}}
        rows["target"] = targets
        for row, (name, pixels) in zip(right.subplots(len(rows), 1), rows.items(), strict=True):
            row.imshow(np.concatenate(pixels[:SHOWN, :, :, 0], axis=1), cmap="gray", vmin=0, vmax=255)
            row.set(xticks=[], yticks=[])
            row.set_ylabel(name, rotation=0, ha="right", va="center", color=COLOURS.get(name, GREY))

    figures = {
        "mean squared error, game / L2 alone": game.error / l2.error,
        "mean squared error, L1 alone / L2 alone": l1.error / l2.error,
        "mean squared error, game / L1 alone": game.error / l1.error,
        "Fréchet distance, game / L2 alone": game.distance / l2.distance,
        "Fréchet distance, game / L1 alone": game.distance / l1.distance,
        "Fréchet distance, the largest of these three / bicubic": max(each.distance for each in found.values())
        / bicubic.distance,
        "detail, L2 alone / targets": l2.detail / detail(targets),
        "detail, game / L2 alone": game.detail / l2.detail,
    }
    return Outcome(figures, draw)
