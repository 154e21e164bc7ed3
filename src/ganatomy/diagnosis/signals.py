"""Signals: numbers that tell how a training goes, each a pure function of images or scores. Real before fake.

Images are float [N, C, H, W]; scores are raw, [N]. What a signal is for two sets of real images, and how far that
varies by chance, comes from the data itself: `Reals` measures it once, and the floors stand beside the signals.
"""

import warnings
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist

Array: TypeAlias = NDArray[np.float64]
Signals: TypeAlias = dict[str, float]

SIDE = 16  # pixels: images are looked at so small
DIMENSIONS = 32  # principal components, and one number for all the rest
KINDS = 10  # clusters of real images
DRAWS = 60  # of real against real
MOST = 512  # real images that others are compared with
NEIGHBOUR = 5  # whose distance says how near training images lie there
SPECTRA = 32  # images that are looked at for periodic patterns
EDGE = 0.01  # of the range: nearer to its ends a pixel is saturated


class Reals:
    """What real images are like, and how far two sets of them are apart by chance."""

    def __init__(self, images: NDArray, samples: int, ends: tuple[float, float] | None = None) -> None:
        """images: at least 4; the first `MOST` count. samples: how many generated ones will be compared with them.

        ends: of the range that the generator draws in; None, where nobody knows: those of the real images.
        """
        images = np.asarray(images[:MOST], np.float64)
        flat = small(images)
        self.mean = flat.mean(0)
        self.basis = np.linalg.svd(flat - self.mean, full_matrices=False)[2][:DIMENSIONS].T
        self.features = self.seen(images)
        self.samples = min(samples, len(images) // 2)
        self.centres, self.kind = kinds(self.features)
        self.shares = np.bincount(self.kind, minlength=len(self.centres)) / len(self.kind)
        self.between = cdist(self.features, self.features)
        self.typical = float(np.median(above_diagonal(self.between))) or 1.0
        self.low, self.high = float(images.min()), float(images.max())
        self.ends = ends or (self.low, self.high)
        self.saturated = saturated(images, *self.ends)
        self.pattern = pattern(images[:SPECTRA])
        self.floors = self._floors()

    def seen(self, images: NDArray) -> Array:
        """Images as they are compared, [N, D]: principal components of the real ones, and the length of the rest."""
        centred = small(np.asarray(images, np.float64)) - self.mean
        parts = centred @ self.basis
        rest = np.square(centred).sum(1) - np.square(parts).sum(1)
        return np.concatenate([parts, np.sqrt(np.maximum(rest, 0))[:, None]], axis=1)

    def look(self, fake: NDArray, shown: NDArray | None = None) -> Signals:
        """Signals of generated images beside these, with their floors; shown: as people get them, if that is else."""
        return self.compare(self.seen(fake)) | {
            "low": float(np.min(fake)),
            "high": float(np.max(fake)),
            "low_real": self.low,
            "high_real": self.high,
            "saturated": saturated(fake, *self.ends),
            "saturated_real": self.saturated,
            "checkerboard": float((pattern((fake if shown is None else shown)[:SPECTRA]) / self.pattern).max()),
            **self.floors,
        }

    def compare(self, fake: Array) -> Signals:
        """Signals of generated features [N, D]."""
        among = cdist(fake, fake)
        return {
            "spread": spread(among) / self.typical,
            "twins": twins(among) / self._alone(len(fake)),
            "kinds": float(reached(nearest(fake, self.centres), self.shares)),
            "distance": energy(cdist(self.features, fake), self.between, among) / self.typical,
        }

    def spread_within(self, kind: NDArray, fake: NDArray) -> float:
        """The spread of some generated images over that of some real ones, both of one kind."""
        real = cdist(kinds_of := self.seen(kind), kinds_of)
        return spread(cdist(ours := self.seen(fake), ours)) / max(spread(real), 1e-12)

    def _alone(self, count: int) -> float:
        """The median distance of a real image to the nearest of as many others."""
        some = self.between[: min(count, len(self.between)), : min(count, len(self.between))]
        return max(twins(some), 1e-12)

    def _floors(self) -> Signals:
        """What one of a hundred sets of real images scores, in the worse direction: half of them play the fakes."""
        random, drawn = np.random.default_rng(0), []
        for _ in range(DRAWS):
            fake, rest = np.split(random.permutation(len(self.between)), [self.samples])
            among = self.between[np.ix_(fake, fake)]
            others = self.between[np.ix_(rest, rest)]
            drawn.append(
                (
                    spread(among) / self.typical,
                    twins(among) / self._alone(len(fake)),
                    reached(self.kind[fake], self.shares),
                    energy(self.between[np.ix_(rest, fake)], others, among) / self.typical,
                )
            )
        spreads, alone, kinds_left, distances = np.array(drawn).T
        return {
            "spread_floor": float(np.quantile(spreads, 0.01)),
            "twins_floor": float(np.quantile(alone, 0.01)),
            "kinds_real": float(np.median(kinds_left)),
            "kinds_floor": float(np.quantile(kinds_left, 0.01)),
            "distance_floor": float(np.quantile(distances, 0.99)),
        }


@dataclass
class Motion:
    """How the images of the same latent vectors change from look to look."""

    reals: Reals
    before: Array | None = None
    way: Array | None = None

    def next(self, features: Array) -> Signals:
        """movement: the median way of an image since the last look, sway: the way of their mean, both over what is
        typical between real images; turn: the cosine of the mean's way with its last one, −1 where it goes back;
        place_1 … place_3: where the mean is along the first components, in their standard deviations.
        """
        before, self.before = self.before, features
        spreads = np.maximum(self.reals.features.std(0), 1e-12)
        places = {f"place_{i + 1}": float(x) for i, x in enumerate((features.mean(0) / spreads)[:3])}
        if before is None:
            return places
        way = (features - before).mean(0)
        last, self.way = self.way, way
        found = places | {
            "movement": float(np.median(np.linalg.norm(features - before, axis=1))) / self.reals.typical,
            "sway": float(np.linalg.norm(way)) / self.reals.typical,
        }
        lengths = 0.0 if last is None else float(np.linalg.norm(way) * np.linalg.norm(last))
        return found | ({"turn": float(way @ last) / lengths} if last is not None and lengths else {})


# --- images -----------------------------------------------------------------------------------------------------------


def small(images: NDArray) -> Array:
    """Means of blocks of pixels, at most 16 a side, flattened: [N, C, H, W] → [N, D]."""
    for axis in (2, 3):
        edges = np.linspace(0, images.shape[axis], min(SIDE, images.shape[axis]) + 1).astype(int)
        sizes = np.diff(edges).reshape(-1, *[1] * (3 - axis))
        images = np.add.reduceat(images, edges[:-1], axis) / sizes
    return np.asarray(images.reshape(len(images), -1), np.float64)


def saturated(images: NDArray, low: float, high: float) -> float:
    """The share of pixels within a hundredth of either end of the range."""
    margin = EDGE * (high - low)
    return float(((images <= low + margin) | (images >= high - margin)).mean())


def pattern(images: NDArray) -> Array:
    """How far the energy at each frequency of strides (every 2nd and 4th pixel) stands out of its neighbours', [P].

    1 where there is no grid; see Odena et al. 2016 (doi:10.23915/distill.00003) for why there may be one.
    """
    height, width = images.shape[2:]
    power = np.abs(np.fft.fft2(images - images.mean((2, 3), keepdims=True)))
    power = np.square(power).mean((0, 1)) + 1e-9
    rows, columns = (_strides(side) for side in (height, width))
    peaks = [(row, column) for row in (0, *rows) for column in (0, *columns) if row or column]
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]

    def beside(row: int, column: int) -> list[float]:
        # Along an axis of frequency 0 the neighbours are other things: edges of the whole image.
        return [
            power[(row + dy) % height, (column + dx) % width]
            for dy, dx in around
            if (row or not dy) and (column or not dx)
        ]

    return np.array([power[peak] / np.mean(beside(*peak)) for peak in peaks] or [1.0])


