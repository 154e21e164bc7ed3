"""The Fréchet distance between two Gaussians fitted to features: Heusel et al. 2017 (arXiv:1706.08500), eq. 6.

    d² = ‖μ₁ − μ₂‖² + Tr Σ₁ + Tr Σ₂ − 2 Tr √(Σ₁Σ₂),   Tr √(Σ₁Σ₂) = ‖F₁F₂ᵀ‖_*   where Σ = FᵀF

The nuclear norm ‖·‖_* is the sum of the singular values: real and non-negative, whatever the rank. Every factor F comes
from centred samples, so singular covariances (fewer samples than features, constant or repeated features) are no
special case, and the distance of a set from itself is 0 to rounding.
"""

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import pair, rows, there_are
from ganatomy.evaluation.metrics.estimate import Estimate, bias, from_left_out, jackknife, without_groups
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

SCORE = "The Fréchet distance"
BLOCK = 2_048  # samples at a time
FEWEST = 1_500  # generated samples for FID∞
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian:
    """Mean μ [D] and covariance Σ = FᵀF (ddof 1) of `count` samples, by a factor F [R, D], R ≤ D; float64."""

    mean: Floats
    factor: Floats
    count: int

    @property
    def trace(self) -> float:
        """Tr Σ = ‖F‖²_F."""
        return float(np.vdot(self.factor, self.factor))


class RunningGaussian:
    """The Gaussian of samples that arrive in batches; memory O(D²), however many come.

    Equal to `gaussian` of all of them to rounding, whatever the batches. Parts merge as in Chan et al. 1983, eq. 2.1.
    """

    def __init__(self) -> None:
        self._count = 0
        self._origin: Floats = np.zeros(0)  # the first sample; all others are counted from it
        self._mean: Floats = np.zeros(0)
        self._factor: Floats = np.zeros((0, 0))  # of the scatter Σ(x − μ)(x − μ)ᵀ
        self._waiting: list[Floats] = []

    def add(self, batch: ArrayLike) -> None:
        """Add samples [B, D], B ≥ 1. Raises UserError if they are not finite or D differs from earlier batches."""
        samples = rows(batch, 1, SCORE, "batch of")
        if not self._count and not self._waiting:
            self._origin = samples[0].astype(np.float64)
        if samples.shape[1] != len(self._origin):
            raise UserError(
                f"{SCORE}: a batch has {samples.shape[1]:,} features a sample, earlier ones have {len(self._origin):,}."
            )
        self._waiting.append(samples - self._origin)
        # A factorisation costs D³, however few its rows: wait for enough of them.
        if sum(map(len, self._waiting)) >= samples.shape[1]:
            self._merge()

    def gaussian(self) -> Gaussian:
        """The Gaussian of everything added so far. Raises UserError for fewer than two samples."""
        if self._waiting:
            self._merge()
        if self._count < 2:
            raise UserError(f"{SCORE} needs at least 2 samples; {there_are(self._count)}.")
        return Gaussian(self._origin + self._mean, self._factor / sqrt(self._count - 1), self._count)

    def _merge(self) -> None:
        mean, centred = _centre(np.concatenate(self._waiting))
        before, new = self._count, len(centred)
        self._count, self._waiting = before + new, []
        if before:
            offset = mean - self._mean
            mean = self._mean + offset * (new / self._count)
            centred = np.vstack([self._factor, centred, offset * sqrt(before * new / self._count)])
        self._mean, self._factor = mean, _factor(centred)


def gaussian(samples: ArrayLike, kept: NDArray[np.intp] | None = None) -> Gaussian:
    """The Gaussian fitted to samples [N, D], or to those of the indices `kept` [M]; memory beside them is O(D²).

    Raises UserError for fewer than two samples, and for values that are not finite.
    """
    array = rows(samples, 2, SCORE, "given")
    kept = np.arange(len(array)) if kept is None else kept
    parts = [kept[start : start + BLOCK] for start in range(0, len(kept), BLOCK)]
    if len(kept) > array.shape[1]:
        origin, count = array[kept[0]].astype(np.float64), len(kept)
        # Counted from about the middle, whatever the offset: what the true mean takes off in the end costs no digit.
        middle = (array[parts[0]] - origin).mean(axis=0)
        total, scatter = np.zeros_like(middle), np.zeros((len(middle), len(middle)), order="F")
        for part in parts:
            block = array[part] - origin
            block -= middle
            total += block.sum(axis=0)
            scatter = _scatter(block, scatter)
        factor = _cholesky(scatter - np.outer(total, total / count))
        if factor is not None:
            return Gaussian(origin + middle + total / count, factor / sqrt(count - 1), count)
    running = RunningGaussian()
    for part in parts:
        running.add(array[part])
    return running.gaussian()


def frechet_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """The Fréchet distance d² of features [N, D] and [M, D], N, M ≥ 2; in squared units of a feature, ≥ 0.

    Right to about 1e-9 of the covariances' traces. Raises UserError for fewer samples, different D, or values that are
    not finite.
    """
    real, fake = pair(real, fake, 2, SCORE)
    return between(gaussian(real), gaussian(fake))


def between(real: Gaussian, fake: Gaussian) -> float:
    """The Fréchet distance d² of two Gaussians over the same D features. Raises UserError if their D differ."""
    if len(real.mean) != len(fake.mean):
        raise UserError(f"{SCORE}: the real set has {len(real.mean):,} features, the generated one {len(fake.mean):,}.")
    offset = real.mean - fake.mean
    overlap = nuclear_norm(real.factor @ fake.factor.T)
    return max(0.0, float(offset @ offset) + real.trace + fake.trace - 2 * overlap)  # rounding may be negative


