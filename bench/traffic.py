"""What crosses the network when several processes train, counted; and how long that takes, calculated.

`python -m bench.traffic` counts the messages of a step of each recipe, in the code that sends them, and writes
docs/traffic.json; docs/CLUSTER.md has the tables that follow from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from ganatomy import build
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.settings import change
from ganatomy.experiments.reproduction.context import table
from ganatomy.gan.method import Batch
from ganatomy.system import files
from ganatomy.system.runtime import Runtime
from ganatomy.training import autotune
from ganatomy.training.dryrun import arithmetic

COUNTED = Path(__file__).parents[1] / "docs" / "traffic.json"
GREY = ("digits", "goodfellow2014", "gsn")  # of 28×28 pixels, and some of 32×32 in colour; others of 64×64
SMALL = ("diffusion", "r3gan", "sngan", "vae", "wgan-gp")
BATCH = 8  # images of a step that is counted
GBITS = (10, 100)  # of a network, per second
GPUS = (8, 16, 32, 64, 128, 256, 512)
SHARE = 0.1  # of a step that communication should stay under
FLOPS = 50e12  # a second, sustained by a GPU
HOP = 10e-6  # seconds of latency from one process to the next


@dataclass(frozen=True)
class Traffic:
    """What a step of a recipe sends and computes, as means over its steps, lazy penalties included.

    size       of its images [C, H, W]
    messages   all-reduced in a step
    bytes      in all of them
    flops      floating-point operations for each image of the batch, forward and backward
    """

    size: tuple[int, int, int]
    messages: float
    bytes: float
    flops: float

    def seconds(self, gpus: int, gbits: float) -> float:
        """Of the messages of a step by a ring: 2 (N − 1) / N of the bytes through every link, 2 (N − 1) hops each."""
        rounds = 2 * (gpus - 1)
        return rounds / gpus * self.bytes * 8 / (gbits * 1e9) + self.messages * rounds * HOP

    def share(self, gpus: int, gbits: float, batch: int) -> float:
        """The part of a step that is communication, where each GPU has so many images, and neither waits for less."""
        sending = self.seconds(gpus, gbits)
        return sending / (sending + batch * self.flops / FLOPS)

    def batch(self, gpus: int, gbits: float, share: float = SHARE) -> int:
        """The fewest images for each GPU at which that part is less."""
        return int(self.seconds(gpus, gbits) * (1 / share - 1) * FLOPS / self.flops) + 1


class _Counting(Runtime):
    """One of two processes whose messages are counted instead of sent."""

    messages, sent = 0, 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Count them as one message, as `Runtime.average` sends it."""
        if tensors:
            self.messages += 1
            self.sent += sum(tensor.numel() for tensor in tensors) * max(tensor.element_size() for tensor in tensors)

    def synchronise(self, tensors: Iterable[Tensor]) -> None:
        """Nothing: that is once, at the start."""


def count(name: str) -> Traffic:
    """Count a step of a recipe with its lazy penalties and one without."""
    config = recipe(name)
    side = 32 if name in SMALL else 64
    size = (1, 28, 28) if name in GREY else (3, side, side)
    pack = config.training.pack
    config = change(
        config, {"training.batch": BATCH * pack, "runtime.precision": "float32", "runtime.convolution": "native"}
    )
    found = []
    for step in (0, 1):
        here = _Counting(world=2)
        method = build.method(config, size, here)
        whole = autotune.noise(config, size, Runtime())
        real = Batch(here.share(whole.images), None if whole.classes is None else here.share(whole.classes))
        flops = arithmetic(method, real, step) / len(real.images)
        found.append((here.messages, here.sent, flops))
    every = config.penalties.every
    messages, sent, flops = (((every - 1) * usual + lazy) / every for lazy, usual in zip(*found, strict=True))
    return Traffic(size, messages, sent, flops)


def recipes() -> list[str]:
    """The recipes whose traffic is counted: those of images, but for `auto`, which chooses in one process only."""
    ours = [name for name in RECIPES if RECIPES.origin(name) is None and name != "auto"]
    return [name for name in ours if recipe(name).modality == "images"]


def counted() -> dict[str, Traffic]:
    """What traffic.json holds, by recipe."""
    kept = json.loads(COUNTED.read_text(encoding="utf-8"))
    return {name: Traffic(**{**values, "size": tuple(values["size"])}) for name, values in kept.items()}


def by_recipe() -> str:
    """A table of what a step sends, and of the batch that a slow and a fast network need."""
    head = ["recipe", "images", "messages", "MB a step", "GFLOP an image"]
    head += [f"images a GPU, {gbits} Gbit/s" for gbits in GBITS]
    rows = []
    for name, traffic in counted().items():
        channels, height, width = traffic.size
        row = [f"`{name}`", f"{height}×{width}×{channels}", f"{traffic.messages:.0f}", f"{traffic.bytes / 1e6:,.1f}"]
        row += [f"{traffic.flops / 1e9:,.3g}", *(f"{traffic.batch(GPUS[0], gbits):,}" for gbits in GBITS)]
        rows.append(row)
    return table(head, rows)


def by_gpus(names: Sequence[str] = ("dcgan", "stylegan2", "r3gan"), batch: int = 64) -> str:
    """A table of how long the messages of a step take, and which part of it that is, with ever more GPUs."""
    kept = counted()
    head = ["GPUs", *(f"`{name}`, {gbits} Gbit/s" for name in names for gbits in GBITS)]
    rows = [
        [
            str(gpus),
            *(
                f"{1e3 * kept[name].seconds(gpus, gbits):,.1f} ms ({kept[name].share(gpus, gbits, batch):.0%})"
                for name in names
                for gbits in GBITS
            ),
        ]
        for gpus in GPUS
    ]
    return table(head, rows)


def main() -> None:
    """Count all recipes and write docs/traffic.json."""
    files.write_text(COUNTED, json.dumps({name: asdict(count(name)) for name in recipes()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
