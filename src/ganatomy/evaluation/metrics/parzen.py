"""Parzen window log-likelihood of Goodfellow et al. 2014 (arXiv:1406.2661), and controls that show what it is worth."""

from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import Array, flat, pair, rows, there_are
from ganatomy.evaluation.metrics.estimate import Estimate, from_left_out, groups
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

WARNING = (
    "Parzen window likelihoods do not rank models: in many dimensions they are far from the true likelihood, and "
    "k-means centroids score above real images (Theis et al. 2016). Read this one only beside its two controls."
)
SIGMAS = np.logspace(-1, 0, 10)
VALIDATION = 1000  # held-out images that choose the window's σ; the others are the test images
BLOCK = 1024  # points at a time
SCORE = "The Parzen estimate"


@dataclass(frozen=True)
class ParzenResult:
    """Mean log-likelihood of the test images in nats, the window's σ, and the standard error over the test images.

    The estimate's interval is for other samples, equally many, at this σ; the standard error is for other test images,
    which is what papers print after the ±.
    """

    estimate: Estimate
    sigma: float
    standard_error: float


def parzen(samples: ArrayLike, validation: ArrayLike, test: ArrayLike) -> ParzenResult:
    """The protocol of the 2014 paper: σ by the validation images' likelihood, then the mean over the test images.

    samples [N, D], validation [V, D], test [T, D]: pixels in [0, 1] flattened. The paper has N = 10,000 generated
    images, MNIST's 10,000 test images, 1,000 validation images, σ of `SIGMAS`. Never print it without `WARNING`.
    Raises UserError for fewer than two samples or test images, and for sets that cannot be compared.
    """
    test, samples = pair(test, samples, 2, SCORE)
    sigma = best_sigma(samples, validation)
    parts = np.stack([_log_sums(samples[group], test, [sigma])[0] for group in groups(len(samples))])
    sizes = np.array([len(group) for group in groups(len(samples))])

    def likelihoods(kept: NDArray) -> Array:
        return scipy.special.logsumexp(parts[kept], axis=0) - _log_constant(sizes[kept].sum(), samples.shape[1], sigma)

    every = np.arange(len(parts))
    left_out = [float(likelihoods(np.delete(every, group)).mean()) for group in every]
    values = likelihoods(every)
    return ParzenResult(from_left_out(float(values.mean()), left_out), sigma, float(scipy.stats.sem(values)))


def controls(
    train: ArrayLike, validation: ArrayLike, test: ArrayLike, count: int = 10_000, seed: int = 0
) -> dict[str, ParzenResult]:
    """The score of `count` training images, and of as many k-means centroids of them: Theis et al. 2016, table 1.

    train [N, D], N ≥ count; validation [V, D], test [T, D]. A generator that beats the training images has not beaten
    the data: centroids do, too. Raises UserError as `parzen` does, and for fewer training images than `count`.
    """
    train = rows(train, count, f"{SCORE} of {count:,} training images", "training")
    subset = train[np.sort(np.random.default_rng(seed).choice(len(train), count, replace=False))]
    return {
        "training images": parzen(subset, validation, test),
        "k-means centroids": parzen(centroids(train, count, seed), validation, test),
    }


def centroids(train: ArrayLike, count: int, seed: int = 0) -> Array:
    """`count` k-means centroids [count, D] of training images [N, D]. Raises UserError for N < count."""
    from sklearn.cluster import MiniBatchKMeans

    train = rows(train, count, f"k-means of {count:,} centroids", "training")
    # Random images to begin with: k-means++ takes minutes for thousands of centroids.
    return MiniBatchKMeans(count, init="random", n_init=1, random_state=seed).fit(train).cluster_centers_


def best_sigma(samples: ArrayLike, validation: ArrayLike, sigmas: ArrayLike = SIGMAS) -> float:
    """The σ, of those given, with the highest mean log-likelihood of points [V, D] under windows at samples [N, D].

    Raises UserError for sets that cannot be compared, and for a σ that is not positive.
    """
    validation, samples = pair(validation, samples, 1, SCORE)
    grid = _positive(sigmas)
    constants = [_log_constant(len(samples), samples.shape[1], sigma) for sigma in grid]
    return float(grid[np.argmax(_log_sums(samples, validation, grid).mean(axis=1) - constants)])


def log_likelihood(samples: ArrayLike, points: ArrayLike, sigma: float) -> Array:
    """log (1/N) Σᵢ N(x; μᵢ, σ²I) in nats of each point x [M, D] under windows at samples μ [N, D]; [M], float64.

    Breuleux et al. 2011, as used by Goodfellow et al. 2014, section 5. The values carry the units of the points: pixels
    in [0, 255] would score D·log 255 less. Raises UserError as `best_sigma` does.
    """
    points, samples = pair(points, samples, 1, SCORE)
    return _log_sums(samples, points, _positive([sigma]))[0] - _log_constant(len(samples), samples.shape[1], sigma)


def _log_sums(samples: Array, points: Array, sigmas: ArrayLike) -> Array:
    """log Σᵢ exp(−‖x − μᵢ‖²/2σ²) of every σ and point, [S, M]; the distances are computed once for all σ."""
    from sklearn.metrics.pairwise import euclidean_distances

    # In float32 the distances of 784 pixels would be off by up to 0.002 nats at σ = 0.1.
    samples = samples.astype(np.float64, copy=False)
    scales = -0.5 / np.square(sigmas)
    sums = np.empty((len(scales), len(points)))
    for start in range(0, len(points), BLOCK):
        block = slice(start, start + BLOCK)
        distances = euclidean_distances(points[block].astype(np.float64), samples, squared=True)
        sums[:, block] = [scipy.special.logsumexp(scale * distances, axis=1) for scale in scales]
    return sums


def _log_constant(count: int, dimensions: int, sigma: float) -> float:
    return log(count) + dimensions * log(sigma * (2 * pi) ** 0.5)


def _positive(sigmas: ArrayLike) -> Array:
    grid = np.asarray(sigmas, np.float64)
    if grid.ndim != 1 or not grid.size or not (grid > 0).all():
        raise UserError(f"{SCORE} needs positive window widths; sigma is {grid}.")
    return grid


@register_metric("parzen", settings={"validation": VALIDATION}, needs=["unseen"], pixels=11_000)
def _parzen(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Parzen window log-likelihood.

    In nats, as in Goodfellow et al. 2014, with its two controls and a warning.
    """
    assert sets.unseen is not None
    if len(sets.unseen.pixels) < VALIDATION + 2:
        raise UserError(
            f"{SCORE} needs {VALIDATION + 2:,} held-out images, {VALIDATION:,} of them for σ; "
            f"{there_are(len(sets.unseen.pixels))}."
        )
    unseen, train, fake = (flat(sample.pixels) for sample in (sets.unseen, sets.real, sets.fake))
    found = parzen(fake, unseen[:VALIDATION], unseen[VALIDATION:])
    if not intervals:
        return {"parzen": Measurement(found.estimate, "higher")}
    details: dict[str, Any] = {"sigma": found.sigma, "standard_error_over_test_images": found.standard_error}
    for control, result in controls(train, unseen[:VALIDATION], unseen[VALIDATION:], len(fake)).items():
        details[f"{len(fake):,} {control} score"] = result.estimate.value
    return {"parzen": Measurement(found.estimate, "higher", {**details, "warning": WARNING})}
