"""One flipped bit in every kind of file of a run and of the cache: noticed, or without effect."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Row
from bench.torture.made import LATER, Workshop, differences, outcome, sentence, verdict
from ganatomy.errors import UserError
from ganatomy.runs.run import Run

FLIPS = 8  # of each kind of file
KINDS = {  # pattern in the run's folder → name in the table
    "checkpoints/step-00000020/manifest.json": "manifest.json",
    "checkpoints/step-00000020/generator.safetensors": "generator.safetensors",
    "checkpoints/step-00000020/average.safetensors": "average.safetensors",
    "checkpoints/step-00000020/discriminator.safetensors": "discriminator.safetensors",
    "checkpoints/step-00000020/optimisers.safetensors": "optimisers.safetensors",
    "checkpoints/last": "checkpoints/last",
    "config.yaml": "config.yaml",
    "run.json": "run.json",
    "metrics.jsonl": "metrics.jsonl",
    "events.jsonl": "events.jsonl",
    "eval/*.json": "eval/*.json",
    "samples/*.png": "samples/*.png",
    "reals.png": "reals.png",
    "walk.webp": "walk.webp",
    "report.html": "report.html",
    "log.txt": "log.txt",
}
PARTS = ("tensors", "records", "config")  # later scores are taken back with their checkpoint
CACHED = ("*/pixels.npy", "*/labels.npy", "*/manifest.json", "index/*")
UNREAD = {
    "walk.webp",
    "report.html",
    "log.txt",
    "checkpoints/last",
}  # all but the log are written anew


def flipped_bits(shop: Workshop, count: int = FLIPS) -> list[Row]:
    """One row a kind of file, and one of all of them."""
    chance, rows, total = random.Random(0), list[Row](), Counter[str]()
    for pattern, name in KINDS.items():
        found = Counter(_in_run(shop, pattern, chance) for _ in range(count))
        rows.append(_row(name, found))
        total += found
    for name in CACHED:
        found = Counter(_in_cache(shop, name, chance) for _ in range(count))
        rows.append(_row(f"cache: {name.removeprefix('*/')}", found))
        total += found
    return [_row("all files", total), *rows]


def _row(name: str, found: Counter[str]) -> Row:
    words = ", ".join(f"{number} {what}" for what, number in found.most_common())
    return Row(f"{found.total()} flipped bits: {name}", words, "0 unnoticed", dict(found))


def _flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _in_run(shop: Workshop, pattern: str, chance: random.Random) -> str:
    run = shop.copy("flipped")
    path = chance.choice(sorted(run.path.glob(pattern)))
    name = str(path.relative_to(run.path))
    _flip(path, chance)
    try:
        _, printed = shop.go_on(run, LATER)
    except UserError:
        return "refused" + _fell_back(shop, run, path)
    except Exception as error:
        return f"FAULT ({sentence(error)})"
    if name in printed or path.name in printed:
        return "said"
    if name in UNREAD:
        return "in what nothing reads"
    odd = differences(outcome(run), shop.expected)
    return f"UNNOTICED (other {' and '.join(odd)})" if odd else "without effect"


def _fell_back(shop: Workshop, run: Run, path: Path) -> str:
    """After a refusal of a checkpoint, as its sentence says: without that folder, from the one before it."""
    if path.parent.parent.name != "checkpoints":
        return ""
    shutil.rmtree(path.parent)
    shop.go_on(run, LATER)
    odd = differences(outcome(run), shop.expected, *PARTS)
    return f", then {verdict(odd)} from the checkpoint before it"


def _in_cache(shop: Workshop, name: str, chance: random.Random) -> str:
    """A flipped bit in prepared images: they are prepared again, or nothing differs."""
    run, cache = shop.copy("flipped"), shop.folder / "flipped-cache"
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(shop.cache, cache)
    _flip(chance.choice(sorted(cache.glob(f"data/{name}"))), chance)
    with _cache(cache):
        try:
            shop.go_on(run, LATER)
        except UserError:
            return "refused"
        except Exception as error:
            return f"FAULT ({sentence(error)})"
    odd = differences(outcome(run), shop.expected)
    if odd:
        return f"UNNOTICED (other {' and '.join(odd)})"
    original, now = (sorted(place.glob(f"data/{name}")) for place in (shop.cache, cache))
    whole = [path.read_bytes() for path in original] == [path.read_bytes() for path in now]
    return "prepared again" if whole else "without effect"


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    before = os.environ["GANATOMY_CACHE"]
    os.environ["GANATOMY_CACHE"] = str(folder)
    try:
        yield
    finally:
        os.environ["GANATOMY_CACHE"] = before
