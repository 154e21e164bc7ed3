"""Streamed tar shards: seconds to the first batch, images/s and peak memory, of 10,000 to 1,000,000 images.

python -m bench.shards COUNT [MOST]  (one child of the benchmark: at most MOST images are drawn; prints JSON)
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from bench.frechet import peak
from bench.measure import Row
from ganatomy.data import prepare
from ganatomy.data.shard_batches import ShardBatches
from ganatomy.system.runtime import Randomness, Runtime

COUNTS = (10_000, 100_000, 1_000_000)
OF_SHARD = 5_000
DISTINCT = 250
BATCH = 64
CACHE_GB = 0.02


def shards() -> list[Row]:
    """One pass over shards of 16×16 colour images, without a training."""
    rows = []
    for count in COUNTS:
        found = run(count)
        words = (
            f"first batch after {found['first']:.1f} s, {found['speed']:,.0f} images/s, "
            f"{found['peak'] / 2**20:,.0f} MiB at most, {found['cache'] / 1e6:,.0f} MB of decoded shards"
        )
        rows.append(Row(f"shards: {count:,} images", words, "first batch < 60 s, the same memory", found))
    return rows


def run(count: int, most: int | None = None) -> dict[str, float]:
    """Measure in a process of its own, with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "set"), count)
        command = [sys.executable, "-m", "bench.shards", str(count), str(most or count)]
        environment = {**os.environ, "GANATOMY_CACHE": str(Path(folder, "cache"))}
        result = subprocess.run(
            [*command, str(Path(folder, "set"))], check=True, capture_output=True, text=True, env=environment
        )
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return found


def write(folder: Path, count: int) -> None:
    """`count` images in shards of OF_SHARD, which are links to one file: what is in them does not matter here."""
    folder.mkdir()
    random = np.random.default_rng(0)
    pictures = []
    for _ in range(DISTINCT):
        buffer = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8)).save(buffer, "PNG")
        pictures.append(buffer.getvalue())
    first = folder / f"{0:06d}.tar"
    with tarfile.open(first, "w") as archive:
        for i in range(OF_SHARD):
            for name, content in ((f"{i:06d}.png", pictures[i % DISTINCT]), (f"{i:06d}.cls", b"%d" % (i % 10))):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    for i in range(1, count // OF_SHARD):
        os.link(first, folder / f"{i:06d}.tar")


def measure(folder: Path, most: int) -> dict[str, float]:
    """Seconds to the first batch, images/s of those that follow, bytes at the peak, and bytes in the cache."""
    began = time.perf_counter()
    images = prepare(folder, stream=True, cache_gb=CACHE_GB)
    batches = ShardBatches(images, BATCH, 1, Randomness(0), Runtime(), conditional=True)
    batches(0)
    first = time.perf_counter() - began
    for step in range(1, most // BATCH):
        batches(step)
    seconds = time.perf_counter() - began - first
    cache = sum(file.stat().st_size for file in (Path(os.environ["GANATOMY_CACHE"]) / "data" / "shards").rglob("*"))
    return {"first": first, "speed": (most // BATCH - 1) * BATCH / seconds, "peak": peak(), "cache": cache}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[3]), int(sys.argv[2]))))
