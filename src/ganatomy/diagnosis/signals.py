"""Signals: numbers that tell how a training goes, as pure functions of images, features and scores.

Images are float [N, C, H, W] in any one range; features are [N, D], made by `reference.ReferenceSet.embed`; scores are
raw, [N]. Real always comes before fake.
"""

import warnings
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

Array: TypeAlias = NDArray[np.float64]
Signals: TypeAlias = dict[str, float]

PREFIX = "signals/"  # of their names in a record
SIDE = 16  # pixels: images are compared at this size
CLUSTERS = 10  # of real images
NEIGHBOUR = 5  # its distance tells how densely training images lie there
EDGE = 0.01  # of the range: closer to its ends a pixel is saturated


# --- images -----------------------------------------------------------------------------------------------------------


def downsampled(images: NDArray) -> Array:
    """Means of blocks of pixels, at most 16 a side, flattened: [N, C, H, W] → [N, D]; rows [N, D] as they are."""
    if images.ndim == 2:
        return images.astype(np.float64)
    count, channels, height, width = images.shape
    # As matrix products, several times as fast as sums over short blocks.
    narrow = (images.reshape(-1, width) @ _means(width)).reshape(count * channels, height, -1)
    return np.asarray((_means(height).T @ narrow).reshape(count, -1))


@cache
def _means(side: int) -> Array:
    """The matrix [side, K] that takes means of blocks of a row's pixels: K blocks, 16 at most."""
    edges = np.linspace(0, side, min(SIDE, side) + 1).astype(int)
    block = np.searchsorted(edges, np.arange(side), "right") - 1
    return np.asarray((block[:, None] == np.arange(len(edges) - 1)) / np.diff(edges))


def saturated(images: NDArray, low: float, high: float) -> float:
    """The share of pixels of images [N, C, H, W] within a hundredth of either end of the range [low, high]."""
    margin = EDGE * (high - low)
    return float(((images <= low + margin) | (images >= high - margin)).mean())


def stride_energy(images: NDArray) -> Array:
    """Energy at the frequencies of strides (every 2nd and 4th pixel) over that around them: [N, C, H, W] → [P].

    1 where there is no grid; see Odena et al. 2016 (doi:10.23915/distill.00003) for why there may be one.
    """
    peaks, around = _stride_powers(images)
    return peaks / around


def stride_amplitude(images: NDArray) -> float:
    """How far a grid of these frequencies lifts and lowers the pixels of images [N, C, H, W], in their own unit."""
    peaks, around = _stride_powers(images)
    return float(np.sqrt(np.maximum(peaks - around, 0).sum())) / (images.shape[2] * images.shape[3])


def _stride_powers(images: NDArray) -> tuple[Array, Array]:
    """|FFT|² at the frequencies of strides, and the mean of their neighbours', each [P]; of images [N, C, H, W]."""
    height, width = images.shape[2:]
    power = np.abs(np.fft.fft2(images - images.mean((2, 3), keepdims=True)))
    power = np.square(power).mean((0, 1)) + 1e-9
    rows, columns = (_strides(side) for side in (height, width))
    peaks = [(row, column) for row in (0, *rows) for column in (0, *columns) if row or column]
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]

    def around_peak(row: int, column: int) -> list[float]:
        # Along an axis of frequency 0 the neighbours mean something else: edges of the whole image.
        return [
            power[(row + dy) % height, (column + dx) % width]
            for dy, dx in around
            if (row or not dy) and (column or not dx)
        ]

    if not peaks:
        return np.ones(1), np.ones(1)
    return np.array([power[peak] for peak in peaks]), np.array([np.mean(around_peak(*peak)) for peak in peaks])


