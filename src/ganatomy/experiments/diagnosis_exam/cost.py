"""What the diagnosis costs: the same training with and without it, in turns."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganatomy.runs.run import Run
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training

PAIRS = 5


@dataclass(frozen=True)
class Cost:
    """lost: the share of steps that the diagnosis costs, error its standard error over pairs of trainings.

    probed: the share by which records after a probe took longer than the median record of the same training, one a
    training. steps_a_second: one a training, with the diagnosis ("True") and without.
    """

    lost: float
    error: float
    probed: list[float]
    pairs: int
    steps_a_second: dict[str, list[float]]


def measured(folder: Path, seconds: float = 40.0, pairs: int = PAIRS) -> Cost:
    """The recipe `digits` with its defaults, trained for so long in turns with and without the diagnosis.

    A machine's speed can vary by more than `error`; it does not affect `probed`.
    """
    rates: dict[bool, list[float]] = {True: [], False: []}
    probed = []
    for turn in range(pairs):
        for on in (True, False) if turn % 2 else (False, True):
            settings = {"training.minutes": seconds / 60, "diagnosis.on": on}
            name = f"cost-{turn}-{'on' if on else 'off'}-{time.time_ns()}"
            console = Terminal(quiet=True)
            run = training.train(
                "digits", recipe="digits", settings=settings, name=name, runs=folder / "cost", console=console
            )
            info = run.info()
            rates[on].append(info["step"] / info["seconds"])
            if on:
                probed.append(_probed(run))
    lost = 1 - np.array(rates[True]) / np.array(rates[False])
    error = float(lost.std(ddof=1) / np.sqrt(pairs)) if pairs > 1 else float("nan")
    return Cost(float(lost.mean()), error, probed, pairs, {str(on): each for on, each in rates.items()})


def _probed(run: Run) -> float:
    records = list(run.records())
    taken = np.diff([record["seconds"] for record in records], prepend=0.0)
    probes = {record["step"] for record in run.probe_records()}
    after = [seconds for before, seconds in zip(records, taken[1:], strict=False) if before["step"] in probes]
    return float((np.array(after) - np.median(taken)).sum() / taken.sum())
