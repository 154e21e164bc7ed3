"""What an evaluation keeps in memory beside the features: as much for 50,000 images as for 5,000.

python -m bench.streaming COUNT  (one child of the benchmark: prints the bytes)
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.frechet import peak
from bench.measure import Row
from ganatomy.data import Images
from ganatomy.evaluation import features
from ganatomy.evaluation.evaluator import Evaluator

FEW, MANY = 5_000, 50_000
BATCH = 500


def streaming() -> list[Row]:
    """Peak memory of measuring FEW and MANY generated images, without the features themselves."""
    mib = {count: _memory(count) / 2**20 for count in (FEW, MANY)}
    words = f"{mib[FEW]:,.0f} MiB for {FEW:,} images, {mib[MANY]:,.0f} MiB for {MANY:,}, beside the features"
    return [Row("memory of an evaluation", words, "the same", {str(count): size for count, size in mib.items()})]


def _memory(count: int) -> int:
    command = [sys.executable, "-m", "bench.streaming", str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def images(count: int, seed: int) -> Iterator[np.ndarray]:
    """Noise, uint8 [BATCH, 32, 32, 3] at a time."""
    random = np.random.default_rng(seed)
    for _ in range(count // BATCH):
        yield random.integers(0, 256, (BATCH, 32, 32, 3), np.uint8)


def measure(count: int) -> int:
    """Bytes at the peak, above what was there before, less the features of the generated images."""
    extractor = features.make("random")
    real = Images(np.concatenate(list(images(FEW, 0))), None, None, "noise of bench.streaming", "noise", [])
    evaluator = Evaluator(real, extractor, count, ["fd"])
    Path("/proc/self/clear_refs").write_text("5")  # from here on, the peak is that of the measuring (Linux)
    before = peak()
    evaluator.measure(images(count, 1))
    width = evaluator.real.features.shape[1]
    return peak() - before - count * width * 4


if __name__ == "__main__":
    print(measure(int(sys.argv[1])))
