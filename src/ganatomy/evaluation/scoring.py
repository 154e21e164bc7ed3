"""Which metrics are measured, and what their scores are called."""

from collections.abc import Mapping, Sequence
from math import isfinite, isnan

from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.metrics import METRICS, Measurement, Sets

ALL = "all"


def chosen(names: Sequence[str], has_classes: bool, has_unseen: bool) -> list[str]:
    """Names of METRICS: the given ones, with "all" every one that can be measured, without any the usual ones.

    Raises UserError for an unknown name, and for one that lacks what it needs.
    """
    for name in names:
        if name not in METRICS and name != ALL:
            raise unknown(METRICS.kind, name, [*METRICS, ALL])
    lacking = ({"classes"} if not has_classes else set()) | ({"unseen"} if not has_unseen else set())
    possible = [name for name, metric in METRICS.items() if not metric.needs & lacking]
    if not names:
        return [name for name in possible if METRICS[name].usual]
    if ALL in names:
        return possible
    for name in names:
        if "classes" in METRICS[name].needs & lacking:
            raise UserError(f"The metric {name} needs features with classes: choose others with --features.")
        if "unseen" in METRICS[name].needs & lacking:
            raise UserError(
                f"The metric {name} needs real images that the generator was not trained on: give --held-out DATA."
            )
    return list(dict.fromkeys(names))


def usual() -> list[str]:
    """The metrics that are measured where none is chosen."""
    return [name for name, metric in METRICS.items() if metric.usual]


def measure(name: str, sets: Sets, intervals: bool = True) -> Mapping[str, Measurement]:
    """The scores of one metric; without intervals it is faster.

    Raises UserError where the sets are too small for it, and where the metric does not return finite scores.
    """
    found = METRICS[name].measure(sets, intervals)
    if not isinstance(found, Mapping) or not all(isinstance(each, Measurement) for each in found.values()):
        raise UserError(f"The metric {name} must return its scores as a dictionary of names to Measurement.")
    for score, measured in found.items():
        estimate = measured.estimate
        if not isfinite(estimate.value) or isnan(estimate.low) or isnan(estimate.high):
            raise UserError(f"The metric {name} gives no finite number for {score} of these images.")
    return found


def label(score: str, name: str, extractor: str, official: bool) -> str:
    """What a score is called: fd_lenet; FID, IS and KID only of the official network; nothing added for pixels."""
    metric = METRICS[name]
    if metric.pixels:
        return score
    return metric.official if official and metric.official else f"{score}_{extractor}"
