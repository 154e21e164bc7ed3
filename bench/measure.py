"""Ratios side by side: contestants take turns in one process, so that a machine that drifts drifts for all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import mean, median


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


def take_turns(
    contestants: Mapping[str, Callable[[], object]], seconds: float, wait: Callable[[], None], cycle: int = 1
) -> tuple[dict[str, float], int]:
    """Seconds of a turn of each, and how many turns each had: at least one, and no new round after so many seconds.

    The first turn, which is not counted, warms up. wait: for the device, before and after each turn. cycle: so many
    turns in a row differ in their work; the result is the mean over a cycle of the median of each of its turns.
    """
    for work in contestants.values():
        work()
    wait()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    rounds, until = 0, time.perf_counter() + seconds
    while not rounds or time.perf_counter() < until:
        for name, work in contestants.items():
            began = time.perf_counter()
            work()
            wait()
            times[name].append(time.perf_counter() - began)
        rounds += 1
    turns = range(min(cycle, rounds))
    return {name: mean(median(values[turn::cycle]) for turn in turns) for name, values in times.items()}, rounds