def _strides(side: int) -> list[int]:
    """Where the frequencies 1/2, 1/4 and 3/4 of a side are, as far as they are whole."""
    return [side * part // 4 for part in (1, 2, 3) if side * part % 4 == 0]


# --- features ---------------------------------------------------------------------------------------------------------


def above_diagonal(distances: Array) -> Array:
    """Each pair once."""
    return distances[np.triu_indices(len(distances), 1)]


def spread(among: Array) -> float:
    """The median distance of two of a set, of its distances [N, N]."""
    return float(np.median(above_diagonal(among)))


def twins(among: Array) -> float:
    """The median distance to the nearest other one, of distances [N, N]."""
    others = among.copy()
    np.fill_diagonal(others, np.inf)
    return float(np.median(others.min(1)))


def kinds(features: Array) -> tuple[Array, NDArray[np.intp]]:
    """Centres [K, D] of k-means clusters, and the cluster of each image [N]."""
    count = max(1, min(KINDS, len(features) // 5))
    first = np.random.default_rng(0).choice(len(features), count, replace=False)
    with warnings.catch_warnings():  # a cluster may lose its last image; it is left out below
        warnings.simplefilter("ignore")
        centres, kind = kmeans2(features, features[first], iter=20, minit="matrix")
    kept = np.unique(kind)
    return centres[kept], np.searchsorted(kept, kind)


def nearest(features: Array, centres: Array) -> NDArray[np.intp]:
    """The cluster of each image."""
    return np.asarray(cdist(features, centres).argmin(1), np.intp)


def reached(kind: NDArray[np.intp], shares: Array) -> int:
    """How many clusters hold at least a quarter of their share of the real images."""
    counts = np.bincount(kind, minlength=len(shares))
    return int((counts >= np.maximum(shares * len(kind) / 4, 1)).sum())


def energy(across: Array, among_real: Array, among_fake: Array) -> float:
    """2E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖, of distances: 0 for sets alike (Székely & Rizzo 2013, eq. 5)."""
    return float(2 * across.mean() - above_diagonal(among_real).mean() - above_diagonal(among_fake).mean())


def copies(learnt: Array, fake: Array, unseen: Array | None) -> float:
    """How much nearer the nearest learnt image is than the fifth, the median ratio, over that of unseen real ones.

    learnt [N, D], fake [M, D], unseen [L, D]. 0 for copies, about 1 for new images. The distance alone would not do:
    blurred images are near to many. Without unseen images, learnt ones are compared with the other learnt ones.
    """
    if unseen is None:
        others = cdist(learnt, learnt[: len(fake)])
        others[np.arange(others.shape[1]), np.arange(others.shape[1])] = np.inf
    else:
        others = cdist(learnt, unseen)
    return _nearness(cdist(learnt, fake)) / max(_nearness(others), 1e-12)


def _nearness(distances: Array) -> float:
    """The median of d₁/d_5 over columns: distances to the nearest and the fifth nearest."""
    last = min(NEIGHBOUR, len(distances)) - 1
    ordered = np.partition(distances, (0, last), axis=0)
    return float(np.median(ordered[0] / np.maximum(ordered[last], 1e-12)))


# --- scores -----------------------------------------------------------------------------------------------------------


def auc(real: NDArray, fake: NDArray) -> float:
    """P(a real score exceeds a fake one), ties by half: ½ where nothing is told apart."""
    ordered = np.sort(fake)
    below = np.searchsorted(ordered, real, "left") + np.searchsorted(ordered, real, "right")
    return float(below.mean() / (2 * len(fake)))


def auc_error(first: int, second: int) -> float:
    """The standard deviation of `auc` of two sets that are alike (Mann & Whitney 1947)."""
    return float(np.sqrt((first + second + 1) / (12 * first * second)))
