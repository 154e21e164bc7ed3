"""Sliced Wasserstein distance, of vectors and of image patches at each scale: Karras et al. 2018 (arXiv:1710.10196)."""

from functools import partial
from typing import Any

import numpy as np
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import Array, pair
from ganatomy.evaluation.metrics.estimate import Estimate, jackknife
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

PATCH = 7
PATCHES_PER_IMAGE = 128
MOST_PATCHES = 2**17
SMALLEST = 16
DIRECTIONS = 512
BLOCK = 128  # directions, and images, at a time
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


def sliced_wasserstein(real: NDArray[np.uint8], fake: NDArray[np.uint8], seed: int = 0) -> dict[int, float]:
    """10³ × the sliced Wasserstein distance between the 7×7 patches of two sets, at each level of a Laplacian pyramid.

    real [N, H, W, C], fake [M, H, W, C]: uint8 pixels, H and W at least 16. The keys are the levels' heights: each half
    of the one before, as long as both sides have 16 pixels (28×28 has one level, 64×64 the levels 64, 32 and 16). Fine
    levels compare detail, the last one compares colour and shape. Range [0, ∞). Karras et al. 2018, section 5: 128
    patches of each image, normalised by the mean and standard deviation of each channel of their own set, 512
    directions. Beyond 1,024 images there are fewer patches of each, 2¹⁷ in all at most (the paper has 2²¹); beyond 2¹⁷
    images a random subset. Each set has random places of its own, as in the authors' code: so equal sets score what two
    draws of patches differ by, not 0. Raises UserError for sets that cannot be compared.
    """
    return {
        height: 1e3 * sliced_wasserstein_vectors(_normalised(ours), _normalised(theirs), seed=seed)
        for height, (ours, theirs) in _levels(real, fake, seed).items()
    }


def sliced_wasserstein_estimates(
    real: NDArray[np.uint8], fake: NDArray[np.uint8], seed: int = 0
) -> dict[int, Estimate]:
    """`sliced_wasserstein` of pixels [N, H, W, C] and [M, H, W, C] with intervals, from leaving out groups of images.

    To save time the error is that of 32 directions, which vary more than 512 do: it is a little too large.
    """
    estimates = {}
    for height, (ours, theirs) in _levels(real, fake, seed).items():
        reference, shape = _normalised(ours), theirs.shape[1:]

        def distance(images: Array, directions: int, reference: Array = reference, shape: Any = shape) -> float:
            patches = _normalised(images.reshape(-1, *shape))
            return 1e3 * sliced_wasserstein_vectors(reference, patches, directions, seed)

        by_image = theirs.reshape(min(len(fake), MOST_PATCHES), -1)
        rough, value = jackknife(partial(distance, directions=32), by_image), distance(by_image, DIRECTIONS)
        estimates[height] = Estimate(value, value + rough.low - rough.value, value + rough.high - rough.value)
    return estimates


def sliced_wasserstein_vectors(real: ArrayLike, fake: ArrayLike, directions: int = DIRECTIONS, seed: int = 0) -> float:
    """The mean over random unit directions of the 1-Wasserstein distance of the projections: Rabin et al. 2011.

    real [N, D], fake [M, D], N and M free. Range [0, ∞), in the units of the vectors. Every direction's distance is
    exact, ∫|F⁻¹(u) − G⁻¹(u)|du; the mean's error falls with √directions. Raises UserError for sets that cannot be
    compared.
    """
    real, fake = pair(real, fake, 1, "sliced Wasserstein")
    vectors = np.random.default_rng(seed).standard_normal((directions, real.shape[1]))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.result_type(real, fake))
    blocks = (vectors[start : start + BLOCK] for start in range(0, directions, BLOCK))
    return float(np.concatenate([_wasserstein(block @ real.T, block @ fake.T) for block in blocks]).mean())


