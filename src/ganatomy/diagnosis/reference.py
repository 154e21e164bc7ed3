"""What generated images are compared with: real ones, and the same latent vectors' images one probe earlier."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.signals import Array, Signals

MOST = 512  # real images that generated ones are compared with
DIMENSIONS = 32  # principal components, and one number for all the rest
SAME = 1e-6  # of the typical distance: closer features are those of one image, apart by rounding
DRAWS = 60  # of real images against real ones, for the floors
SPECTRA = 32  # images whose spectrum is computed
BATCHES = 16  # of real images, in which repetitions are looked for


class ReferenceSet:
    """Real images, and how far two sets of them differ by chance (the floors).

    features [N, D] are principal components of the downsampled images, and the length of the rest; between [N, N] are
    their distances, typical is the median one; centres [K, D] and cluster [N] are those of k-means.
    """

    def __init__(self, images: NDArray, ends: tuple[float, float] | None = None) -> None:
        """images: float [N, C, H, W], or rows [N, W], at least 4 of which the first `MOST` count.

        ends: of the range that the generator draws in; None, where that is unknown: the extremes of the real images.
        """
        images = np.ascontiguousarray(images[:MOST])
        small = signals.downsampled(images)
        self.mean = small.mean(0)
        self.basis = signals.principal_directions(small - self.mean, DIMENSIONS)
        self.features = self.project(small)
        self.centres, self.cluster = signals.clusters(self.features)
        self.shares = np.bincount(self.cluster, minlength=len(self.centres)) / len(self.cluster)
        self.between = cdist(self.features, self.features)
        self.typical = float(np.median(signals.above_diagonal(self.between))) or 1.0
        self.between[self.between < SAME * self.typical] = 0.0
        self.usual = signals.mean_distance(self.between)
        self.low, self.high = float(images.min()), float(images.max())
        self.ends = ends or (self.low, self.high)
        self.pictures = images.ndim == 4
        self.saturated = signals.saturated(images, *self.ends)
        self.stride_energy = signals.stride_energy(images[:SPECTRA].astype(np.float64)) if self.pictures else None
        self._floors: dict[int, Signals] = {}

    def embed(self, images: NDArray) -> Array:
        """Images [N, C, H, W] as features [N, D]: the real images' principal components, and the length of the rest."""
        return self.project(signals.downsampled(images))

    def project(self, small: Array) -> Array:
        """Features [N, D] of downsampled images [N, P]."""
        centred = small - self.mean
        parts = centred @ self.basis
        rest = np.square(centred).sum(1) - np.square(parts).sum(1)
        return np.concatenate([parts, np.sqrt(np.maximum(rest, 0))[:, None]], axis=1)

    def compare(self, fake: NDArray, features: Array | None = None) -> Signals:
        """Signals of generated images [N, C, H, W], with their floors; features: theirs, [N, D], if known."""
        found = self.compare_features(self.embed(fake) if features is None else features) | self.floors(len(fake))
        if not self.pictures:
            return found
        return found | {
            "low": float(np.min(fake)),
            "high": float(np.max(fake)),
            "low_real": self.low,
            "high_real": self.high,
            "saturated": signals.saturated(fake, *self.ends),
            "saturated_real": self.saturated,
        }

    def checkerboard(self, fake: NDArray) -> Signals:
        """How far the spectrum of images [N, C, H, W] stands out at the frequencies of strides, over real images'.

        grid: the amplitude of such a grid, over the width of the range.
        """
        if self.stride_energy is None:
            return {}
        energy = signals.stride_energy(fake[:SPECTRA]) / self.stride_energy
        width = (self.ends[1] - self.ends[0]) or 1.0
        return {"checkerboard": float(energy.max()), "grid": signals.stride_amplitude(fake[:SPECTRA]) / width}

    def compare_features(self, fake: Array) -> Signals:
        """Signals of generated features [N, D]."""
        among = cdist(fake, fake)
        return {
            "spread": signals.spread(among) / self.typical,
            "twins": signals.nearest_other(among) / self._nearest_other(len(fake)),
            "kinds": float(signals.covered(signals.nearest_cluster(fake, self.centres), self.shares)),
            "distance": signals.energy_distance(
                float(cdist(self.features, fake).mean()), self.usual, signals.mean_distance(among)
            )
            / self.typical,
        }

    def spread(self, fake: Array) -> float:
        """The spread of generated features [N, D] over that of real ones, alone: as in `compare_features`."""
        return signals.spread(cdist(fake, fake)) / self.typical

    def spread_within(self, real: NDArray, fake: NDArray) -> float:
        """The spread of generated images [M, C, H, W] of one class over that of real ones [N, C, H, W]."""
        ours, theirs = self.embed(real), self.embed(fake)
        usual = signals.spread(cdist(ours, ours))
        # Where most real ones are the same image, there is no spread to lose.
        return signals.spread(cdist(theirs, theirs)) / usual if usual > SAME * self.typical else 1.0

    def _nearest_other(self, count: int) -> float:
        """The median distance of a real image to the nearest of as many others that is not the same image."""
        some = self.between[: min(count, len(self.between)), : min(count, len(self.between))]
        return signals.nearest_other(some, beyond=0.0) or self.typical

    def floors(self, count: int) -> Signals:
        """What one of a hundred sets of `count` real images scores, in the worse direction, against the others.

        At most half of the real images play the generated ones.
        """
        count = min(count, len(self.between) // 2)
        if count not in self._floors:
            self._floors[count] = self._drawn_floors(count)
        return self._floors[count]

    def _drawn_floors(self, count: int) -> Signals:
        random, drawn, rest = np.random.default_rng(0), [], len(self.between) - count
        sums, nearest = self.between.sum(1), self._nearest_other(count)
        for _ in range(DRAWS):
            fake = random.permutation(len(self.between))[:count]
            among = self.between[np.ix_(fake, fake)]
            # Means over the others, without a look at each pair: what is left of all sums.
            across = sums[fake].sum() - among.sum()
            others = sums.sum() - 2 * across - among.sum()
            distance = signals.energy_distance(
                across / (count * rest), others / max(rest * (rest - 1), 1), signals.mean_distance(among)
            )
            drawn.append(
                (
                    signals.spread(among) / self.typical,
                    signals.nearest_other(among) / nearest,
                    signals.covered(self.cluster[fake], self.shares),
                    distance / self.typical,
                )
            )
        spreads, twins, kinds, distances = np.array(drawn).T
        return {
            "spread_floor": float(np.quantile(spreads, 0.01)),
            "twins_floor": float(np.quantile(twins, 0.01)),
            "kinds_real": float(np.median(kinds)),
            "kinds_floor": float(np.quantile(kinds, 0.01)),
            "distance_floor": float(np.quantile(distances, 0.99)),
        }


@dataclass
class Motion:
    """How the images of the same latent vectors change from probe to probe."""

    reference: ReferenceSet
    features: Array | None = None
    displacement: Array | None = None  # of their mean, between the last two probes

    def update(self, features: Array) -> Signals:
        """Signals of features [N, D] and those of the probe before.

        movement: the median distance of an image from its predecessor; sway: that of their means; both over the typical
        distance between real images. turn: the cosine of the mean's last two displacements, −1 where it goes back.
        place_1 … place_3: the mean along the first principal components, in standard deviations of the real images.
        """
        before, self.features = self.features, features
        deviations = np.maximum(self.reference.features.std(0), 1e-12)
        places = {f"place_{i + 1}": float(x) for i, x in enumerate((features.mean(0) / deviations)[:3])}
        if before is None:
            return places
        now = (features - before).mean(0)
        last, self.displacement = self.displacement, now
        found = places | {
            "movement": float(np.median(np.linalg.norm(features - before, axis=1))) / self.reference.typical,
            "sway": float(np.linalg.norm(now)) / self.reference.typical,
        }
        lengths = 0.0 if last is None else float(np.linalg.norm(now) * np.linalg.norm(last))
        return found | ({"turn": float(now @ last) / lengths} if last is not None and lengths else {})

    def state(self) -> dict[str, Array]:
        """What the next probe is compared with: features [N, D] and displacement [D], where there are any."""
        kept = {"features": self.features, "displacement": self.displacement}
        return {name: values for name, values in kept.items() if values is not None}

    def load(self, state: Mapping[str, Array]) -> None:
        """Continue from an earlier `state`, shapes as there."""
        self.features, self.displacement = state.get("features"), state.get("displacement")


class ClassPrediction:
    """Which class an image is of, by ridge regression of one-hot classes on the features of real images."""

    def __init__(self, features: Array, classes: NDArray[np.intp]) -> None:
        """Of real images: features [N, D] and classes [N]. One half tells how well the other's are predicted."""
        self.mean, self.deviation = features.mean(0), np.maximum(features.std(0), 1e-12)
        half = len(features) // 2
        self.kinds = np.unique(classes)
        self._weights = self._fitted(features[:half], classes[:half])
        self.real = float((self.predict(features[half:]) == classes[half:]).mean())
        self.chance = float(np.bincount(classes).max() / len(classes))
        self._weights = self._fitted(features, classes)

    def predict(self, features: Array) -> NDArray[np.intp]:
        """The classes [N] of features [N, D]."""
        return np.asarray(self.kinds[(self._inputs(features) @ self._weights).argmax(1)], np.intp)

    def accuracies(self, features: Array, classes: NDArray[np.intp]) -> Signals:
        """The share of generated features [N, D] that are predicted to be of the classes [N] they were asked for.

        Beside it that of real images, and that of always saying the most frequent class.
        """
        return {
            "class_accuracy": float((self.predict(features) == classes).mean()),
            "class_accuracy_real": self.real,
            "class_accuracy_chance": self.chance,
        }

    def _inputs(self, features: Array) -> Array:
        scaled = (features - self.mean) / self.deviation
        return np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)

    def _fitted(self, features: Array, classes: NDArray[np.intp]) -> Array:
        inputs, wanted = self._inputs(features), (classes[:, None] == self.kinds).astype(np.float64)
        return np.asarray(np.linalg.solve(inputs.T @ inputs + np.eye(inputs.shape[1]), inputs.T @ wanted))


