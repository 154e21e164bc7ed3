"""Precision, recall, density and coverage: who lies in whose neighbourhood.

A sample's ball reaches to its k-th nearest other sample of the same set. All pairs are compared by matrix products, a
block of rows at a time; pairs that lie closer to a ball's surface than a product's rounding, and so every tie and every
copy, are compared once more by their own differences. The counts are those of all differences in float64.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import combinations_with_replacement, compress, pairwise
from math import sqrt
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.arrays import Array, pair
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.registry import Measurement, Sets, register_metric

BLOCK = 2**20  # distances at a time: 8 MiB, so that the passes over a block find it in the cache
PARTS = 16
# Balanced halves of the parts, each followed by its complement 15 rows below (McCarthy 1969): any two parts are as
# often together as apart.
HADAMARD = reduce(np.kron, [np.array([[1, 1], [1, -1]])] * 4)  # Sylvester's, [PARTS, PARTS]
HALVES = np.concatenate([HADAMARD[1:] > 0, HADAMARD[1:] < 0])

Score = TypeVar("Score")


@dataclass(frozen=True)
class NeighbourScores(Generic[Score]):
    """The four scores of one pair of sets: numbers, or estimates with their intervals."""

    precision: Score
    recall: Score
    density: Score
    coverage: Score


def neighbour_scores(real: ArrayLike, fake: ArrayLike, k: int = 3, density_k: int = 5) -> NeighbourScores[float]:
    """Do generated samples look real (precision, density)? Do they reach all that is real (recall, coverage)?

    real, fake: features [N, D] and [M, D].
    Precision: the share of generated samples in the ball of some real one. Recall: the share of real samples in the
    ball of some generated one. k nearest neighbours, the ball's surface included: Kynkäänniemi et al. 2019
    (arXiv:1904.06991), eqs. 1 and 2.
    Density, 0 or more, about 1 if the distributions agree: how many real balls a generated sample lies in, over k.
    Coverage: the share of real balls that hold a generated sample. density_k nearest neighbours: Naeem et al. 2020
    (arXiv:2002.09797), section 3.2; the surface excluded, as in their code: so a copy of the real set has density 1.
    Raises UserError for sets that cannot be compared or are too small for k neighbours.
    """
    counts = _count(real, fake, k, density_k, halves=HALVES[:0])
    return NeighbourScores(
        precision=float(counts.precise.mean()),
        recall=float(counts.recalled.mean()),
        density=float(counts.balls.mean() / density_k),
        coverage=float((counts.held > 0).mean()),
    )


def neighbour_estimates(real: ArrayLike, fake: ArrayLike, k: int = 3, density_k: int = 5) -> NeighbourScores[Estimate]:
    """`neighbour_scores` of features [N, D] and [M, D], with intervals for other generated samples, equally many.

    Precision and density are means over generated samples, independent given the real ones. Recall and coverage depend
    on all generated samples together, and in a way for which leaving some out misleads: see `_recall` and `_coverage`.
    Of fewer than 64 generated samples recall has no interval. Raises UserError as `neighbour_scores` does.
    """
    enough = len(np.asarray(fake)) >= max(4 * PARTS, 4 * k)
    counts = _count(real, fake, k, density_k, halves=HALVES if enough else HALVES[:0])
    return NeighbourScores(
        precision=estimate.share(counts.precise),
        recall=_recall(counts),
        density=estimate.mean(counts.balls / density_k),
        coverage=_coverage(counts),
    )


class _Counts(NamedTuple):
    precise: Array  # [M] bool: in the ball of some real sample
    balls: Array  # [M]: how many real balls it lies in
    held: Array  # [N]: generated samples in the real ball
    alone: Array  # [·]: the one generated sample of each real ball that holds one
    couples: Array  # [·, 2]: the two of each real ball that holds two
    recalled: Array  # [N] bool: in the ball of some generated sample
    recalled_by_half: Array  # [H, N] bool: if only this half had been generated


def _count(real: ArrayLike, fake: ArrayLike, k: int, density_k: int, halves: Array) -> _Counts:
    most = max(k, density_k)
    if min(k, density_k) < 1:
        raise UserError("Precision, recall, density and coverage need k neighbours: k must be 1 or more.")
    real, fake = pair(real, fake, most + 1, "Precision, recall, density, coverage")
    reals, fakes = centred(real, fake[np.concatenate(estimate.groups(len(fake), PARTS))])

    nearest = _smallest(reals, *_nearest_others(reals, _slices(len(real)), most), most)
    precise_ball, dense_ball = nearest[:, [k - 1]], nearest[:, [density_k - 1]]
    parts = _slices(len(fake))
    squared, others = _nearest_others(fakes, parts, k)
    recall_ball = _smallest(fakes, squared, others, k)[None, :, k - 1]
    half_balls = np.full((len(halves), len(fake)), -np.inf)  # no ball around a sample that the half has not
    for half, ball in zip(halves[:, : len(parts)], half_balls, strict=True):
        inside = np.concatenate([np.arange(part.start, part.stop) for part in compress(parts, half)])
        ball[inside] = np.partition(squared[inside][:, half].reshape(len(inside), -1), k - 1)[:, k - 1]

    precise, balls = np.zeros(len(fake), bool), np.zeros(len(fake), np.intp)
    recalled_by_half = np.empty((len(halves), len(real)), bool)
    held, alone, couples, recalled = [], [], [], []
    close = rounding(reals, fakes)
    for rows, squared in squared_distances(reals, fakes):
        for ball in (precise_ball[rows], dense_ball[rows], recall_ball):
            _settle(squared, ball, reals.samples[rows], fakes.samples, close)
        precise |= (squared <= precise_ball[rows]).any(axis=0)
        dense = squared < dense_ball[rows]
        balls += np.count_nonzero(dense, axis=0)
        held.append(np.count_nonzero(dense, axis=1))
        alone.append(np.nonzero(dense[held[-1] == 1])[1])
        couples.append(np.nonzero(dense[held[-1] == 2])[1].reshape(-1, 2))
        recalled.append((squared <= recall_ball).any(axis=1))
        for half, half_ball in enumerate(half_balls):
            recalled_by_half[half, rows] = (squared <= half_ball).any(axis=1)
    return _Counts(
        precise=precise,
        balls=balls,
        held=np.concatenate(held),
        alone=np.concatenate(alone),
        couples=np.concatenate(couples),
        recalled=np.concatenate(recalled),
        recalled_by_half=recalled_by_half,
    )


def _coverage(counts: _Counts) -> Estimate:
    """The delete-one jackknife, its excess removed.

    A ball that holds one generated sample is lost with it: the jackknife's variance, here in closed form. A ball that
    holds two is lost with neither alone, but with both; the jackknife counts such joint effects twice (Efron & Stein
    1981), which makes its intervals for coverage up to 1.6 times too wide. `first` and `second` are the sums of squared
    effects of one sample and of two; first·first/(first + second) equals first − second to second order, and is never
    negative.
    """
    real, fake = len(counts.held), len(counts.balls)
    first = float(np.square(np.bincount(counts.alone)).sum()) - len(counts.alone) ** 2 / fake
    second = float(np.square(np.unique(counts.couples, axis=0, return_counts=True)[1]).sum())
    variance = first**2 / (first + second) if first > 0 else 0.0
    return _share(float((counts.held > 0).mean()), sqrt(variance) / real)


def _recall(counts: _Counts) -> Estimate:
    """Balanced half-samples: the halves are independent sets, so their scores differ by twice a half's variance.

    All the samples have between half that variance (were recall a mean over them) and the whole (did the wider balls of
    fewer samples make up for their number). Three quarters are midway; simulated, the share is 0.6 to 0.85, and the
    interval covers in 92% to 98% of the draws. The jackknife's would be up to twice too wide: recall is not additive.
    """
    recall = float(counts.recalled.mean())
    if not len(counts.recalled_by_half):
        return Estimate.point(recall)
    some, others = np.split(counts.recalled_by_half.mean(axis=1), 2)
    variance = float(np.square(some - others).mean()) / 2
    return _share(recall, sqrt(0.75 * variance))


def _share(value: float, error: float) -> Estimate:
    return estimate.within(estimate.around(value, error, degrees=PARTS - 1), most=1)


class Cloud(NamedTuple):
    """A set as it was given, its float64 copy around the origin, and the squared lengths there."""

    samples: Array  # [N, D]
    centred: Array  # [N, D]
    squares: Array  # [N]


def centred(reference: Array, *others: Array) -> list[Cloud]:
    """Sets [N, D], the reference first, all moved by the reference's mean.

    Without that, ‖x‖² + ‖y‖² − 2x·y would lose digits: all by which the squares exceed the distance.
    """
    centre = reference.mean(axis=0, dtype=np.float64)
    moved = [(samples, samples - centre) for samples in (reference, *others)]
    return [Cloud(samples, points, np.einsum("nd,nd->n", points, points)) for samples, points in moved]


def squared_distances(rows: Cloud, columns: Cloud) -> Iterator[tuple[slice, Array]]:
    """‖x − y‖² for some rows and all columns at a time, [n, M], within `rounding`: ‖x‖² + ‖y‖² − 2x·y.

    The next block overwrites the last one.
    """
    step = max(1, BLOCK // len(columns.samples))
    buffer = np.empty((min(step, len(rows.samples)), len(columns.samples)))
    for start in range(0, len(rows.samples), step):
        block = slice(start, min(start + step, len(rows.samples)))
        squared = np.matmul(-2 * rows.centred[block], columns.centred.T, out=buffer[: block.stop - start])
        squared += columns.squares
        squared += rows.squares[block, None]
        yield block, squared


def rounding(rows: Cloud, columns: Cloud) -> float:
    """How far `squared_distances` can be off: γₙ = nu for sums of n terms, u = ε/2 (Higham 2002, section 3.1)."""
    terms = rows.centred.shape[1] + 4
    return 2 * terms * float(np.finfo(np.float64).eps) * float(rows.squares.max() + columns.squares.max())


def differences(x: Array, y: Array) -> Array:
    """‖x − y‖² [...] of samples x and y [..., D] as they were given: equal for every pair with equal values."""
    return np.square(np.subtract(x, y, dtype=np.float64)).sum(axis=-1)


def _settle(squared: Array, balls: Array, x: Array, y: Array, close: float) -> None:
    """Put exact values in place of distances that are too close to a ball's radius to compare."""
    near = np.abs(squared - balls) <= close
    for row in np.flatnonzero(near.any(axis=1)):
        squared[row, near[row]] = differences(x[row], y[near[row]])