def fid_infinity(real: ArrayLike, fake: ArrayLike, points: int = 15, least: int | None = None, seed: int = 0) -> float:
    """The Fréchet distance for infinitely many generated samples: Chong & Forsyth 2020 (arXiv:1911.07023), section 4.

    Its bias is linear in 1/N to first order: a line through the distances of `points` random subsets of the generated
    samples [N, D], of evenly spaced sizes from `least` to N, meets 1/N = 0 there; it may fall below 0. The bias from
    the real samples [M, D] stays.

    least: by default N/10, as in the paper (5,000 of 50,000), but at least 1,000. Raises UserError for N < 1,500, as a
    line needs a range of sizes, and for sets that cannot be compared.
    """
    real, fake = pair(real, fake, 2, "FID∞")
    if len(fake) < FEWEST:
        raise UserError(f"FID∞ needs at least {FEWEST:,} generated samples; there are {len(fake):,}.")
    least = max(len(fake) // 10, 1_000) if least is None else least
    if points < 2 or not 2 <= least < len(fake):
        raise UserError(f"FID∞ needs at least 2 points of 2 to {len(fake):,} samples; got {points} from {least:,}.")
    reference, random = gaussian(real), np.random.default_rng(seed)
    sizes = np.linspace(least, len(fake), points).astype(int)
    subsets = (random.choice(len(fake), size, replace=False) for size in sizes)
    distances = [between(reference, gaussian(fake[subset])) for subset in subsets]
    return float(scipy.stats.linregress(1 / sizes, distances).intercept)


def nuclear_norm(matrix: Floats) -> float:
    """‖A‖_* = Σσᵢ of a matrix [R, S], right to about 1e-9 of itself.

    The eigenvalues of AAᵀ are σᵢ², in a quarter of the time; but squaring loses the small ones.
    """
    gram = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
    squares = np.linalg.eigvalsh(gram)
    # Rounding adds some E, ‖E‖ ≈ ε‖AAᵀ‖. Where that is small next to every σᵢ², it moves the sum by ½⟨E, (AAᵀ)^-½⟩,
    # which is at most ½‖E‖·√Σσᵢ⁻².
    rounding = np.finfo(np.float64).eps * np.linalg.norm(squares)
    if squares[0] > 100 * rounding:
        values = np.sqrt(squares)
        if rounding / 2 * np.linalg.norm(1 / values) < 1e-9 * values.sum():
            return float(values.sum())
    return float(np.linalg.svd(matrix, compute_uv=False).sum())


def _centre(samples: Floats) -> tuple[Floats, Floats]:
    """The mean [D], and the samples [N, D] less their mean, in place.

    The samples come less a sample of theirs, so that a large common offset costs no digit.
    """
    mean = samples.mean(axis=0)
    samples -= mean
    return mean, samples


def _factor(rows: Floats) -> Floats:
    """F [R, D] with FᵀF = AᵀA, of rows A [N, D]; R ≤ D."""
    if len(rows) <= rows.shape[1]:
        return rows
    factor = _cholesky(_scatter(rows))
    if factor is not None:
        return factor
    triangle: Floats = scipy.linalg.qr(rows, mode="r", check_finite=False)[0][: rows.shape[1]]
    return triangle


def _scatter(rows: Floats, more: Floats | None = None) -> Floats:
    """AᵀA [D, D] of rows A [N, D], added to `more`; the lower half only."""
    if more is None:
        return scipy.linalg.blas.dsyrk(1.0, rows.T, lower=1)
    return scipy.linalg.blas.dsyrk(1.0, rows.T, beta=1.0, c=more, lower=1, overwrite_c=1)


def _cholesky(scatter: Floats) -> Floats | None:
    """F [D, D] with FᵀF = AᵀA, or None where it would be too coarse.

    Three times faster than QR; it loses ε·scatterⱼⱼ of factorⱼⱼ², the part of feature j that is its own.
    """
    factor, failed = scipy.linalg.lapack.dpotrf(scatter, lower=1, clean=1)
    fine = not failed and (np.diag(factor) ** 2 > 1e-10 * np.diag(scatter)).all()
    return factor.T if fine else None


@register_metric("fd", settings={"ddof": 1}, usual=True, official="fid")
def _fd(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Fréchet distance (FID).

    Between two Gaussians: Heusel et al. 2017. ‖F₁F₂ᵀ‖ nuclear, float64, ddof 1.
    """
    real = gaussian(sets.real.features)

    def distance(kept: NDArray[np.intp]) -> float:
        return between(real, gaussian(sets.fake.features, kept))

    every = np.arange(len(sets.fake.features))  # indices: the jackknife would copy features
    left_out = without_groups(distance, every) if intervals else []
    found = from_left_out(distance(every), left_out)
    return {"fd": Measurement(found, "lower", _bias(found, left_out, len(every)))}


def _bias(found: Estimate, left_out: list[float], count: int) -> dict[str, Any]:
    """What belongs beside a distance of `count` samples: by how much their number raises it, where that is known."""
    if not left_out:
        return {}
    details: dict[str, Any] = {"bias": bias(found.value, left_out)}
    if details["bias"] > max(found.value - found.low, found.value / 100):
        details["note"] = (
            f"more images than these {count:,} would score lower, by about the bias; the interval is for equally many; "
            f"--metrics fd_infinity, from {FEWEST:,} images on, takes the bias out"
        )
    return details


@register_metric("fd_infinity", settings={"ddof": 1, "points": 15}, official="fid_infinity")
def _fd_infinity(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Fréchet distance for infinitely many generated images (FID∞).

    Chong & Forsyth 2020; it needs 1,500 generated images, and 1,579 for an interval.
    """
    extrapolated = partial(fid_infinity, sets.real.features)
    return {"fd_infinity": Measurement(jackknife(extrapolated, sets.fake.features, intervals), "lower")}
