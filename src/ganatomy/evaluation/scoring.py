"""Every score by name: what it looks at, what decides it, and which way is better. Arrays in, numbers out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.metrics import (
    classes,
    frechet,
    inception_score,
    kernel,
    memorisation,
    ms_ssim,
    ndb,
    neighbours,
    parzen,
    two_sample,
    wasserstein,
)
from ganatomy.evaluation.metrics.estimate import Estimate, jackknife
from ganatomy.runs.scorecard import Better

Array = NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """A set of images as the scores see it, in an order that means nothing.

    features       [N, D] of an extractor
    probabilities  [N, K] of its classes, or None
    pixels         uint8 [M, H, W, C], the first M ≤ N of the images: few scores look at pixels, and they need only some
    """

    features: Array
    probabilities: Array | None
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Sets:
    """What a score compares: real images, generated ones, and real ones that the generator did not learn from."""

    real: Sample
    fake: Sample
    unseen: Sample | None = None


@dataclass(frozen=True)
class Measured:
    """A score as it was measured, with what belongs beside it."""

    estimate: Estimate
    better: Better
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """Scores that are measured together.

    measure   (sets, whether intervals are wanted) → scores by name
    settings  what decides the numbers beside the images
    needs     "classes": an extractor that has them; "unseen": real images that the generator did not learn from
    pixels    how many images of each set it looks at as pixels; with any, the extractor plays no part
    usual     whether it is measured when nobody asks for anything
    """

    about: str
    measure: Callable[[Sets, bool], dict[str, Measured]]
    settings: dict[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    pixels: int = 0
    usual: bool = False


def chosen(names: Sequence[str], has_classes: bool, has_unseen: bool) -> list[str]:
    """Names of METRICS: those asked for, all that can be measured for "all", the usual ones if none is asked for.

    UserError for an unknown name, and for one that lacks what it needs.
    """
    lacking = ({"classes"} if not has_classes else set()) | ({"unseen"} if not has_unseen else set())
    possible = [name for name, metric in METRICS.items() if not metric.needs & lacking]
    if not names:
        return [name for name in possible if METRICS[name].usual]
    if list(names) == ["all"]:
        return possible
    for name in names:
        if name not in METRICS:
            raise unknown("metric", name, [*METRICS, "all"])
        if "classes" in METRICS[name].needs & lacking:
            raise UserError(f"The metric {name} needs features with classes: lenet, classifier or inception.")
        if "unseen" in METRICS[name].needs & lacking:
            raise UserError(
                f"The metric {name} needs real images that the generator did not learn from: give --held-out DATA."
            )
    return list(dict.fromkeys(names))


def measure(name: str, sets: Sets, intervals: bool = True) -> dict[str, Measured]:
    """The scores of one metric; without intervals it is faster."""
    return METRICS[name].measure(sets, intervals)


def label(score: str, name: str, extractor: str, official: bool) -> str:
    """What a score is called: fd_lenet; FID, IS and KID only of the official network; nothing added for pixels."""
    if METRICS[name].pixels:
        return score
    return OFFICIAL[score] if official and score in OFFICIAL else f"{score}_{extractor}"


OFFICIAL = {"fd": "fid", "fd_infinity": "fid_infinity", "kd": "kid", "is": "is"}


# --- the scores -------------------------------------------------------------------------------------------------------


def _smooth(score: Callable[[Array], float], fake: Array, intervals: bool) -> Estimate:
    return jackknife(score, fake) if intervals else _bare(score(fake))


def _bare(value: float) -> Estimate:
    return Estimate(value, value, value)


def _as_many(sets: Sets) -> tuple[Array, Array]:
    """Real features, no more of them than of generated ones: scores of pairs would take too long with all."""
    return sets.real.features[: len(sets.fake.features)], sets.fake.features


def _fd(sets: Sets, intervals: bool) -> dict[str, Measured]:
    real = frechet.gaussian(sets.real.features)

    def distance(kept: NDArray[np.intp]) -> float:
        return frechet.between(real, frechet.gaussian(sets.fake.features, kept))

    # Indices, not features: the jackknife would copy those.
    return {"fd": Measured(_smooth(distance, np.arange(len(sets.fake.features)), intervals), "lower")}


def _fd_infinity(sets: Sets, intervals: bool) -> dict[str, Measured]:
    extrapolated = partial(frechet.fid_infinity, sets.real.features)
    return {"fd_infinity": Measured(_smooth(extrapolated, sets.fake.features, intervals), "lower")}


def _kd(sets: Sets, intervals: bool) -> dict[str, Measured]:
    return {"kd": Measured(kernel.kernel_estimate(*_as_many(sets)), "lower")}


def _is(sets: Sets, intervals: bool) -> dict[str, Measured]:
    assert sets.fake.probabilities is not None
    return {"is": Measured(_smooth(inception_score.inception_score, sets.fake.probabilities, intervals), "higher")}


def _prdc(sets: Sets, intervals: bool) -> dict[str, Measured]:
    if intervals:
        found = neighbours.neighbour_estimates(*_as_many(sets))
        return {name: Measured(estimate, "higher") for name, estimate in vars(found).items()}
    bare = neighbours.neighbour_scores(*_as_many(sets))
    return {name: Measured(_bare(value), "higher") for name, value in vars(bare).items()}


def _classes(sets: Sets, intervals: bool) -> dict[str, Measured]:
    real, fake = sets.real.probabilities, sets.fake.probabilities
    assert real is not None
    assert fake is not None
    found = classes.covered(real, fake, real.shape[1])
    return {
        "classes": Measured(found.covered, "higher", {"of": len(np.unique(real.argmax(1)))}),
        "class_divergence": Measured(found.divergence, "lower"),
    }


def _ndb(sets: Sets, intervals: bool) -> dict[str, Measured]:
    real, fake = _as_many(sets)
    found = ndb.ndb(real, fake, bins=max(2, min(100, len(real) // ndb.LEAST_PER_BIN, len(fake) // ndb.LEAST_PER_BIN)))
    by_chance = [found.share_floor.value, found.share_floor.low, found.share_floor.high]
    return {"ndb": Measured(found.share, "lower", {"by_chance": by_chance})}


def _c2st(sets: Sets, intervals: bool) -> dict[str, Measured]:
    return {"c2st": Measured(two_sample.two_sample_accuracy(*_as_many(sets)), "lower")}


def _swd(sets: Sets, intervals: bool) -> dict[str, Measured]:
    real, fake = sets.real.pixels, sets.fake.pixels
    if intervals:
        found = wasserstein.sliced_wasserstein_estimates(real, fake)
    else:
        found = {height: _bare(value) for height, value in wasserstein.sliced_wasserstein(real, fake).items()}
    return {f"swd_{height}": Measured(estimate, "lower") for height, estimate in found.items()}


def _ms_ssim(sets: Sets, intervals: bool) -> dict[str, Measured]:
    return {"ms_ssim": Measured(ms_ssim.diversity(sets.fake.pixels), "as real")}


def _memorisation(sets: Sets, intervals: bool) -> dict[str, Measured]:
    assert sets.unseen is not None
    train, unseen, fake = sets.real.features, sets.unseen.features, sets.fake.features
    return {
        "nearest_ratio": Measured(memorisation.nearest_ratio(train, unseen, fake), "as real"),
        "data_copying": Measured(memorisation.data_copying(train, unseen, fake), "as real"),
        "authenticity": Measured(memorisation.authenticity(train, fake), "as real"),
    }


VALIDATION = 1000  # held-out images that choose the window's σ; the others are the test images


def _parzen(sets: Sets, intervals: bool) -> dict[str, Measured]:
    assert sets.unseen is not None
    unseen, train, fake = (flat(sample.pixels) for sample in (sets.unseen, sets.real, sets.fake))
    found = parzen.parzen(fake, unseen[:VALIDATION], unseen[VALIDATION:])
    if not intervals:
        return {"parzen": Measured(found.estimate, "higher")}
    details: dict[str, Any] = {"sigma": found.sigma, "standard_error_over_test_images": found.standard_error}
    for control, result in parzen.controls(train, unseen[:VALIDATION], unseen[VALIDATION:], len(fake)).items():
        details[f"{len(fake):,} {control} score"] = result.estimate.value
    return {"parzen": Measured(found.estimate, "higher", {**details, "warning": parzen.WARNING})}


def flat(pixels: NDArray[np.uint8]) -> Array:
    """Pixels in [0, 1], a row an image."""
    return pixels.reshape(len(pixels), -1).astype(np.float32) / 255


METRICS = {
    "fd": Metric("Fréchet distance (FID)", _fd, {"ddof": 1}, usual=True),
    "fd_infinity": Metric("the same for infinitely many images (FID∞)", _fd_infinity, {"ddof": 1, "points": 15}),
    "kd": Metric("kernel distance (KID)", _kd, {"kernel": "(x·y/d + 1)³", "pairs": "all"}, usual=True),
    "is": Metric("Inception-style score", _is, {"splits": 1}, frozenset({"classes"}), usual=True),
    "prdc": Metric("precision, recall, density, coverage", _prdc, {"k": 3, "density_k": 5}, usual=True),
    "classes": Metric("classes reached", _classes, needs=frozenset({"classes"}), usual=True),
    "ndb": Metric("number of different bins", _ndb, {"most_bins": 100}),
    "c2st": Metric("classifier two-sample test", _c2st),
    "swd": Metric("sliced Wasserstein distance of patches", _swd, {"directions": 512}, pixels=8192),
    "ms_ssim": Metric("MS-SSIM between generated images", _ms_ssim, {"pairs": 1000}, pixels=8192),
    "memorisation": Metric("nearest ratio, C_T, authenticity", _memorisation, needs=frozenset({"unseen"})),
    "parzen": Metric(
        "Parzen window log-likelihood", _parzen, {"validation": VALIDATION}, frozenset({"unseen"}), pixels=11_000
    ),
}
