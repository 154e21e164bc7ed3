"""How many classes, or modes of a toy distribution, the generated samples reach, and how evenly."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.spatial import KDTree
from scipy.special import entr, rel_entr

from ganatomy.errors import UserError
from ganatomy.metrics.arrays import pair
from ganatomy.metrics.estimate import Estimate, around, share

Counts = NDArray[np.int64]
DRAWS = 200
HALVINGS = 5


@dataclass(frozen=True)
class ClassesResult:
    """The number of classes reached, KL(generated ‖ real) and the entropy of the generated classes, both in nats."""

    covered: Estimate
    divergence: Estimate
    entropy: Estimate


@dataclass(frozen=True)
class ModesResult:
    """The number of modes reached, and the share of points of high quality."""

    covered: Estimate
    high_quality: Estimate


def covered(real: ArrayLike, fake: ArrayLike, classes: int) -> ClassesResult:
    """The classes that a classifier finds in generated samples, against those of real ones.

    real, fake: labels [N] from 0 to classes − 1, or class probabilities [N, classes], of which the likeliest counts.
    Stacked MNIST: 1,000 classes of three digits, reported as the number of classes and KL(generated ‖ real): Srivastava
    et al. 2017 (arXiv:1705.07761), section 4; Lin et al. 2018 (arXiv:1712.04086), section 4.2. Entropy at most
    log(classes). At N samples KL lies some (classes − 1)/2N above its limit, so compare equal N only. A class that is
    generated but has no real sample counts as half a real one: the divergence would be infinite.
    """
    real_counts, counts = _counts(real, classes, "real"), _counts(fake, classes, "generated")
    known = np.where((real_counts == 0) & (counts > 0), 0.5, real_counts)
    shares = known / known.sum()
    return ClassesResult(
        covered=reached(counts),
        divergence=matched_bootstrap(lambda drawn: rel_entr(_shares(drawn), shares).sum(-1), counts, shares),
        entropy=matched_bootstrap(lambda drawn: entr(_shares(drawn)).sum(-1), counts, shares),
    )


def modes(points: ArrayLike, centres: ArrayLike, sigma: float, least: int = 1) -> ModesResult:
    """The modes of a mixture that generated points reach: Srivastava et al. 2017 (arXiv:1705.07761), section 4.1.

    points [N, D], centres [K, D], sigma: the standard deviation of each mode along each axis. A point is of high
    quality within 3σ of its nearest centre; a mode is reached if `least` such points have it as their nearest.
    """
    centres, points = pair(centres, points, 1, "mode coverage")
    if not sigma > 0:
        raise UserError(f"Mode coverage needs a positive sigma; it is {sigma:g}.")
    distances, nearest = KDTree(centres).query(points)
    good = distances <= 3 * sigma
    counts = np.bincount(nearest[good], minlength=len(centres))
    return ModesResult(covered=reached(counts, least), high_quality=share(good))


def reached(counts: Counts, least: int = 1) -> Estimate:
    """The number of classes with `least` samples or more, of counts [K]; its variance is Σ qₖ(1 − qₖ), qₖ = P(missed).

    Each count is taken as Poisson. Its expectation is not the count itself, or no class would ever be missed: the
    share of singletons is the probability of what was not seen, taken from the rare classes and given to as many
    unseen ones as Chao's bound says (Chao et al. 2014, doi:10.1890/13-0133.1, appendix G, for Poisson counts).
    """
    seen = counts[counts > 0].astype(np.float64)
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    unseen = min(once * (once - 1) / (2 * (twice + 1)), int((counts == 0).sum()))
    rarity = np.exp(-seen)
    rates = np.append(seen * (1 - once * rarity / max((seen * rarity).sum(), 1e-300)), once / max(unseen, 1e-300))
    missed = stats.poisson.cdf(least - 1, rates)
    variance = float((missed * (1 - missed)) @ np.append(np.ones(len(seen)), unseen))
    return _within(around(float((counts >= least).sum()), variance**0.5, np.inf), len(counts))


def matched_bootstrap(
    score: Callable[[Counts], NDArray], counts: Counts, base: NDArray, most: float = np.inf
) -> Estimate:
    """A score in [0, most] of class counts, counts [..., K] → [...], its standard error from 200 multinomial draws.

    base [K]: the proportions that a perfect generator has. Draws from the observed proportions would count their
    sampling noise twice: near a score's best value they all score worse than what was observed. So they are drawn from
    the mixture of the observed proportions and `base` whose draws score what was observed, on average.
    """
    number, shares, value = int(counts.sum()), _shares(counts), float(score(counts))

    def drawn(weight: float) -> NDArray:
        mixed = weight * shares + (1 - weight) * base
        # The same seed at every weight: the mean then moves with the weight alone.
        return score(np.random.default_rng(0).multinomial(number, mixed / mixed.sum(), size=DRAWS))

    low, high = 0.0, 1.0
    rising = drawn(high).mean() > drawn(low).mean()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if (drawn(middle).mean() > value) == rising else (middle, high)
    return _within(around(value, float(drawn((low + high) / 2).std(ddof=1)), np.inf), most)


def _counts(samples: ArrayLike, classes: int, which: str) -> Counts:
    array = np.asarray(samples)
    if array.ndim == 2 and array.shape[1] == classes and np.isfinite(array).all():
        array = array.argmax(axis=1)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= classes:
        raise UserError(
            f"Class coverage needs, of the {which} samples, labels from 0 to {classes - 1} or finite probabilities "
            f"[samples, {classes}]; it got {array.dtype} of the shape {array.shape}."
        )
    return np.bincount(array, minlength=classes)


def _shares(counts: Counts) -> NDArray:
    return counts / counts.sum(-1, keepdims=True)


def _within(estimate: Estimate, most: float) -> Estimate:
    return Estimate(estimate.value, max(estimate.low, 0.0), min(estimate.high, most))