def _slices(count: int) -> list[slice]:
    """PARTS neighbouring parts of `count` samples, as `estimate.groups` sizes them."""
    ends = np.cumsum([0, *(len(group) for group in estimate.groups(count, PARTS))])
    return [slice(int(start), int(end)) for start, end in pairwise(ends)]


def _nearest_others(cloud: Cloud, parts: list[slice], k: int) -> tuple[Array, Array]:
    """Of each sample the k nearest others in each part: squared distances [N, P, k], within `rounding`, and who.

    ∞ where a part has not so many. Each pair is multiplied once: distances are symmetric.
    """
    shape = len(cloud.samples), len(parts), k
    squared, others = np.full(shape, np.inf), np.zeros(shape, np.intp)

    def keep(distances: Array, rows: slice, part: int) -> None:
        count = min(k, distances.shape[1])
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        squared[rows, part, :count] = np.take_along_axis(distances, near, axis=1)
        others[rows, part, :count] = parts[part].start + near

    for (i, rows), (j, columns) in combinations_with_replacement(enumerate(parts), 2):
        distances = -2 * cloud.centred[rows] @ cloud.centred[columns].T
        distances += cloud.squares[columns]
        distances += cloud.squares[rows, None]
        if i == j:
            np.fill_diagonal(distances, np.inf)
        else:
            keep(distances.T, columns, i)
        keep(distances, rows, j)
    return squared, others


