"""Tables of 10,000 to 1,000,000 rows: seconds to the first step, steps/s, seconds to draw and to score, peak memory.

python -m bench.rows TABLE  (one child of the benchmark; prints JSON)
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import ganatomy
from bench.frechet import peak
from bench.measure import Row
from ganatomy.system.terminal import Terminal
from ganatomy.training.loop import Callback, State

COUNTS = (10_000, 100_000, 1_000_000)
STEPS = 50
DRAWN = 10_000
METRICS = ["columns", "association", "nearest_ratio"]


def rows() -> list[Row]:
    """A training, rows that are drawn, and their scores, of tables of ten columns."""
    found = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "table.csv")
            people(count).to_csv(table, index=False)
            command = [sys.executable, "-m", "bench.rows", str(table)]
            result = subprocess.run(command, check=True, capture_output=True, text=True)
            size = table.stat().st_size
        measured = {**json.loads(result.stdout.splitlines()[-1]), "bytes": size}
        words = (
            f"CSV of {size / 1e6:,.0f} MB: first step after {measured['first']:.1f} s, "
            f"{measured['speed']:,.0f} steps/s, {DRAWN:,} rows drawn in {measured['drawing']:.1f} s, "
            f"scored in {measured['scoring']:.1f} s, "
            f"{measured['peak'] / 2**20:,.0f} MiB at most"
        )
        found.append(Row(f"rows: {count:,}", words, "a table of 1,000,000 rows fits", measured))
    return found


def people(count: int) -> pd.DataFrame:
    """A table whose density is known: numbers, two of them correlated, dates, categories of 2 to 2,000 values."""
    random = np.random.default_rng(0)
    age = random.integers(18, 91, count)
    income = np.round(np.exp(random.normal(9 + age / 90, 0.5)), 2)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.where(random.random(count) < 0.03, np.nan, income),
            "height": np.round(random.normal(np.where(random.random(count) < 0.5, 164, 178), 7), 1),
            "distance": np.round(random.exponential(12, count), 3),
            "share": np.round(random.beta(2, 5, count), 4),
            "children": random.poisson(1.4, count),
            "joined": pd.Timestamp("2010-01-01") + pd.to_timedelta(random.integers(0, 5000, count), "D"),
            "member": random.random(count) < 0.3,
            "city": [f"city {i}" for i in random.zipf(1.6, count) % 50],
            "shop": [f"shop {i}" for i in random.integers(0, 2000, count)],
        }
    )


class _FirstStep(Callback):
    """When the first step ended, and the last."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def after_step(self, state: State) -> None:
        """Note the time."""
        self.times.append(time.perf_counter())


def measure(table: Path) -> dict[str, float]:
    """Seconds to the first step, steps/s of those that follow, seconds to draw and to score, bytes at the peak."""
    console, clock = Terminal(quiet=True), _FirstStep()
    began = time.perf_counter()
    settings = {"training.steps": STEPS, "log.snapshot": STEPS, "log.checkpoint": STEPS, "diagnosis.on": False}
    run = ganatomy.train(table, settings=settings, runs=table.parent, callbacks=[clock], console=console)
    trained = time.perf_counter()
    ganatomy.sample(run, rows=DRAWN, out=table.parent / "drawn.csv")
    drawn = time.perf_counter()
    ganatomy.evaluate(run, metrics=METRICS, n=DRAWN, console=console)
    return {
        "first": clock.times[0] - began,
        "speed": (STEPS - 1) / (clock.times[-1] - clock.times[0]),
        "drawing": drawn - trained,
        "scoring": time.perf_counter() - drawn,
        "peak": peak(),
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
