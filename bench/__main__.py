"""`make bench`: training and evaluation against the clock. Prints a table and writes it under bench/results/.

python -m bench [step dense loop help memory frechet neighbours streaming serve studio intervals torture shards
                 rows cluster gpu]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np
import torch
from rich.console import Console

from bench.cluster import cluster
from bench.frechet import frechet
from bench.gpu import facts, gpu
from bench.intervals import intervals
from bench.measure import Row, alternate
from bench.neighbours import neighbours
from bench.rows import rows
from bench.serve import serve
from bench.shards import shards
from bench.streaming import streaming
from bench.studio import studio
from bench.textbook import training_step
from bench.torture import torture
from bench.torture.made import HARM
from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.data import Images
from ganatomy.data.batches import RealBatches
from ganatomy.gan.method import Batch, Method
from ganatomy.runs.run import Run
from ganatomy.system import machine, runtime
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.training import autotune
from ganatomy.training.callbacks.walk import Walk
from ganatomy.training.loop import Budget, State, fit
from ganatomy.training.prepare import Prepared
from ganatomy.training.standard import standard_callbacks

RESULTS = Path(__file__).parent / "results"
BATCH = 64
CONSOLE = Console(width=120)


def step() -> list[Row]:
    """Our training step against the textbook's loop: 64×64 DCGAN, batch 64."""
    torch.manual_seed(0)
    real = torch.rand(BATCH, 3, 64, 64) * 2 - 1
    config = recipe("dcgan")
    with runtime.start("cpu") as here:
        tuned, timings = autotune.choose(config, (3, 64, 64), here)
        for timing in timings:
            CONSOLE.print(f"  {timing}", style="dim", highlight=False)
        ways = {
            "textbook": training_step(real),
            "float32, native": _ours(config, here, real, "float32", "native"),
            "float32, patches": _ours(config, here, real, "float32", "patches"),
        }
        chosen = f"{tuned.runtime.precision}, {tuned.runtime.convolution}"
        if chosen not in ways:
            ways[chosen] = _ours(config, here, real, tuned.runtime.precision, tuned.runtime.convolution)
        seconds = alternate(ways, rounds=7)
        peaks = machine.product_speeds()
    flops = 2.1e9 * BATCH
    rows = []
    for name, value in seconds.items():
        peak = peaks["bfloat16" if name.startswith("bfloat16") else "float32"]
        ratio, speed = seconds["textbook"] / value, flops / value / 1e9
        mark = ", chosen" if name == chosen else ""
        words = f"{BATCH / value:.1f} images/s, {ratio:.2f}× the textbook, {speed / peak:.0%} of {peak:,.0f} GFLOP/s"
        criterion = "≥ 1.2× (float32), ≥ 4× with AMX" if mark else ""
        rows.append(Row(f"step: {name}{mark}", words, criterion, {"seconds": value, "ratio": ratio, "peak": peak}))
    return rows


def dense() -> list[Row]:
    """The training step of goodfellow2014, dense layers alone: matrix products by torch (MKL) and by ours (oneDNN)."""
    pixels = np.random.default_rng(0).integers(0, 256, (50_000, 28, 28, 1), np.uint8)
    ways, steps = {}, 5
    with runtime.start("cpu", threads=1) as here:
        for way in ("native", "patches"):
            config = change(recipe("goodfellow2014"), {"runtime.convolution": way})
            game, numbers = build.method(config, (1, 28, 28), here), count()
            batches = RealBatches(pixels, config.training.batch, 1, Randomness(0), here)

            def train(game: Method = game, numbers: Iterator[int] = numbers, batches: RealBatches = batches) -> None:
                for _ in range(steps):
                    game.step(next(numbers), batches)

            ways[way] = train
        seconds = alternate(ways, rounds=21)
    native, ours = (steps * config.training.batch / seconds[way] for way in ways)
    words = f"{native:,.0f} → {ours:,.0f} images/s, {ours / native:.2f}×, one thread"
    return [Row("step: goodfellow2014, dense layers by oneDNN", words, "", {"native": native, "patches": ours})]


def _ours(config: Config, here: Runtime, real: torch.Tensor, precision: str, convolution: str) -> Callable[[], object]:
    settings = {"runtime.precision": precision, "runtime.convolution": convolution}
    game = build.method(change(config, settings), (3, 64, 64), replace(here, precision=precision))
    steps, images = count(), Batch(real.to(memory_format=torch.channels_last))
    return lambda: game.step(next(steps), lambda step, turn: images)


def images_of(pixels: np.ndarray) -> Images:
    """Pixels as a prepared set."""
    return Images(pixels, None, None, "", "noise", [])


