"""Metrics by name: what each compares, what decides it, and which way is better. Arrays in, numbers out; no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics.arrays import Array
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.system.registry import Registry, summary_of

if TYPE_CHECKING:
    from ganatomy.runs.scorecard import Better

Need = Literal["classes", "unseen"]


@dataclass(frozen=True)
class Sample:
    """A set of images as metrics see it, in an order that means nothing.

    features       [N, D] of an extractor
    probabilities  [N, K] of its classes, or None
    pixels         uint8 [M, H, W, C], the first M ≤ N of the images: the few metrics of pixels need only some
    """

    features: Array
    probabilities: Array | None
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class Sets:
    """What a metric compares: real images, generated ones, and real ones that the generator did not learn from."""

    real: Sample
    fake: Sample
    unseen: Sample | None = None

    def same_size(self) -> tuple[Array, Array]:
        """Real and generated features, at most as many real ones [≤ N, D] as generated ones [N, D].

        For scores of pairs, which take too long with all real images.
        """
        return self.real.features[: len(self.fake.features)], self.fake.features


@dataclass(frozen=True)
class Measurement:
    """A score with its interval, which way a generator improves, and what belongs beside the number."""

    estimate: Estimate
    better: Better
    details: dict[str, Any] = field(default_factory=dict)


Measure = Callable[[Sets, bool], Mapping[str, Measurement]]


@dataclass(frozen=True)
class Metric:
    """Scores that are measured together. See `register_metric`."""

    measure: Measure
    scores: tuple[str, ...]
    settings: Mapping[str, Any]
    needs: frozenset[Need]
    pixels: int
    usual: bool
    official: str | None


METRICS: Registry[Metric] = Registry("metric")


def register_metric(
    name: str,
    *,
    scores: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    needs: Sequence[Need] = (),
    pixels: int = 0,
    usual: bool = False,
    official: str | None = None,
) -> Callable[[Measure], Measure]:
    """Register a function of (sets, whether intervals are wanted) that returns scores by name.

    Its docstring describes the metric in help texts and in docs/EVALUATION.md; without intervals it may be faster.

    scores    the names of its scores as the docs list them; `name` if there is only that one
    settings  what decides the numbers beside the images: the score card keeps it
    needs     "classes": an extractor with class probabilities; "unseen": real images not learnt from
    pixels    how many images of each set it looks at as pixels; if any, it does not use the extractor's features
    usual     whether it is measured where no metric is chosen
    official  the name that its score has with the official Inception weights, such as fid

        @register_metric("spread")
        def spread(sets: Sets, intervals: bool) -> dict[str, Measurement]:
            \"""Standard deviation of the generated features.\"""
            return {"spread": Measurement(jackknife(np.std, sets.fake.features, intervals), "as real")}
    """

    def register(measure: Measure) -> Measure:
        metric = Metric(
            measure, tuple(scores) or (name,), dict(settings or {}), frozenset(needs), pixels, usual, official
        )
        METRICS.add(name, metric, module=measure.__module__, summary=summary_of(measure))
        return measure

    return register
