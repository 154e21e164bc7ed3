"""What every chapter of the reproduction uses: data, runs that are trained once, and measurements that are kept."""

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ganatomy import data as datasets
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.api import evaluate
from ganatomy.evaluation.evaluator import BATCH
from ganatomy.evaluation.metrics import parzen
from ganatomy.evaluation.metrics.arrays import flat
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.parzen import VALIDATION
from ganatomy.generators.sampler import Sampler
from ganatomy.modalities.images import enlarge, grid, save_png
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, interval
from ganatomy.system import files, machine
from ganatomy.system.files import write_text
from ganatomy.system.runtime import cores
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training

TRAINING_IMAGES = 50_000  # of MNIST, in the 2014 paper; those that follow choose σ
SAMPLES = 10_000  # generated images under a Parzen window
MEASURED = 5_000  # generated images a score

Pixels = NDArray[np.uint8]
T = TypeVar("T")


class Interval(TypedDict):
    """A number and its 95% interval, as JSON keeps them."""

    value: float
    low: float | None
    high: float | None


class Likelihood(TypedDict):
    """A Parzen window estimate: nats with the standard error over test images, and the window's σ."""

    nats: float
    error: float
    sigma: float


@dataclass
class ReproductionContext:
    """Where chapters find data and leave runs and pictures.

    mnist, cifar10   where those sets are; None: chapters that need them refuse
    runs             trainings are kept here: one that was stopped goes on, one that is finished is used as it is
    pictures         where sample grids go
    minutes, images  of every training and every measurement, instead of the chapter's own: a rehearsal
    """

    mnist: str | None = None
    cifar10: str | None = None
    runs: Path = Path("runs/reproduction")
    pictures: Path = Path("docs/reproduction")
    minutes: float | None = None
    images: int | None = None
    console: Console = field(default_factory=lambda: Terminal(quiet=True))

    def trained(self, name: str, data: str, recipe: str, settings: Mapping[str, Any], **budget: float) -> Run:
        """The run of that name, trained to the end of its budget: minutes=10 or steps=5000.

        Raises UserError where the training is stopped before.
        """
        if self.minutes is not None:
            budget = {"minutes": self.minutes}
        limits = {f"training.{name}": value for name, value in budget.items()}
        self.console.rule(f"{name}: {recipe}")
        path = self.runs / name
        run = Run(path)
        if not run.checkpoints():
            files.remove(path)  # killed before its first checkpoint
            settings = {**settings, **limits}
            training.train(data, recipe=recipe, settings=settings, name=name, runs=self.runs, console=self.console)
        elif not _done(run, budget):
            training.resume(run, settings=limits, console=self.console)
        if not _done(run, budget):
            raise UserError(f"{run.path} was stopped; repeat the command to go on from there.")
        return run

    def kept(self, run: Run, name: str, measure: Callable[[], T], step: int | None = None) -> T:
        """A measurement of a run at a step, the last by default: made once and kept in the run.

        So a reproduction that was stopped goes on where it was.
        """
        step = run.info()["step"] if step is None else step
        return self.made(run.path / "eval", f"{name}-{step:08d}", measure)

    def made(self, folder: Path, name: str, make: Callable[[], T]) -> T:
        """What a JSON file holds, made if it does not exist; a rehearsal with fewer images has files of its own."""
        path = folder / f"{name}-{self.images or 'all'}.json"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(make()))
        kept: T = json.loads(path.read_text(encoding="utf-8"))
        return kept

    def scores(self, run: Run, metrics: list[str], n: int = MEASURED, features: str = "auto") -> ScoreCard:
        """The score card of a run's averaged generator."""
        self.console.print(f"Measuring {run.name} …", highlight=False)
        return evaluate(run, metrics=metrics, n=self.images or n, console=self.console, features=features)

    def samples(self, sampler: Sampler, count: int = SAMPLES) -> Pixels:
        """Images of the first seeds, uint8 [N, H, W, C]."""
        return sampler.images(sampler.latents(range(self.images or count)), BATCH)

    def picture(self, name: str, sampler: Sampler) -> str:
        """Save a grid of 64 images; returns its file name."""
        save_png(self.pictures / f"{name}.png", enlarge(grid(sampler.images(sampler.latents(range(64)))), 480))
        return f"{name}.png"

    @cached_property
    def digits(self) -> "DigitSplit":
        """MNIST in the three parts of the 2014 paper. Raises UserError where it was not given."""
        if self.mnist is None:
            raise UserError("This chapter needs MNIST: give --mnist FOLDER with its four IDX files.")
        return DigitSplit.of(self.mnist)

    @property
    def cifar(self) -> str:
        """Where CIFAR-10 is. Raises UserError where it was not given."""
        if self.cifar10 is None:
            raise UserError(
                "This chapter needs CIFAR-10: give --cifar10 ZIP or FOLDER, one folder of images per class."
            )
        return self.cifar10


