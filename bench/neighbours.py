"""Precision, recall, density and coverage of 10,000 × 10,000 samples against the usual way of computing them.

The usual way: three whole matrices of distances in float64, and the k-th smallest of each row by partition. Here with
our own conventions (k = 3 with the surface, k = 5 without), so that the scores can be compared for equality.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.metrics import pairwise_distances

from bench.measure import Row, alternate
from ganatomy.evaluation.metrics.neighbours import neighbour_estimates, neighbour_scores

COUNT = 10_000
ROUNDS = 3


def samples(dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Real and generated features, whose four scores are neither 0 nor 1."""
    chance = np.random.default_rng(0)
    return chance.normal(size=(COUNT, dimension)), 0.98 * chance.normal(size=(COUNT, dimension)) + 0.02


def usual(real: np.ndarray, fake: np.ndarray, k: int = 3, density_k: int = 5) -> dict[str, float]:
    """The four scores from whole matrices of distances."""

    def radii(distances: np.ndarray, k: int) -> np.ndarray:
        near = np.argpartition(distances, k + 1, axis=1)[:, : k + 1]  # itself, at 0, and k others
        return np.take_along_axis(distances, near, axis=1).max(axis=1)

    among_real, among_fake, between = pairwise_distances(real), pairwise_distances(fake), pairwise_distances(real, fake)
    inside = between < radii(among_real, density_k)[:, None]
    return {
        "precision": float((between <= radii(among_real, k)[:, None]).any(axis=0).mean()),
        "recall": float((between <= radii(among_fake, k)).any(axis=1).mean()),
        "density": float(inside.sum() / (density_k * len(fake))),
        "coverage": float((between.min(axis=1) < radii(among_real, density_k)).mean()),
    }


WAYS = {
    "samples alone": lambda real, fake: None,
    "usual": usual,
    "ours": lambda real, fake: vars(neighbour_scores(real, fake)),
    "ours, with intervals": lambda real, fake: vars(neighbour_estimates(real, fake)),
}


def peak_mib(way: str, dimension: int) -> float:
    """The most memory that a process of its own has held (Linux)."""
    command = [sys.executable, "-m", "bench.neighbours", way, str(dimension)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def neighbours(dimensions: tuple[int, ...] = (256, 2048)) -> list[Row]:
    """Median seconds, agreement and peak memory of each way."""
    rows = []
    for dimension in dimensions:
        sets, scores = samples(dimension), {}

        def work(way: str, sets: tuple = sets, scores: dict = scores) -> None:
            scores[way] = WAYS[way](*sets)

        ways = [way for way in WAYS if way != "samples alone"]
        seconds = alternate({way: lambda way=way: work(way) for way in ways}, rounds=ROUNDS, warm_up=0)
        alone = peak_mib("samples alone", dimension)
        memory = {way: peak_mib(way, dimension) - alone for way in ways}
        agree = max(abs(scores["ours"][name] - scores["usual"][name]) for name in scores["usual"])
        for way in ways:
            time, space = seconds[way] / seconds["usual"], memory[way] / memory["usual"]
            words = f"{seconds[way]:.1f} s, {time:.2f}×; {memory[way]:,.0f} MiB, {space:.2f}×"
            words += f"; the scores differ by {agree:.1e} at most" if way == "ours" else ""
            criterion = "" if way == "usual" else "≤ 1× the time, ≤ 0.25× the memory"
            numbers = {"seconds": seconds[way], "peak_mib": memory[way], "difference": agree}
            rows.append(Row(f"neighbours, {dimension} dimensions: {way}", words, criterion, numbers))
    return rows


def child(way: str, dimension: str) -> None:
    """One way in this process; prints the peak of its memory in MiB."""
    WAYS[way](*samples(int(dimension)))
    # Not getrusage: its peak includes that of the process this one was forked from.
    print(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)


if __name__ == "__main__":
    child(*sys.argv[1:])
