"""Number of statistically different bins: Richardson & Weiss 2018 (arXiv:1805.12462)."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from ganatomy.evaluation.metrics.arrays import pair
from ganatomy.evaluation.metrics.estimate import LEVEL, Estimate, matched_bootstrap
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

SIGNIFICANCE = 0.05
DRAWS = 1000
LEAST_PER_BIN = 10


@dataclass(frozen=True)
class NdbResult:
    """The share of bins that differ, NDB/K, and the Jensen–Shannon divergence of the bins in nats.

    The floors are what two sets drawn from the real bins score, of the same sizes: their mean and where 95% of them
    lie. A score within its floor's range is no more than chance.
    """

    share: Estimate
    share_floor: Estimate
    divergence: Estimate
    divergence_floor: Estimate


def ndb(real: ArrayLike, fake: ArrayLike, bins: int = 100, seed: int = 0) -> NdbResult:
    """NDB/K: k-means bins of the real samples, and the share of bins whose proportions differ significantly.

    real [N, D], fake [M, D]: pixels or features, at least 10 a bin of each. A bin differs if a two-proportion z-test
    says so at the 5% level. Range [0, 1]. Raises UserError for fewer samples and for sets that cannot be compared.
    """
    from sklearn.cluster import KMeans

    real, fake = pair(real, fake, LEAST_PER_BIN * bins, f"NDB with {bins} bins")
    # One thread: with many, sums are rounded in another order at every run.
    with threadpool_limits(1, "openmp"):
        clusters = KMeans(bins, n_init=1, random_state=seed).fit(real)
        nearest = clusters.predict(fake.astype(real.dtype, copy=False))
    return compared(np.bincount(clusters.labels_, minlength=bins), np.bincount(nearest, minlength=bins), seed)


def compared(real: NDArray, fake: NDArray, seed: int = 0) -> NdbResult:
    """The scores of given bins: counts [K] of the real samples and of the generated ones."""
    proportions = real / real.sum()
    draws = np.random.default_rng(seed)
    chance = [draws.multinomial(counts.sum(), proportions, size=DRAWS) for counts in (real, fake)]
    return NdbResult(
        share=matched_bootstrap(lambda drawn: different(real, drawn).mean(-1), fake, proportions, most=1),
        share_floor=_floor(different(*chance).mean(-1)),
        divergence=matched_bootstrap(lambda drawn: jensen_shannon(real, drawn), fake, proportions, most=np.log(2)),
        divergence_floor=_floor(jensen_shannon(*chance)),
    )


def different(real: NDArray, fake: NDArray) -> NDArray:
    """Which bins differ at the 5% level, by the two-proportion z-test with pooled variance; counts [..., K]."""
    n, m = real.sum(-1, keepdims=True), fake.sum(-1, keepdims=True)
    pooled = (real + fake) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    # A product, not a quotient: a bin that is empty, or holds everything, has no error and no difference.
    return np.abs(real / n - fake / m) > scipy.stats.norm.isf(SIGNIFICANCE / 2) * error


def jensen_shannon(real: NDArray, fake: NDArray) -> NDArray:
    """½KL(p ‖ m) + ½KL(q ‖ m), m = (p + q)/2, of counts [..., K] as proportions p and q; in nats, [0, log 2]."""
    p, q = real / real.sum(-1, keepdims=True), fake / fake.sum(-1, keepdims=True)
    middle = (p + q) / 2
    return (scipy.special.rel_entr(p, middle) + scipy.special.rel_entr(q, middle)).sum(-1) / 2


def _floor(scores: NDArray) -> Estimate:
    low, high = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(scores.mean()), float(low), float(high))


@register_metric("ndb", settings={"most_bins": 100})
def _ndb(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Number of different bins (NDB/K).

    Richardson & Weiss 2018: the share of k-means bins that differ at 5%, beside what chance gives.
    """
    real, fake = sets.same_size()
    found = ndb(real, fake, bins=max(2, min(100, len(real) // LEAST_PER_BIN, len(fake) // LEAST_PER_BIN)))
    by_chance = [found.share_floor.value, found.share_floor.low, found.share_floor.high]
    return {"ndb": Measurement(found.share, "lower", {"by_chance": by_chance})}
