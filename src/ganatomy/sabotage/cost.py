"""What the diagnosis costs: the same training with and without it, in turns."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from ganatomy import training

PAIRS = 5


def measured(folder: Path, seconds: float = 40.0, pairs: int = PAIRS) -> dict[str, Any]:
    """Steps a second of the recipe `digits`, as a user has it, by turns with the diagnosis and without.

    Both train for `seconds`; the cost is the share of the steps that are lost, with its standard error over pairs.
    """
    rates: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(pairs):
        for on in (True, False) if turn % 2 else (False, True):
            settings = {"training.minutes": seconds / 60, "diagnosis.on": on}
            name = f"cost-{turn}-{'on' if on else 'off'}-{time.time_ns()}"
            console = Console(quiet=True)
            run = training.train(
                "digits", recipe="digits", settings=settings, name=name, runs=folder / "cost", console=console
            )
            info = run.info()
            rates[on].append(info["step"] / info["seconds"])
    lost = 1 - np.array(rates[True]) / np.array(rates[False])
    error = float(lost.std(ddof=1) / np.sqrt(pairs)) if pairs > 1 else float("nan")
    return {
        "lost": float(lost.mean()),
        "error": error,
        "pairs": pairs,
        "steps_a_second": {str(k): v for k, v in rates.items()},
    }
