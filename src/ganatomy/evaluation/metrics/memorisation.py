"""Has the generator memorised its training set? Distances of generated samples to the nearest training ones.

The arguments stand in one order: train, then held_out, the real samples that the generator has never seen, then fake.
"""

from math import sqrt

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import arrays, estimate
from ganatomy.evaluation.metrics.arrays import Array, pair, there_are
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.neighbours import centred, differences, squared_distances
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

FEWEST = 20  # generated samples in a cell: Meehan et al.'s τ = 20/m
PER_CELL = 200  # held-out samples, in the mean: Meehan et al. cut MNIST's 10,000 into 50 cells


def nearest(reference: ArrayLike, samples: ArrayLike) -> tuple[Array, Array]:
    """The distance [M] of each sample [M, D] to its nearest reference sample [N, D], and that one's index [M].

    Exactly 0 for a copy. Raises UserError for sets that cannot be compared.
    """
    reference, samples = pair(reference, samples, 1, "The nearest neighbours")
    return _nearest(reference, samples, np.full(len(samples), -1))


def _nearest(reference: Array, samples: Array, but: Array) -> tuple[Array, Array]:
    """`nearest`, leaving out for each sample one reference index [M]; −1 leaves out none."""
    there, here = centred(reference, samples)
    indices = np.empty(len(samples), np.intp)
    for rows, squared in squared_distances(here, there):
        left_out = np.flatnonzero(but[rows] >= 0)
        squared[left_out, but[rows][left_out]] = np.inf
        indices[rows] = squared.argmin(axis=1)
    return np.sqrt(differences(samples, reference[indices])), indices


def nearest_ratio(train: ArrayLike, held_out: ArrayLike, fake: ArrayLike) -> Estimate:
    """The median distance to the nearest training sample: of generated samples, over that of held-out real ones.

    train [N, D], held_out [M, D], fake [L, D]. 0 if most generated samples are copies, 1 if they are as far from the
    training set as new real samples are, above 1 if farther.
    The interval is that of the median (Conover 1999, section 3.2), held_out as it is.
    Raises UserError for sets that cannot be compared, for fewer than 20 samples, and where most held-out samples are
    in the training set.
    """
    to_real, to_fake = _distances(train, held_out, fake, "The ratio of nearest distances")
    usual = np.median(to_real)
    if usual == 0:
        raise UserError("Most held-out samples are in the training set too: hold out others to look for copies.")
    interval = scipy.stats.quantile_test(to_fake).confidence_interval(estimate.LEVEL)
    return Estimate(float(np.median(to_fake) / usual), float(interval.low / usual), float(interval.high / usual))