def _wasserstein(real: Array, fake: Array) -> Array:
    """∫|F⁻¹(u) − G⁻¹(u)|du of each row of [B, N] and [B, M]: Peyré & Cuturi 2019 (arXiv:1803.00567), remark 2.30."""
    n, m = real.shape[1], fake.shape[1]
    # Both quantile functions are constant between neighbouring multiples of 1/N and 1/M: integers in units of 1/(NM).
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    # take, because indexing with an array along the last axis is ten times slower.
    gaps = np.sort(real).take((ends - 1) // m, axis=1) - np.sort(fake).take((ends - 1) // n, axis=1)
    return np.abs(gaps) @ (np.diff(ends, prepend=0) / (n * m))


def _levels(real: NDArray[np.uint8], fake: NDArray[np.uint8], seed: int) -> dict[int, tuple[Array, Array]]:
    """Patches of both sets by the height of their level."""
    real, fake = _pixels(real, "real"), _pixels(fake, "generated")
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(
            f"sliced Wasserstein: the real images are {real.shape[1:]} and the generated ones {fake.shape[1:]} "
            "(height, width, channels); resize one of the two sets."
        )
    heights = [height for height, _ in _sizes(*real.shape[1:3])]
    places = np.random.default_rng(seed).spawn(2)  # shared ones would let altered copies look closer than they are
    patches = (_patches(images, draws) for images, draws in zip((real, fake), places, strict=True))
    return dict(zip(heights, zip(*patches, strict=True), strict=True))


def _pixels(images: NDArray[np.uint8], which: str) -> NDArray[np.uint8]:
    if images.dtype != np.uint8 or images.ndim != 4:
        raise UserError(
            f"sliced Wasserstein: the {which} images are {images.dtype} of the shape {images.shape}; they must be "
            "uint8 [images, height, width, channels]."
        )
    if not len(images) or min(images.shape[1:3]) < SMALLEST:
        raise UserError(
            f"sliced Wasserstein needs {which} images of at least {SMALLEST}×{SMALLEST} pixels; there are "
            f"{len(images):,} of {images.shape[1]}×{images.shape[2]}."
        )
    return images


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    """The sizes of the pyramid's levels, finest first."""
    sizes = [(height, width)]
    while min(smaller := tuple(-(-side // 2) for side in sizes[-1])) >= SMALLEST:
        sizes.append((smaller[0], smaller[1]))
    return sizes


def _patches(images: NDArray[np.uint8], draws: np.random.Generator) -> list[Array]:
    """Patches [P, C, 7, 7] at random places of each level, float32."""
    if len(images) > MOST_PATCHES:
        images = images[np.sort(draws.choice(len(images), MOST_PATCHES, replace=False))]
    each = min(PATCHES_PER_IMAGE, MOST_PATCHES // len(images))
    places = [
        [draws.integers(side - PATCH + 1, size=(len(images), each)) for side in size]
        for size in _sizes(*images.shape[1:3])
    ]
    levels: list[list[Array]] = [[] for _ in places]
    for start in range(0, len(images), BLOCK):
        block = slice(start, start + BLOCK)
        pyramid = laplacian_pyramid(images[block], len(places))
        for found, level, (top, left) in zip(levels, pyramid, places, strict=True):
            windows = sliding_window_view(level, (PATCH, PATCH), axis=(1, 2))
            found.append(windows[np.arange(len(level))[:, None], top[block], left[block]])
    return [np.concatenate(found).reshape(-1, images.shape[3], PATCH, PATCH) for found in levels]


def laplacian_pyramid(images: Array, levels: int) -> list[Array]:
    """What each halving loses, finest first, and the smallest image last, float32: Burt & Adelson 1983.

    images [N, H, W, C]. Level k of the list has ⌈H/2ᵏ⌉ × ⌈W/2ᵏ⌉ pixels.
    """
    pyramid = [np.asarray(images, np.float32)]
    for _ in range(levels - 1):
        pyramid.append(_blurred(pyramid[-1])[:, ::2, ::2])
        doubled = np.zeros_like(pyramid[-2])
        doubled[:, ::2, ::2] = 4 * pyramid[-1]
        pyramid[-2] = pyramid[-2] - _blurred(doubled)
    return pyramid


def _blurred(images: Array) -> Array:
    rows = scipy.ndimage.correlate1d(images, BINOMIAL, axis=1, mode="mirror")
    return scipy.ndimage.correlate1d(rows, BINOMIAL, axis=2, mode="mirror")


def _normalised(patches: Array) -> Array:
    """Patches [P, C, 7, 7] as vectors [P, 49·C], each channel with mean 0 and standard deviation 1."""
    mean = patches.mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    deviation = patches.std(axis=(0, 2, 3), keepdims=True, dtype=np.float64)
    # A channel without any variation, as of a collapsed generator, is left at zero.
    scaled = (patches - mean) / np.where(deviation > 0, deviation, 1)
    return scaled.reshape(len(patches), -1).astype(np.float32)


@register_metric(
    "swd", scores=["swd_HEIGHT"], settings={"directions": DIRECTIONS, "places": "of each set"}, pixels=8192
)
def _swd(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Sliced Wasserstein distance of patches.

    Karras et al. 2018: 7×7 patches at each level of a Laplacian pyramid, ×10³.
    """
    real, fake = sets.real.pixels, sets.fake.pixels
    if intervals:
        found = sliced_wasserstein_estimates(real, fake)
    else:
        found = {height: Estimate.point(value) for height, value in sliced_wasserstein(real, fake).items()}
    return {f"swd_{height}": Measurement(estimate, "lower") for height, estimate in found.items()}
