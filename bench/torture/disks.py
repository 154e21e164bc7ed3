"""Full disks: whatever phase the disk ends in, one sentence, no litter, and the run goes on once there is room."""

import resource
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.measure import Row
from bench.torture.made import STEPS, Workshop, differences, outcome, sentence
from ganatomy.errors import UserError
from ganatomy.runs.run import Run

SIZES = 16  # of disks, from almost nothing to enough
PHASES = {  # what is there when the disk is full
    "walk.webp": "at its end",
    "metrics.jsonl": "in training",
    "checkpoints/step-*": "after its first checkpoint",
    "run.json": "at its start",
}


def full_disks(shop: Workshop) -> list[Row]:
    """Trainings on disks of many sizes; and with a bound on the size of each file, which needs no right to mount."""
    sizes = np.geomspace(8, _kilobytes(shop.whole.path) + 64, SIZES).astype(int).tolist()
    rows = [_row(f"disks of {sizes[0]} to {sizes[-1]} KiB", [_on_a_disk(shop, size) for size in sizes])]
    bounds = [256 * 2**i for i in range(12)]
    return [*rows, _row("bounds on the size of a file", [_bounded(shop, bound) for bound in bounds])]


def _row(name: str, found: list[str]) -> Row:
    words = ", ".join(f"{number} {what}" for what, number in Counter(found).most_common())
    return Row(f"{len(found)} {name}", words, "no fault, no litter", dict(Counter(found)))


def _kilobytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*")) // 1024


def _on_a_disk(shop: Workshop, kilobytes: int) -> str:
    disk = shop.folder / "disk"
    disk.mkdir(exist_ok=True)
    size = f"size={kilobytes}k"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], capture_output=True, check=False).returncode:
        return "not tried: this process may not mount a disk"
    try:
        run = Run(disk / "full")
        told = _trained(shop, run)
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        return told if told == "had room" or told.startswith("FAULT") else f"{told}: {_went_on(shop, run)}"
    finally:
        subprocess.run(["umount", disk], check=True)


def _bounded(shop: Workshop, most: int) -> str:
    run = Run(shop.runs / f"bounded-{most}")
    with _limit(most):
        told = _trained(shop, run)
    return told if told == "had room" or told.startswith("FAULT") else f"{told}: {_went_on(shop, run)}"


def _trained(shop: Workshop, run: Run) -> str:
    """Train until the disk is full; where that was."""
    try:
        shop.train(run.path.parent, run.name, STEPS)
    except UserError as error:
        if "the disk is full" not in str(error):
            return f"FAULT ({error})"
    except Exception as error:
        return f"FAULT ({sentence(error)})"
    else:
        return "had room"
    if litter := list(run.path.parent.rglob(".partial-*")):
        return f"FAULT (left {litter[0].name})"
    return f"full {next((phase for part, phase in PHASES.items() if any(run.path.glob(part))), 'before it began')}"


def _went_on(shop: Workshop, run: Run) -> str:
    """With room, resumed or begun again."""
    try:
        if run.checkpoints():
            again = shop.go_on(run, STEPS)[0]
        else:
            shutil.rmtree(run.path, ignore_errors=True)
            again = shop.train(run.path.parent, run.name, STEPS)
        whole = outcome(shop.whole) | {"cards": []}
    except Exception as error:
        return f"FAULT ({sentence(error)})"
    odd = differences(outcome(again), whole, "tensors", "records", "config", "data")
    return f"went on OTHERWISE ({' and '.join(odd)})" if odd else "went on as if it had not been"


@contextmanager
def _limit(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