def _smallest(cloud: Cloud, squared: Array, others: Array, k: int) -> Array:
    """The k smallest squared distances of each sample to the others, exactly and in order, [N, k]."""
    exact = np.empty((len(squared), k))
    step = max(1, BLOCK // (k * cloud.samples.shape[1]))
    for start in range(0, len(squared), step):
        rows = slice(start, start + step)
        distances, indices = (array[rows].reshape(len(array[rows]), -1) for array in (squared, others))
        near = np.take_along_axis(indices, np.argpartition(distances, k - 1, axis=1)[:, :k], axis=1)
        exact[rows] = np.sort(differences(cloud.samples[rows, None], cloud.samples[near]), axis=1)
    return exact


@register_metric(
    "prdc",
    scores=["precision", "recall", "density", "coverage"],
    settings={"k": 3, "density_k": 5},
    usual=True,
)
def _prdc(sets: Sets, intervals: bool) -> dict[str, Measurement]:
    """Precision, recall, density and coverage.

    Kynkäänniemi et al. 2019, k = 3, ≤; Naeem et al. 2020, k = 5, <.
    """
    if intervals:
        found = vars(neighbour_estimates(*sets.same_size()))
    else:
        found = {name: Estimate.point(value) for name, value in vars(neighbour_scores(*sets.same_size())).items()}
    return {name: Measurement(score, "higher") for name, score in found.items()}