class DrawnImages:
    """How many different real images a training is shown."""

    def __init__(self, real: NDArray, size: int) -> None:
        """real: training images [N, C, H, W], which may repeat in the set itself; size: of the set."""
        self.size = max(size * len(set(_digests(real))) / len(real), 1.0)
        self.batches: deque[NDArray[np.int64]] = deque(maxlen=BATCHES)

    def variety(self, images: NDArray) -> float:
        """Different images in the last batches, over the number expected of draws from the whole set.

        images: [N, C, H, W], the newest batch. n draws with replacement from N images show N(1 − (1 − 1/N)ⁿ).
        """
        self.batches.append(_digests(images))
        drawn = np.concatenate(self.batches)
        expected = self.size * (1 - (1 - 1 / self.size) ** len(drawn))
        return len(np.unique(drawn)) / expected

    def state(self) -> dict[str, NDArray[np.int64]]:
        """Digests [D] of the images of the last batches, one after the other, and how many each batch has, [16]."""
        if not self.batches:
            return {}
        return {"drawn": np.concatenate(self.batches), "drawn_counts": np.array([len(each) for each in self.batches])}

    def load(self, state: Mapping[str, NDArray]) -> None:
        """Continue from an earlier `state`, shapes as there."""
        if "drawn" in state:
            self.batches.extend(np.split(state["drawn"], np.cumsum(state["drawn_counts"])[:-1]))


def _digests(images: NDArray) -> NDArray[np.int64]:
    digests = [blake2b(image.tobytes(), digest_size=8).digest() for image in np.asarray(images)]
    return np.frombuffer(b"".join(digests), np.int64)
