"""Ratios side by side: contestants take turns in one process, so that a machine that drifts drifts for all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, the value as a person reads it, the criterion, and the raw numbers."""

    what: str
    value: str
    criterion: str
    numbers: dict[str, float]


def alternate(contestants: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 2) -> dict[str, float]:
    """Median seconds of each, over `rounds` turns after `warm_up` turns that are not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(warm_up + rounds):
        for name, work in contestants.items():
            began = time.perf_counter()
            work()
            if turn >= warm_up:
                times[name].append(time.perf_counter() - began)
    return {name: median(values) for name, values in times.items()}
