"""What scores of images notice, and what they are blind to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.experiments.claims.claim import ClaimTrial, Criterion, Lesson, Outcome, register_claim
from ganatomy.experiments.claims.digits import lenet_features, shuffled_digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLURS, NOISES, DROPPED = (0.0, 0.5, 1.0, 1.5, 2.0), (0, 20, 40, 60, 80), (0, 2, 4, 6, 8)
REPEATED = 20  # images of each class, over and over: variety within the class is lost
FAULTS = ("blur", "noise", "lost classes")


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
        "Two scores, one blind",
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

    curves = {
        "blur": [distance(ndimage.gaussian_filter(fresh, blur, axes=(1, 2))) for blur in BLURS],
        "noise": [distance(noisy(deviation)) for deviation in NOISES],
        "lost classes": [distance(fresh[labels >= lost]) for lost in DROPPED],
    }
    sets = {"all images": fresh, f"{REPEATED} a class,\nrepeated": fresh[few]}
    scores = [inception_score(np.asarray(lenet_features(pixels).probabilities)) for pixels in sets.values()]
    distances = [distance(pixels) for pixels in sets.values()]

    def draw(figure: Figure) -> None:
        left, middle, right = figure.subplots(1, 3)
        for name, curve in curves.items():
            left.plot(curve, "o-", label=name)
        left.set(xlabel="severity", ylabel="fd_lenet", yscale="log")
        left.legend()
        middle.bar(list(sets), scores, color="#2b6cb0")
        middle.set(title="Inception-style score: blind")
        right.bar(list(sets), distances, color="#dd6b20")
        right.set(title="Fréchet distance: not blind")

    figures = {
        **{
            f"FD against {fault}: rank correlation": float(spearmanr(range(len(curve)), curve).statistic)
            for fault, curve in curves.items()
        },
        "variety within classes lost: Inception-style score, after / before": scores[1] / scores[0],
        "variety within classes lost: FD, after / before": distances[1] / distances[0],
    }
    return Outcome(figures, draw)
