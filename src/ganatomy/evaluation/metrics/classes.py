"""How many classes, or modes of a toy distribution, the generated samples reach, and how evenly."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.arrays import pair
from ganatomy.evaluation.metrics.estimate import Estimate, around, matched_bootstrap, share, within
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

Counts = NDArray[np.int64]


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
    log(classes). At N samples KL lies about (classes − 1)/2N above its limit, so compare equal N only. A class that is
    generated but has no real sample counts as half a real one: the divergence would be infinite. Raises UserError for
    anything but such labels or probabilities.
    """
    real_counts, counts = _counts(real, classes, "real"), _counts(fake, classes, "generated")
    known = np.where((real_counts == 0) & (counts > 0), 0.5, real_counts)
    shares = known / known.sum()
    return ClassesResult(
        covered=reached(counts),
        divergence=matched_bootstrap(
            lambda drawn: scipy.special.rel_entr(_shares(drawn), shares).sum(-1), counts, shares
        ),
        entropy=matched_bootstrap(lambda drawn: scipy.special.entr(_shares(drawn)).sum(-1), counts, shares),
    )


def modes(points: ArrayLike, centres: ArrayLike, sigma: float, least: int = 1) -> ModesResult:
    """The modes of a mixture that generated points reach: Srivastava et al. 2017 (arXiv:1705.07761), section 4.1.

    points [N, D], centres [K, D], sigma: the standard deviation of each mode along each axis. A point is of high
    quality within 3σ of its nearest centre; a mode is reached if `least` such points have it as their nearest.
    Raises UserError for sets that cannot be compared, and unless sigma is positive.
    """
    centres, points = pair(centres, points, 1, "mode coverage")
    if not sigma > 0:
        raise UserError(f"Mode coverage needs a positive sigma; it is {sigma:g}.")
    distances, nearest = scipy.spatial.KDTree(centres).query(points)
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
    missed = scipy.stats.poisson.cdf(least - 1, rates)
    variance = float((missed * (1 - missed)) @ np.append(np.ones(len(seen)), unseen))
    return within(around(float((counts >= least).sum()), variance**0.5, np.inf), len(counts))


def _counts(samples: ArrayLike, classes: int, which: str) -> Counts:
    array = np.asarray(samples)
    if array.ndim == 2 and array.shape[1] == classes and np.isfinite(array).all():
        array = array.argmax(axis=1)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= classes:
        raise UserError(
            f"Class coverage needs labels from 0 to {classes - 1} or finite probabilities [samples, {classes}]; those "
            f"of the {which} samples are {array.dtype} of the shape {array.shape}."
        )
    return np.bincount(array, minlength=classes)


def _shares(counts: Counts) -> NDArray:
    return counts / counts.sum(-1, keepdims=True)


@register_metric("classes", scores=["classes", "class_divergence"], needs=["classes"], usual=True)
def _classes(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Classes reached.

    How many of the real classes are generated, and KL(generated ‖ real) in nats.
    """
    real, fake = sets.real.probabilities, sets.fake.probabilities
    assert real is not None
    assert fake is not None
    found = covered(real, fake, real.shape[1])
    return {
        "classes": Measurement(found.covered, "higher", {"of": len(np.unique(real.argmax(1)))}),
        "class_divergence": Measurement(found.divergence, "lower"),
    }
