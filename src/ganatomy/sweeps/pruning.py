"""Which trials end early: those that collapse, and those that are behind others at the same share of their budget."""

from collections.abc import Iterable, Mapping
from statistics import mean
from typing import Any

from ganatomy.diagnosis import diagnose_run
from ganatomy.diagnosis.signals import PREFIX
from ganatomy.errors import UserError
from ganatomy.runs.run import Run

COLLAPSE = "mode collapse"  # the finding that ends a trial
RUNGS = (25, 50)  # percent of the budget, at which a trial is compared with those that have finished
FINISHED = 5  # trials, before another one is compared with them
DISTANCE, SPENT = PREFIX + "distance", PREFIX + "spent"


def collapsed(run: Run) -> str | None:
    """The verdict on a run, if it is that of a collapse for longer than a moment."""
    verdicts = [event for event in run.events() if event["event"] == "verdict"]
    if not verdicts or not str(verdicts[-1].get("verdict")).startswith(COLLAPSE):  # cheap to see
        return None
    try:
        monitor = diagnose_run(run)
    except UserError:
        return None
    first = monitor.present[0] if monitor.present else None
    lasting = first is not None and first.name == COLLAPSE and first.certainty != "suspected"
    return str(first) if monitor.warm and lasting else None


def distances(records: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """How far generated images were from real ones at each rung that a training has passed, by its percent.

    The mean of the diagnosis' distance over the second half of the way to the rung: a single one depends on its images.
    """
    measured = [(100 * record[SPENT], record[DISTANCE]) for record in records if SPENT in record and DISTANCE in record]
    furthest = max((percent for percent, _ in measured), default=0.0)
    found = {}
    for rung in RUNGS:
        near = [distance for percent, distance in measured if rung / 2 < percent <= rung]
        if furthest >= rung and near:
            found[rung] = mean(near)
    return found


def behind(rung: int, distance: float, median: float) -> str:
    """Why a trial is ended that is further from the real images than half of those that have finished."""
    return (
        f"behind half of the finished trials after {rung}% of its budget "
        f"(distance {distance:.3g}, their median {median:.3g})"
    )
