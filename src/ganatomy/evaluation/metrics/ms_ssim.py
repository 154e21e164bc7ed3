"""Multi-scale structural similarity of image pairs: Wang et al. 2003, and the diversity of a set by it."""

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import Array, there_are
from ganatomy.evaluation.metrics.estimate import Estimate, mean
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
SIGMA, RADIUS = 1.5, 5
WINDOW = 2 * RADIUS + 1
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
BLOCK = 64  # pairs at a time


def ms_ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Array:
    """∏ⱼ csⱼ^wⱼ · l^w_M of each pair of images, [N]: Wang, Simoncelli & Bovik 2003, eq. 7.

    a, b: uint8 pixels [N, H, W, C]; channels are compared each by itself and averaged. Range [0, 1]; 1 for equal
    images. The window is Gaussian, 11×11, σ = 1.5, whole windows only; K₁ = 0.01, K₂ = 0.03, L = 255. Five scales need
    176 pixels a side. Smaller images have as many scales as halve to 11 pixels, their weights scaled to the sum 1: two
    for 28×28 and 32×32, three for 48×48 and 64×64, four for 128×128; figures of different sizes do not compare.
    Negative contrast terms count as 0. Raises UserError for images smaller than 11×11 and for different shapes.
    """
    _check(a, b)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(a), BLOCK)]
    return np.concatenate([np.empty(0), *(_block(a[block], b[block]) for block in blocks)])


def ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Array:
    """The mean of l·cs over windows and channels, [N]: Wang, Bovik, Sheikh & Simoncelli 2004, eq. 13 and 17.

    a, b, windows and errors: as for `ms_ssim`, of one scale. Range [−1, 1]; 1 for equal images. Raises UserError.
    """
    _check(a, b)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(a), BLOCK)]
    terms = (_ssim(a[block].astype(np.float64), b[block].astype(np.float64)) for block in blocks)
    return np.concatenate([np.empty(0), *((one * other).mean(axis=(1, 2, 3)) for one, other in terms)])


def _check(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> None:
    if a.dtype != np.uint8 or a.ndim != 4 or (b.dtype, b.shape) != (a.dtype, a.shape):
        raise UserError(
            "SSIM needs pairs of uint8 images, two arrays [pairs, height, width, channels] of one shape; they are "
            f"{a.dtype} {a.shape} and {b.dtype} {b.shape}."
        )
    if min(a.shape[1:3]) < WINDOW:
        raise UserError(f"SSIM needs images of at least {WINDOW}×{WINDOW} pixels; these are {a.shape[1]}×{a.shape[2]}.")


def diversity(pixels: NDArray[np.uint8], pairs: int = 1000, seed: int = 0) -> Estimate:
    """Mean MS-SSIM over random pairs of images of one set: Odena et al. 2017 (arXiv:1610.09585), section 4.2.

    pixels: uint8 [N, H, W, C]. Range [0, 1]: the higher, the more alike the images are; compare it with the real
    images' own, class by class where there are classes. Every image is in one pair at most, so the pairs are
    independent and the interval is that of a mean: `pairs` of them, or N/2 if there are not so many; a single pair has
    no interval. Raises UserError for fewer than two images.
    """
    if len(pixels) < 2 or pairs < 1:
        raise UserError(f"The diversity needs a pair of images; {there_are(len(pixels))}, for {pairs:,} pairs.")
    first, second = (
        np.random.default_rng(seed).permutation(len(pixels))[: 2 * min(pairs, len(pixels) // 2)].reshape(2, -1)
    )
    return mean(ms_ssim(pixels[first], pixels[second]))


def _block(a: Array, b: Array) -> Array:
    a, b = a.astype(np.float64), b.astype(np.float64)
    scales = min(len(WEIGHTS), (min(a.shape[1:3]) // WINDOW).bit_length())
    product = 1.0
    for scale, weight in enumerate(WEIGHTS[:scales] / WEIGHTS[:scales].sum()):
        if scale:
            a, b = _halved(a), _halved(b)
        luminance, contrast = _ssim(a, b)
        term = contrast * luminance if scale == scales - 1 else contrast
        product = product * np.maximum(term.mean(axis=(1, 2)), 0) ** weight
    return np.asarray(product).mean(axis=1)


def _ssim(a: Array, b: Array) -> tuple[Array, Array]:
    """Luminance l and contrast-structure cs at every window, [N, H − 10, W − 10, C]: Wang et al. 2004, eq. 6 and 13."""
    mean_a, mean_b = _windows(a), _windows(b)
    variances = _windows(a * a + b * b) - mean_a**2 - mean_b**2
    covariance = _windows(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return luminance, (2 * covariance + C2) / (variances + C2)


def _windows(images: Array) -> Array:
    """The Gaussian mean of every whole window."""
    whole = slice(RADIUS, -RADIUS)
    return scipy.ndimage.gaussian_filter(images, SIGMA, radius=RADIUS, axes=(1, 2))[:, whole, whole]


def _halved(images: Array) -> Array:
    """Means of 2×2 pixels; an odd last row or column is left out."""
    n, height, width, channels = images.shape
    even = images[:, : height // 2 * 2, : width // 2 * 2]
    return even.reshape(n, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


@register_metric("ms_ssim", settings={"pairs": 1000}, pixels=8192)
def _ms_ssim(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """MS-SSIM between generated images.

    Odena et al. 2017: the mean similarity of pairs; above the real images' own it means collapse.
    """
    return {"ms_ssim": Measurement(diversity(sets.fake.pixels), "as real")}