def _done(run: Run, budget: Mapping[str, float]) -> bool:
    options = run.config().training.model_dump()
    return run.info()["status"] == "finished" and all(options[name] == value for name, value in budget.items())


@dataclass(frozen=True)
class DigitSplit:
    """Images in the three parts of the 2014 paper, uint8 [N, H, W, C]: to train on, to choose σ, to test."""

    path: str
    training: Pixels
    validation: Pixels
    test: Pixels

    @classmethod
    def of(cls, path: str) -> "DigitSplit":
        """MNIST's own split; of a smaller set, which may be sorted by class, a random fifth is held out."""
        pixels = datasets.prepare(path).pixels
        if len(pixels) >= TRAINING_IMAGES + VALIDATION:
            test = datasets.prepare(path, split="test").pixels
            return cls(path, pixels[:TRAINING_IMAGES], pixels[TRAINING_IMAGES : TRAINING_IMAGES + VALIDATION], test)
        mixed = pixels[np.random.default_rng(0).permutation(len(pixels))]
        first, second = int(0.8 * len(pixels)), int(0.9 * len(pixels))
        return cls(path, mixed[:first], mixed[first:second], mixed[second:])

    def likelihood(self, samples: Pixels) -> Likelihood:
        """The 2014 paper's Parzen window estimate with images [N, H, W, C]."""
        return _likelihood(parzen.parzen(flat(samples), flat(self.validation), flat(self.test)))

    def controls(self, count: int) -> dict[str, Likelihood]:
        """The same estimate with `count` training images, and with as many k-means centroids."""
        results = parzen.controls(flat(self.training), flat(self.validation), flat(self.test), count)
        return {name: _likelihood(result) for name, result in results.items()}


def _likelihood(result: parzen.ParzenResult) -> Likelihood:
    return {"nats": result.estimate.value, "error": result.standard_error, "sigma": result.sigma}


def seconds_for(sampler: Sampler, count: int, batch: int = BATCH) -> float:
    """Seconds to draw `count` images, batch by batch, after one batch to warm up."""
    codes = sampler.latents(range(count))
    sampler.images(codes[:batch], batch)
    began = time.perf_counter()
    sampler.images(codes, batch)
    return time.perf_counter() - began


def interval_of(score: Score | Estimate) -> Interval:
    """A score and its interval, as JSON keeps them."""
    return {"value": score.value, "low": score.low, "high": score.high}


def interval_text(figures: Mapping[str, Any]) -> str:
    """The same as people read it: 17.6 [16.9, 18.4]."""
    return interval(figures["value"], figures["low"], figures["high"])


def slug(words: str) -> str:
    """What a run may be called: "no batch normalisation" → no-batch-normalisation."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower().replace("'", ""))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def made() -> str:
    """Today's date and this machine, in words."""
    return f"{time.strftime('%Y-%m-%d')}, {machine.processor()}, {cores()} cores"


def named(kind: str, text: str, known: Iterable[str]) -> list[str]:
    """Names with commas between them. kind: of what they are. Raises UserError for one that is not among the known."""
    names, every = [name.strip() for name in text.split(",")], list(known)
    for name in names:
        if name not in every:
            raise unknown(kind, name, every)
    return names


def whole_numbers(option: str, text: str, example: str) -> list[int]:
    """Numbers with commas between them. Raises UserError where they are none."""
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise UserError(f"{option} {text} should be whole numbers, such as {example}.") from None
