"""What Ray costs a training, and what a second process gives: steps and images per second once it runs.

Pairs take turns, each training in a process of its own, so that a machine that drifts drifts for both.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from bench.measure import Row
from ganatomy.runs.run import Run
from ganatomy.system.runtime import cores

ROUNDS = 5
RECIPE, SIZE, WIDTH, BATCH = "dcgan", (32, 32, 3), 32, 64
STEPS = 400
START = 0.25  # of the steps, which are not counted: memory is taken, and convolutions are chosen
ONE_THREAD = "--set=runtime.threads=1"


def cluster() -> list[Row]:
    """`train --workers 1` beside no engine; two workers beside one, each with one thread."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        np.save(place / "noise.npy", np.random.default_rng(0).integers(0, 256, (2000, *SIZE), np.uint8))
        plain, placed = _pairs(place, "engine", [], ["--workers", "1", "--on", "ray"])
        cost = median(before / after - 1 for before, after in zip(plain, placed, strict=True))
        words = f"{cost:+.1%} a step; {median(plain):.2f} → {median(placed):.2f} steps/s, {ROUNDS} pairs"
        numbers = {"plain": median(plain), "workers 1": median(placed), "cost": cost}
        rows.append(Row("cluster: --workers 1 --on ray, beside no engine", words, "≤ 3%", numbers))
        if cores() < 2:
            return rows
        one, two = _pairs(place, "scaling", [ONE_THREAD], ["--workers", "2", "--on", "ray", ONE_THREAD])
        scale = median(after / before for before, after in zip(one, two, strict=True))
        speeds = [BATCH * median(each) for each in (one, two)]
        words = f"{scale:.2f}×; {speeds[0]:.0f} → {speeds[1]:.0f} images/s, one thread each, {ROUNDS} pairs"
        numbers = {"1 process": speeds[0], "2 workers": speeds[1], "scaling": scale}
        rows.append(Row(f"cluster: 2 workers beside 1 process, batch {BATCH} over all", words, "", numbers))
    return rows


def _pairs(place: Path, name: str, first: list[str], second: list[str]) -> tuple[list[float], list[float]]:
    """Steps per second of two ways to train, taking turns; which one begins changes from pair to pair."""
    speeds: dict[int, list[float]] = {0: [], 1: []}
    for pair in range(ROUNDS):
        for which in (pair % 2, 1 - pair % 2):
            speeds[which].append(_speed(place, f"{name}-{pair}-{which}", [first, second][which]))
    return speeds[0], speeds[1]


def _speed(place: Path, name: str, options: list[str]) -> float:
    """Steps per second of a training after its start, by its own records."""
    fixed = {
        "training.batch": BATCH,
        "generator.width": WIDTH,
        "discriminator.width": WIDTH,
        "runtime.precision": "float32",
        "runtime.convolution": "native",
        "log.every": max(1, STEPS // 20),
        "log.snapshot": 10 * STEPS,
        "log.checkpoint": 10 * STEPS,
    }
    settings = [f"--set={option}={value}" for option, value in fixed.items()]
    given = ["train", "noise.npy", "--recipe", RECIPE, "--steps", str(STEPS), "--name", name, "--device", "cpu"]
    command = [sys.executable, "-m", "ganatomy", *given, *settings, *options]
    subprocess.run(command, check=True, capture_output=True, cwd=place)
    records = [record for record in Run(place / "runs" / name).records() if record["step"] >= START * STEPS]
    first, last = records[0], records[-1]
    return float((last["step"] - first["step"]) / (last["seconds"] - first["seconds"]))
