"""The scores' own exam: images with faults made on purpose, of growing severity. Which score notices which?

    python -m ganatomy.experiments.score_exam MNIST/raw      writes exam.md and exam.json

Real images that were set aside play the generator's: without a fault it is perfect.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray
from scipy import ndimage

from ganatomy import data as datasets
from ganatomy.data import Images
from ganatomy.errors import UserError
from ganatomy.evaluation.evaluator import Evaluator
from ganatomy.evaluation.features.choice import extractor_for
from ganatomy.runs.scorecard import Score, number
from ganatomy.system import machine
from ganatomy.system.files import write_text
from ganatomy.system.terminal import show

Pixels = NDArray[np.uint8]  # [N, H, W, C]
Results = dict[str, dict[str, list[Score]]]  # by fault, then score: one a severity


@dataclass(frozen=True)
class Pool:
    """Real images in three parts: a generator's training images, those held out, and those that play its own."""

    train: Images
    held_out: Images
    fresh: Images


def dropped(pool: Pool, n: int, classes: float) -> Pixels:
    """Fresh images without the first `classes` classes, uint8 [N, H, W, C], N = n."""
    return _take(pool.fresh, np.flatnonzero(labels(pool.fresh) >= classes), n)


def blurred(pool: Pool, n: int, sigma: float) -> Pixels:
    """Fresh images under a Gaussian blur of σ pixels, uint8 [N, H, W, C], N = n."""
    return ndimage.gaussian_filter(perfect(pool, n), sigma, axes=(1, 2))


def noisy(pool: Pool, n: int, deviation: float) -> Pixels:
    """Fresh images with Gaussian noise of that deviation in grey levels of 255, uint8 [N, H, W, C], N = n."""
    pixels = perfect(pool, n)
    noise = np.random.default_rng(0).standard_normal(pixels.shape) * deviation
    return np.clip(pixels + noise, 0, 255).round().astype(np.uint8)


def copied(pool: Pool, n: int, share: float) -> Pixels:
    """Fresh images, a share of them replaced by training images, uint8 [N, H, W, C], N = n."""
    copies = _take(pool.train, np.arange(len(pool.train)), n)
    return _mixed(copies, perfect(pool, n), share)


def repeated(pool: Pool, n: int, share: float) -> Pixels:
    """Fresh images, a share of them replaced by one and the same, uint8 [N, H, W, C], N = n."""
    pixels = perfect(pool, n)
    return _mixed(np.broadcast_to(pixels[:1], pixels.shape), pixels, share)


