"""A score with its 95% interval.

Every interval answers one question: how far would the score move with other generated samples, equally many, against
the same real ones? It says nothing about another training seed or another reference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
import scipy  # its parts are imported when they are first used
from numpy.typing import ArrayLike, NDArray

from ganatomy.errors import UserError

LEVEL = 0.95
GROUPS = 20
DRAWS, HALVINGS = 200, 5  # of the bootstrap


@dataclass(frozen=True)
class Estimate:
    """A score and the ends of its 95% interval: −∞ and ∞ where there are too few samples to say."""

    value: float
    low: float
    high: float

    @classmethod
    def point(cls, value: float) -> "Estimate":
        """A value without an interval."""
        return cls(value, -inf, inf)


def groups(count: int, number: int = GROUPS) -> list[NDArray[np.intp]]:
    """Indices 0 … count − 1 in `number` random groups, always the same; each an array [K].

    Their sizes differ by one at most. Random, because a folder may be sorted: groups of neighbours would differ by
    more than chance.
    """
    return np.array_split(np.random.default_rng(0).permutation(count), min(number, count))


def jackknife(score: Callable[[NDArray], float], fake: NDArray, intervals: bool = True) -> Estimate:
    """A score of generated samples [N, …], its variance from leaving out each of 20 groups in turn.

    Right for a score that changes smoothly with the distribution of its samples: its bias at N cancels. Too wide for
    counts of neighbours. Without intervals the score is computed once. A score that raises UserError without a group
    has no interval: it is defined for all the samples, but not for fewer.
    """
    return from_left_out(score(fake), without_groups(score, fake) if intervals else [])


def without_groups(score: Callable[[NDArray], float], fake: NDArray) -> list[float]:
    """The score of samples [N, …] without each of 20 groups in turn; none where it is not defined for so few."""
    try:
        return [score(np.delete(fake, group, axis=0)) for group in groups(len(fake))] if len(fake) > 1 else []
    except UserError:
        return []


def from_left_out(value: float, left_out: Sequence[float] | NDArray) -> Estimate:
    """A value with the interval of the delete-a-group jackknife, from the scores without each group, [G].

    Student's t, variance (G − 1)/G·Σ(θ₋ⱼ − mean)²: Shao & Tu 1995, section 2.3. Of no groups there is no interval.
    """
    if not len(left_out):
        return Estimate.point(value)
    deleted = np.asarray(left_out, np.float64)
    number = len(deleted)
    error = sqrt((number - 1) / number * float(np.square(deleted - deleted.mean()).sum()))
    return around(value, error, degrees=number - 1)


def bias(value: float, left_out: Sequence[float]) -> float:
    """How far a value lies above that of infinitely many samples on average, to first order in 1/N.

    (G − 1)(mean θ₋ⱼ − θ), of the scores without each group, [G ≥ 1]: Quenouille 1956; Shao & Tu 1995, eq. 1.8.
    """
    return (len(left_out) - 1) * (float(np.mean(left_out)) - value)


def mean(values: ArrayLike) -> Estimate:
    """The mean of independent values [N], with Student's t."""
    array = np.asarray(values, np.float64)
    if len(array) < 2:
        return Estimate.point(float(array.mean()))
    return around(float(array.mean()), float(array.std(ddof=1)) / sqrt(len(array)), degrees=len(array) - 1)


def share(hits: ArrayLike) -> Estimate:
    """The share of True among independent hits [N]: Wilson's interval, which is right near 0 and 1 too."""
    array = np.asarray(hits, bool)
    low, high = scipy.stats.binomtest(int(array.sum()), len(array)).proportion_ci(LEVEL, method="wilson")
    return Estimate(float(array.mean()), float(low), float(high))


def around(value: float, error: float, degrees: float) -> Estimate:
    """value ± t·error, t of Student's distribution with so many degrees of freedom."""
    reach = float(scipy.stats.t.ppf((1 + LEVEL) / 2, degrees)) * error
    return Estimate(value, value - reach, value + reach)


def matched_bootstrap(
    score: Callable[[NDArray], NDArray], counts: NDArray, base: NDArray, most: float = np.inf
) -> Estimate:
    """A score in [0, most] of class counts, counts [..., K] → [...], its standard error from 200 multinomial draws.

    base [K]: the proportions that a perfect generator has. Draws from the observed proportions would count their
    sampling noise twice: near a score's best value they all score worse than what was observed. So they are drawn from
    the mixture of the observed proportions and `base` whose draws score what was observed, on average.
    """
    number, shares, value = int(counts.sum()), counts / counts.sum(), float(score(counts))

    def drawn(weight: float) -> NDArray:
        mixed = weight * shares + (1 - weight) * base
        # The same seed at every weight: the mean then moves with the weight alone.
        return score(np.random.default_rng(0).multinomial(number, mixed / mixed.sum(), size=DRAWS))

    low, high = 0.0, 1.0
    rising = drawn(high).mean() > drawn(low).mean()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if (drawn(middle).mean() > value) == rising else (middle, high)
    return within(around(value, float(drawn((low + high) / 2).std(ddof=1)), np.inf), most)


def within(estimate: Estimate, most: float) -> Estimate:
    """The same with its interval, if it has one, cut to the score's range, 0 to `most`."""
    if not isfinite(estimate.low):
        return estimate
    return Estimate(estimate.value, max(estimate.low, 0.0), min(estimate.high, most))