def _strides(side: int) -> list[int]:
    """The rows of the frequencies 1/4, 1/2 and 3/4 in a spectrum of that side, where they are whole numbers."""
    return [side * part // 4 for part in (1, 2, 3) if side * part % 4 == 0]


# --- features ---------------------------------------------------------------------------------------------------------


def above_diagonal(distances: Array) -> Array:
    """The distance of each pair once: [N, N] → [N(N − 1)/2]."""
    return distances[_pairs(len(distances))]


@lru_cache(maxsize=8)
def _pairs(count: int) -> NDArray[np.bool_]:
    """True above the diagonal of [count, count]."""
    return np.triu(np.ones((count, count), bool), 1)


def spread(among: Array) -> float:
    """The median distance between two members of a set, from its distances [N, N]."""
    return float(np.median(above_diagonal(among)))


def nearest_other(among: Array, beyond: float = -1.0) -> float:
    """The median distance to the nearest other member that is farther than `beyond`, from a set's distances [N, N].

    Of the members that have such another; 0 where none has.
    """
    others = np.where(among > beyond, among, np.inf)
    np.fill_diagonal(others, np.inf)
    nearest = others.min(1)
    return float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else 0.0


def clusters(features: Array) -> tuple[Array, NDArray[np.intp]]:
    """k-means of features [N, D]: the centres [K, D], and the cluster of each image [N]."""
    count = max(1, min(CLUSTERS, len(features) // 5))
    first = np.random.default_rng(0).choice(len(features), count, replace=False)
    with warnings.catch_warnings():  # a cluster may lose all its images; it is dropped below
        warnings.simplefilter("ignore")
        centres, cluster = kmeans2(features, features[first], iter=20, minit="matrix")
    kept = np.unique(cluster)
    return centres[kept], np.searchsorted(kept, cluster)


def nearest_cluster(features: Array, centres: Array) -> NDArray[np.intp]:
    """The cluster of each image [N], from features [N, D] and centres [K, D]."""
    return np.asarray(cdist(features, centres).argmin(1), np.intp)


def covered(cluster: NDArray[np.intp], shares: Array) -> int:
    """How many clusters hold at least a quarter of their share [K] of the real images; cluster: of each image, [N]."""
    counts = np.bincount(cluster, minlength=len(shares))
    return int((counts >= np.maximum(shares * len(cluster) / 4, 1)).sum())


def mean_distance(among: Array) -> float:
    """E‖X − X′‖, from the distances among the members of a set, [N, N]; 0 for a single member."""
    return float(among.sum() / max(len(among) * (len(among) - 1), 1))


def energy_distance(across: float, among_real: float, among_fake: float) -> float:
    """The energy distance 2E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ (Székely & Rizzo 2013, eq. 5): 0 for equal distributions.

    Of the mean distances between real and fake, among real and among fake ones.
    """
    return 2 * across - among_real - among_fake


def principal_directions(centred: Array, count: int) -> Array:
    """The first principal components, as unit columns [D, count], of centred features [N, D]."""
    kept = min(count, *centred.shape)
    if len(centred) < centred.shape[1]:
        chosen = (len(centred) - kept, len(centred) - 1)
        directions = centred.T @ eigh(centred @ centred.T, subset_by_index=chosen)[1][:, ::-1]
        lengths = np.linalg.norm(directions, axis=0)
        return np.asarray(directions * (lengths > 1e-7 * lengths.max()) / np.maximum(lengths, 1e-300))  # 0: no such one
    chosen = (centred.shape[1] - kept, centred.shape[1] - 1)
    return np.asarray(eigh(centred.T @ centred, subset_by_index=chosen)[1][:, ::-1])


def nearness(training: Array, features: Array, skip_same: bool = False) -> float:
    """The median of d₁/d₅, distances to the nearest and the fifth nearest training image: 0 for copies.

    training [N, D], features [M, D]; skip_same: these are the first of the training images, and each is compared with
    the others. d₁ alone would mistake blur for copies: blurred images are close to many.
    """
    squares = np.square(training).sum(1) - 2 * features @ training.T
    if skip_same:
        np.fill_diagonal(squares, np.inf)
    last = min(NEIGHBOUR, len(training)) - 1
    squares.partition(last, axis=1)
    nearest = np.sqrt(np.maximum(squares[:, : last + 1] + np.square(features).sum(1)[:, None], 0.0))
    return float(np.median(nearest.min(1) / np.maximum(nearest[:, last], 1e-12)))


# --- scores -----------------------------------------------------------------------------------------------------------


def auc(real: NDArray, fake: NDArray) -> float:
    """The area under the ROC curve: P(a real score [N] exceeds a fake one [M]), ties counted half; ½ is chance."""
    ordered = np.sort(fake)
    below = np.searchsorted(ordered, real, "left") + np.searchsorted(ordered, real, "right")
    return float(below.mean() / (2 * len(fake)))