def perfect(pool: Pool, n: int) -> Pixels:
    """Fresh images without a fault, uint8 [N, H, W, C], N = n."""
    return _take(pool.fresh, np.arange(len(pool.fresh)), n)


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, the function that makes images with it, and its severities; 0 is none at all."""

    about: str
    make: Callable[[Pool, int, float], Pixels]
    severities: Sequence[float]


FAULTS = {
    "drop": Fault("classes left out, of 10", dropped, (0, 1, 3, 5, 7, 9)),
    "blur": Fault("blur, σ in pixels", blurred, (0, 0.5, 0.75, 1, 1.5, 2)),
    "noise": Fault("noise, in grey levels", noisy, (0, 8, 16, 32, 64, 128)),
    "copy": Fault("share of training images", copied, (0, 0.1, 0.25, 0.5, 0.75, 1)),
    "repeat": Fault("share of one image", repeated, (0, 0.1, 0.25, 0.5, 0.75, 1)),
}


@dataclass(frozen=True)
class Verdict:
    """How a score responds to a fault.

    notices   the severity from which on its interval lies beyond that of severity 0, on the worse side; None: never
    monotone  it never gets better by more than its intervals
    fooled    at some severity its interval lies beyond that of severity 0, on the better side
    """

    notices: float | None
    monotone: bool
    fooled: bool

    def __str__(self) -> str:
        if self.notices is None:
            return "fooled" if self.fooled else "blind"
        beside = ", fooled before" if self.fooled else "" if self.monotone else ", turns back"
        return f"from {self.notices:g}{beside}"


def judge(severities: Sequence[float], scores: Sequence[Score]) -> Verdict:
    """The verdict on scores at rising severities, the first of them 0."""
    base = scores[0]
    worse = [_beyond(base, score, worse=True) for score in scores]
    better = [_beyond(base, score, worse=False) for score in scores]
    first = next((i for i in range(1, len(scores)) if all(worse[i:])), None)
    turned = any(_beyond(before, after, worse=False) for before, after in pairwise(scores[1:]))
    return Verdict(None if first is None else severities[first], not turned, any(better))


def _beyond(one: Score, other: Score, worse: bool) -> bool:
    """Whether `other` is worse (or better) than `one`, and their intervals are apart."""
    if one.better == "as real":
        usual = one.value if one.floor is None else one.floor
        farther = abs(other.value - usual) > abs(one.value - usual)
    else:
        farther = (other.value > one.value) == (one.better == "lower")
    return farther == worse and not one.overlaps(other)


def examine(
    images: Images,
    metrics: Sequence[str] = ("all",),
    n: int = 2000,
    features: str = "auto",
    progress: Callable[[str], object] = print,
    faults: Mapping[str, Fault] = FAULTS,
) -> Results:
    """Scores by fault and score name, one for each severity.

    images: real ones with labels of ten classes. progress: called with what is measured. Raises UserError where
    there are too few images, or too few classes.
    """
    pool = divided(images, n)
    extractor = extractor_for(features, pool.train)
    evaluator = Evaluator(pool.train, extractor, n, metrics, pool.held_out)
    results: Results = {}
    for name, fault in faults.items():
        columns: dict[str, list[Score]] = {}
        for severity in fault.severities:
            progress(f"{name} {severity:g}")
            for score, value in evaluator.measure([fault.make(pool, n, severity)])[0].items():
                columns.setdefault(score, []).append(value)
        results[name] = columns
    return results


def divided(images: Images, n: int) -> Pool:
    """A quarter to train on, a tenth held out; the rest plays the generator, and must have n of the tenth class.

    Raises UserError where it has fewer.
    """
    if n > largest(images):
        raise UserError(f"{images.source} has enough images for an exam with {largest(images):,}, not {n:,}.")
    return Pool(*(_part(images, part) for part in _parts(images)))


def largest(images: Images) -> int:
    """How many generated images an exam can have: those of the tenth class, when all others are left out.

    Raises UserError where the images have fewer than ten classes.
    """
    if images.labels is None or images.classes is None or len(images.classes) < 10:
        raise UserError(f"The exam leaves classes out, so it needs ten of them; {images.source} has fewer.")
    *_, fresh = _parts(images)
    return int((images.labels[fresh] >= 9).sum())


def _parts(images: Images) -> list[NDArray[np.intp]]:
    order = np.random.default_rng(0).permutation(len(images))
    return np.split(order, [len(images) // 4, len(images) * 35 // 100])


def _part(images: Images, indices: NDArray[np.intp]) -> Images:
    name = f"{images.source}, {len(indices):,} images"
    fingerprint = f"{images.fingerprint}-{indices[0]}-{len(indices)}"
    return Images(images.pixels[indices], labels(images)[indices], images.classes, fingerprint, name, [])


def labels(images: Images) -> NDArray[np.int64]:
    """Their classes as numbers, [N]."""
    assert images.labels is not None
    return images.labels


def _take(images: Images, indices: NDArray[np.intp], n: int) -> Pixels:
    return images.pixels[indices[:n]]


def _mixed(faulty: Pixels, good: Pixels, share: float) -> Pixels:
    count = round(share * len(good))
    return np.concatenate([faulty[:count], good[count:]])


# --- the table --------------------------------------------------------------------------------------------------------


def verdicts(results: Results, faults: Mapping[str, Fault] = FAULTS) -> dict[str, dict[str, Verdict]]:
    """Verdicts by score, then by fault."""
    names = next(iter(results.values()))
    return {
        name: {fault: judge(faults[fault].severities, rows[name]) for fault, rows in results.items()} for name in names
    }


def table(results: Results, faults: Mapping[str, Fault] = FAULTS) -> str:
    """Which score notices what, and the figures behind it, in Markdown."""
    found = verdicts(results, faults)
    lines = [
        "| score | " + " | ".join(f"{name}: {faults[name].about}" for name in results) + " |",
        "|---|" + "---|" * len(results),
    ]
    for name, row in found.items():
        lines.append(f"| `{name}` | " + " | ".join(str(row[fault]) for fault in results) + " |")
    for fault, columns in results.items():
        severities = faults[fault].severities
        lines += ["", f"### {fault}: {faults[fault].about}", ""]
        lines.append("| score | " + " | ".join(f"{severity:g}" for severity in severities) + " | real data |")
        lines.append("|---|" + "---|" * (len(severities) + 1))
        for name, scores in columns.items():
            cells = " | ".join(score.interval() for score in scores)
            lines.append(f"| `{name}` | {cells} | {number(scores[0].floor)} |")
    return "\n".join(lines) + "\n"


def main(path: str, n: int | None = None, out: str = ".") -> None:
    """Examine every score that the images at `path` allow, and write exam.md and exam.json.

    n: how many images play the generator; by default as many as possible, up to 2,000. Raises UserError where the
    images do not suffice.
    """
    began = time.monotonic()
    images = datasets.prepare(path)
    n = n or min(2000, largest(images))
    results = examine(images, n=n)
    here, date, text = machine.describe(), time.strftime("%Y-%m-%d"), table(results)
    title = (
        f"{n:,} images of {images.source} stand for generated ones. {date}, {here['processor']}, "
        f"{here['cores']} cores, {(time.monotonic() - began) / 60:.0f} minutes."
    )
    scores = {
        fault: {name: [asdict(score) for score in row] for name, row in columns.items()}
        for fault, columns in results.items()
    }
    facts = {"date": date, "machine": here, "images": images.fingerprint, "n": n, "scores": scores}
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "exam.md", f"# Which score notices which fault?\n\n{title}\n\n{EXPLANATION}\n\n{text}")
    write_text(folder / "exam.json", json.dumps(facts, indent=1) + "\n")
    show(text)


EXPLANATION = """\
Every score is measured on the same images with a fault of growing severity. *from s*: from severity s on, its 95%
interval lies beyond that without the fault, on the worse side; *turns back*: it does not get worse all the way;
*blind*: it never notices the fault; *fooled*: it scores the fault as an improvement. The figures follow the table."""


if __name__ == "__main__":
    typer.run(main)
