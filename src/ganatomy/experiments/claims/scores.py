"""What scores of images notice, and what they are blind to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, number, panels, register_claim
from ganatomy.experiments.claims.digits import lenet_features, shuffled_digits
from ganatomy.experiments.claims.pictures import BLUE, GREY, RED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLURS, NOISES, DROPPED = (0.0, 0.5, 1.0, 1.5, 2.0), (0, 20, 40, 60, 80), (0, 2, 4, 6, 8)
REPEATED = 20  # images of each class, over and over: variety within the class is lost
FAULTS = ("blur", "noise", "lost classes")


def _examples(pixels: NDArray[np.uint8], labels: NDArray[np.int64], lost: int) -> NDArray[np.uint8]:
    """An image of each class, [10, 28, 28, 1]; black for the first `lost` classes."""
    each = np.stack([pixels[np.flatnonzero(labels == label)[0]] for label in range(10)])
    each[:lost] = 0
    return each


@register_claim(
    "frechet-notices",
    place=20,
    sentence="The Fréchet distance grows with blur, noise and lost modes; an Inception-style score is blind to lost "
    "variety within a class.",
    source="Heusel et al. 2017 (arXiv:1706.08500), section 4; Barratt & Sharma 2018 (arXiv:1801.01973)",
    criteria={
        **{f"FD against {fault}: rank correlation": Criterion("1", low=0.999) for fault in FAULTS},
        "variety within classes lost: Inception-style score, after / before": Criterion("1", low=0.97),
        "variety within classes lost: FD, after / before": Criterion("far above 1", low=2.0),
    },
    lesson=Lesson(
        "Which score notices lost variety?",
        "Within every class the variety of images is lost. Which score notices?",
        ["The Inception-style score", "The Fréchet distance", "Both"],
        1,
        "The first knows only classes: one perfect image of each would satisfy it. The second compares the spread of "
        "features, and sees it shrink.",
    ),
)
def _frechet_notices(trial: ClaimTrial) -> Outcome:
    """Digits with faults of growing severity against other digits, all of them real."""
    from scipy import ndimage
    from scipy.stats import spearmanr

    from ganatomy.evaluation.metrics.frechet import frechet_distance
    from ganatomy.evaluation.metrics.inception_score import inception_score

    images, random = shuffled_digits(trial.seed), np.random.default_rng(trial.seed)
    half = len(images) // 2
    real, fresh = lenet_features(images.pixels[:half]).features, images.pixels[half:]
    labels = np.asarray(images.labels)[half:]
    few = np.concatenate(
        [np.resize(np.flatnonzero(labels == label)[:REPEATED], (labels == label).sum()) for label in range(10)]
    )

    def distance(pixels: NDArray[np.uint8]) -> float:
        return frechet_distance(real, lenet_features(pixels).features)

    def noisy(deviation: float) -> NDArray[np.uint8]:
        return np.clip(fresh + deviation * random.standard_normal(fresh.shape), 0, 255).astype(np.uint8)

    altered = {
        "blur": [ndimage.gaussian_filter(fresh, blur, axes=(1, 2)) for blur in BLURS],
        "noise": [noisy(deviation) for deviation in NOISES],
        "lost classes": [fresh[labels >= lost] for lost in DROPPED],
    }
    curves = {fault: [distance(pixels) for pixels in sets] for fault, sets in altered.items()}
    whole, repeated = fresh, fresh[few]
    scores = [inception_score(np.asarray(lenet_features(pixels).probabilities)) for pixels in (whole, repeated)]
    distances = [distance(pixels) for pixels in (whole, repeated)]

    def draw(figure: Figure) -> None:
        left, right = panels(figure, 1, 2, width_ratios=[3, 2])
        rows = left.subplots(len(FAULTS), len(BLURS))
        left.suptitle("Fréchet distance below each set", fontsize=11)
        for row, fault in zip(rows, FAULTS, strict=True):
            for axes, pixels, found, lost in zip(row, altered[fault], curves[fault], DROPPED, strict=True):
                shown = _examples(fresh, labels, lost) if fault == "lost classes" else pixels[:10]
                tiles = shown[..., 0].reshape(2, 5, 28, 28).transpose(0, 2, 1, 3).reshape(56, 140)
                axes.imshow(tiles, cmap="gray", vmin=0, vmax=255)
                axes.set(xticks=[], yticks=[])
                axes.set_xlabel(number(found, 2), labelpad=2)
            row[0].set_ylabel(fault)
        axes = right.subplots()
        ratios = {"Inception-style score": scores[1] / scores[0], "Fréchet distance": distances[1] / distances[0]}
        bars = axes.bar(list(ratios), list(ratios.values()), color=[RED, BLUE])
        axes.bar_label(bars, [f"× {number(ratio, 2)}" for ratio in ratios.values()])
        axes.axhline(1, color=GREY, linestyle=":")
        axes.set(title=f"only {REPEATED} images a class,\nrepeated: score after / before")
        axes.margins(y=0.1)

    figures = {
        **{
            f"FD against {fault}: rank correlation": float(spearmanr(range(len(curve)), curve).statistic)
            for fault, curve in curves.items()
        },
        "variety within classes lost: Inception-style score, after / before": scores[1] / scores[0],
        "variety within classes lost: FD, after / before": distances[1] / distances[0],
    }
    return Outcome(figures, draw)