def loop() -> list[Row]:
    """The whole loop with every callback against the bare steps: the digits recipe, its own intervals."""
    steps, config = 1000, recipe("digits")
    settings = {"runtime.precision": "float32", "runtime.convolution": "native", "training.steps": steps}
    config = change(config, {**settings, "training.minutes": None})
    pixels = np.random.default_rng(0).integers(0, 255, (5000, 28, 28, 1), np.uint8)
    with runtime.start("cpu") as here, tempfile.TemporaryDirectory() as folder:
        names = (f"run{i}" for i in count())

        def train(watched: bool) -> None:
            game = build.method(config, (1, 28, 28), here)
            batches = RealBatches(pixels, config.training.batch, 1, Randomness(0), here)
            if not watched:
                for i in range(steps):
                    game.step(i, batches)
                return
            run = Run.create(next(names), config, Path(folder))
            budget = Budget(steps=steps)
            # Its end (walk, report) is a price paid once, not a share of each step.
            state, prepared = State(game), Prepared(config, images_of(pixels), here)
            callbacks = standard_callbacks(run, prepared, Console(quiet=True), state, batches)
            fit(game, batches, state, budget, [each for each in callbacks if not isinstance(each, Walk)])

        seconds = alternate({"bare": lambda: train(False), "watched": lambda: train(True)}, rounds=3, warm_up=1)
    share = seconds["watched"] / seconds["bare"] - 1
    words = f"{share:+.1%} over {1000 * seconds['bare'] / steps:.1f} ms a step"
    return [Row("loop: all callbacks", words, "≤ 3%", {**seconds, "share": share})]


def help() -> list[Row]:
    """How long `ganatomy --help` takes, as a process."""
    seconds = []
    for _ in range(9):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ganatomy", "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return [Row("ganatomy --help", f"{median(seconds):.2f} s", "< 0.5 s", {"seconds": median(seconds)})]


def memory() -> list[Row]:
    """Resident memory over 20,000 steps of a small network with every callback."""
    config = change(
        recipe("digits"),
        {
            "generator.width": 4,
            "discriminator.width": 4,
            "training.batch": 8,
            "training.minutes": None,
            "training.steps": 20_000,
            "runtime.precision": "float32",
            "runtime.convolution": "native",
        },
    )
    pixels = np.random.default_rng(0).integers(0, 255, (5000, 28, 28, 1), np.uint8)
    seen: dict[int, float] = {}
    with runtime.start("cpu") as here, tempfile.TemporaryDirectory() as folder:
        game = build.method(config, (1, 28, 28), here)
        run = Run.create("memory", config, Path(folder))
        budget, state = Budget(steps=20_000), State(game)
        batches, prepared = RealBatches(pixels, 8, 1, Randomness(0), here), Prepared(config, images_of(pixels), here)
        callbacks = standard_callbacks(run, prepared, Console(quiet=True), state, batches)
        watching = [each for each in callbacks if not isinstance(each, Walk)]
        for until in (2_000, 20_000):
            fit(game, batches, state, replace(budget, steps=until), watching)
            seen[until] = _resident_mib()
    growth = seen[20_000] - seen[2_000]
    words = f"{growth:+.1f} MiB from step 2,000 to 20,000, of {seen[2_000]:,.0f} MiB"
    return [Row("memory", words, "flat", {str(step): value for step, value in seen.items()})]


def _resident_mib() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


BENCHMARKS = {
    "step": step,
    "dense": dense,
    "loop": loop,
    "help": help,
    "memory": memory,
    "frechet": frechet,
    "neighbours": neighbours,
    "streaming": streaming,
    "serve": serve,
    "studio": studio,
}
# Half an hour, six minutes, minutes, half an hour, and seven minutes of a GPU: only when they are named.
SLOW = {"intervals": intervals, "torture": torture, "shards": shards, "rows": rows, "cluster": cluster, "gpu": gpu}


def main(names: list[str]) -> None:
    """Run the named benchmarks (all, if none is named), print and write what came out."""
    rows = [row for name in names or BENCHMARKS for row in {**BENCHMARKS, **SLOW}[name]()]
    here = machine.describe()
    title = f"{here['processor']}, {here['cores']} cores, {here['matrix_units']}, torch {torch.__version__}"
    device = {"device": facts()} if "gpu" in names else {}
    title += "".join(f"; {name} {value}" for each in device.values() for name, value in each.items())
    date = time.strftime("%Y-%m-%d")
    lines = [f"# Benchmarks, {date}", "", title, "", "| what | measured | criterion |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.value} | {row.criterion} |" for row in rows]
    text = "\n".join(lines) + "\n"
    CONSOLE.print(text, highlight=False, markup=False)
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / f"{date}-{'amx' if machine.has_amx() else 'no-amx'}-{'-'.join(names) or 'all'}"
    stem.with_suffix(".md").write_text(text)
    result = {"date": date, "machine": here, **device, "rows": {row.what: row.numbers for row in rows}}
    stem.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    if harmed := [row.what for row in rows if any(word in row.value for word in HARM)]:
        sys.exit(f"Not as it must be: {'; '.join(harmed)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