def data_copying(train: ArrayLike, held_out: ArrayLike, fake: ArrayLike, cells: int | None = None) -> Estimate:
    """C_T: are generated samples nearer to the training set than held-out real ones of the same region are?

    train [N, D], held_out [M, D], fake [L, D]. In each k-means cell of the training set, how often a generated sample
    is farther from its nearest training sample than a held-out one is, as the z-score of Mann and Whitney; then the
    mean over cells, weighted by their held-out samples, but for cells with fewer than 20 generated samples. 0: no
    copying; below −3 or so: copying; above 3: too far from the data. Meehan, Chaudhuri & Dasgupta 2020
    (arXiv:2004.05675), section 4. The score grows with the root of the number of samples: compare equal numbers.
    cells: by default one for each 200 samples of the smaller of held_out and fake.
    Under no copying C_T has the standard deviation √Σw², 1 for one cell, over new real and generated samples. The
    interval is about other generated samples alone: in each cell, the error of the mean over them of the share of
    held-out samples that are nearer to the training set (DeLong et al. 1988).
    Raises UserError for sets that cannot be compared, for fewer than 20 samples, and where no cell has enough of them.
    """
    from sklearn.cluster import KMeans

    to_real, to_fake = _distances(train, held_out, fake, "C_T")
    number = cells or max(1, min(len(to_real), len(to_fake)) // PER_CELL)
    if not 1 <= number <= len(np.asarray(train)):
        raise UserError(f"C_T: the training set cannot be cut into {number:,} cells; use fewer.")
    partition = KMeans(number, n_init=1, random_state=0).fit(np.asarray(train, np.float64))
    real_cell, fake_cell = (partition.predict(np.asarray(samples, np.float64)) for samples in (held_out, fake))
    scores, errors, weights = [], [], []
    for cell in range(number):
        ours, theirs = to_fake[fake_cell == cell], to_real[real_cell == cell]
        if len(ours) >= FEWEST and len(theirs):
            nearer = _shares_below(theirs, ours)
            # z = (U − nm/2)/√(nm(n + m + 1)/12), and U is nm times the mean of the shares.
            scale = sqrt(12 * len(ours) * len(theirs) / (len(ours) + len(theirs) + 1))
            scores.append(scale * (nearer.mean() - 0.5))
            errors.append(scale * nearer.std(ddof=1) / sqrt(len(ours)))
            weights.append(len(theirs))
    if not weights:
        raise UserError(f"C_T: no cell has {FEWEST} generated samples and a held-out one; use fewer cells, or more.")
    share = np.array(weights) / sum(weights)
    error = sqrt(np.square(share * errors).sum())
    return estimate.around(float(share @ scores), error, degrees=len(to_fake) - len(weights))


def _shares_below(values: Array, points: Array) -> Array:
    """The share of values [N] below each point [M], ties by half, [M]."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, points, "left") + np.searchsorted(ordered, points, "right")) / (2 * len(values))


def authenticity(train: ArrayLike, fake: ArrayLike) -> Estimate:
    """The share of generated samples that are no closer copies than the training samples are of each other.

    train [N, D], fake [L, D]. A generated sample is authentic if it lies farther from its nearest training sample than
    that one lies from its own nearest other: Alaa et al. 2022 (arXiv:2102.08921), section 4.3. Copies have 0, also
    copies of what the training set holds twice; new real samples have about a half or more, by the dimension.
    Raises UserError for sets that cannot be compared, and for a single training sample.
    """
    train, fake = pair(train, fake, 1, "Authenticity")
    if len(train) < 2:
        raise UserError(f"Authenticity needs at least 2 real samples; {there_are(len(train))}.")
    distances, indices = nearest(train, fake)
    originals, which = np.unique(indices, return_inverse=True)
    between, _ = _nearest(train, train[originals], but=originals)
    return estimate.share(distances > between[which])


def membership(train: ArrayLike, held_out: ArrayLike, fake: ArrayLike) -> Estimate:
    """How well an attacker tells training samples from others by how near generated ones come to them: an AUC.

    train [N, D], held_out [M, D], fake [L, D]. ½: not at all; 1: always. The attack of Chen et al. 2020
    (arXiv:1909.03935), section 4.2, who sees nothing but generated samples: the distance to the nearest of them.
    The interval is that of DeLong et al. 1988, over other training and held-out samples.
    Raises UserError for sets that cannot be compared, and for fewer than 20 training or held-out samples.
    """
    train = arrays.rows(train, 20, "The membership attack", "training")
    held_out = arrays.rows(held_out, 20, "The membership attack", "held-out")
    to_train, to_held_out = (nearest(fake, samples)[0] for samples in (train, held_out))
    farther = 1 - _shares_below(to_held_out, to_train)  # of each training sample: held-out ones that are farther away
    nearer = _shares_below(to_train, to_held_out)
    error = sqrt(farther.var(ddof=1) / len(to_train) + nearer.var(ddof=1) / len(to_held_out))
    return estimate.around(float(farther.mean()), error, degrees=len(to_train) + len(to_held_out) - 2)


def _distances(train: ArrayLike, held_out: ArrayLike, fake: ArrayLike, score: str) -> tuple[Array, Array]:
    """Distances to the nearest training sample: of held-out samples [M] and of generated ones [L]."""
    fake = arrays.rows(fake, 20, score, "generated")
    held_out = arrays.rows(held_out, 20, score, "held-out")
    train, fake = pair(train, fake, 1, score)
    held_out, fake = pair(held_out, fake, 1, score)
    return nearest(train, held_out)[0], nearest(train, fake)[0]


@register_metric("memorisation", scores=["nearest_ratio", "data_copying", "authenticity"], needs=["unseen"])
def _memorisation(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Nearest ratio, C_T and authenticity.

    Distances to the nearest training image; C_T: Meehan et al. 2020; authenticity: Alaa et al. 2022.
    """
    assert sets.unseen is not None
    train, unseen, fake = sets.real.features, sets.unseen.features, sets.fake.features
    scores = {
        "nearest_ratio": lambda: nearest_ratio(train, unseen, fake),
        "data_copying": lambda: data_copying(train, unseen, fake),
        "authenticity": lambda: authenticity(train, fake),
    }
    found, refused = {}, {}
    for name, score in scores.items():  # authenticity needs fewer images than the others
        try:
            found[name] = Measurement(score(), "as real")
        except UserError as error:
            refused[f"{name}, not measured"] = str(error)
    if not found:
        raise UserError(" ".join(refused.values()))
    found[name].details.update(refused)
    return found


@register_metric("membership", scores=["membership"], needs=["unseen"])
def _membership(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Membership attack.

    The AUC of telling training images from others by the nearest generated image: Chen et al. 2020. Of as many training
    images as there are others.
    """
    assert sets.unseen is not None
    unseen = sets.unseen.features
    return {
        "membership": Measurement(membership(sets.real.features[: len(unseen)], unseen, sets.fake.features), "as real")
    }
