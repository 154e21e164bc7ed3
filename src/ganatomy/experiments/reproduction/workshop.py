"""What every experiment of the reproduction uses: data, runs that are trained once, and the ways to measure them."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ganatomy import data as datasets
from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.evaluation.evaluator import BATCH
from ganatomy.evaluation.metrics import parzen
from ganatomy.evaluation.metrics.arrays import flat
from ganatomy.evaluation.metrics.estimate import Estimate
from ganatomy.evaluation.metrics.parzen import VALIDATION
from ganatomy.generators.api import Sampler
from ganatomy.modalities.images import enlarge, grid, save_png
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score, ScoreCard, interval
from ganatomy.system.files import write_text
from ganatomy.training import api as training

LEARNT = 50_000  # MNIST's training images of the 2014 paper; those that follow choose σ
SAMPLES = 10_000  # generated images under a Parzen window
MEASURED = 5_000  # generated images a score

Pixels = NDArray[np.uint8]
Figures = dict[str, Any]  # what an experiment found, as it is kept in JSON


@dataclass
class Workshop:
    """Where experiments find data and leave runs and pictures.

    mnist, cifar10   where those sets are; None: experiments that need them refuse
    runs             trainings are kept here: one that was stopped goes on, one that is finished is used as it is
    pictures         where sample grids go
    minutes, images  of every training and every measurement, instead of the experiment's own: a rehearsal
    """

    mnist: str | None = None
    cifar10: str | None = None
    runs: Path = Path("runs/reproduction")
    pictures: Path = Path("docs/reproduction")
    minutes: float | None = None
    images: int | None = None
    console: Console = field(default_factory=lambda: Console(quiet=True))

    def trained(self, name: str, data: str, recipe: str, settings: Mapping[str, Any], **budget: Any) -> Run:
        """The run of that name, trained to the end of its budget: minutes=10 or steps=5000."""
        if self.minutes is not None:
            budget = {"minutes": self.minutes}
        spent = {f"training.{name}": value for name, value in budget.items()}
        self.console.rule(f"{name}: {recipe}")
        path = self.runs / name
        run = Run(path)
        if not (path / "run.json").is_file():
            settings = {**settings, **spent}
            training.train(data, recipe=recipe, settings=settings, name=name, runs=self.runs, console=self.console)
        elif not self._done(run, budget):
            training.resume(run, settings=spent, console=self.console)
        if not self._done(run, budget):
            raise UserError(f"{run.path} was stopped; the same command goes on from there.")
        return run

    def _done(self, run: Run, budget: Mapping[str, Any]) -> bool:
        options = run.config().training.model_dump()
        return run.info()["status"] == "finished" and all(options[name] == value for name, value in budget.items())

    def kept(self, run: Run, name: str, make: Callable[[], Figures], step: int | None = None) -> Figures:
        """What was found of a run at a step, the last if none is named.

        Made once and kept in the run: a reproduction goes on where it was stopped.
        """
        step = run.info()["step"] if step is None else step
        return dict(self.made(run.path / "eval", f"{name}-{step:08d}", make))

    def made(self, folder: Path, name: str, make: Callable[[], Any]) -> Any:
        """What a file keeps, made if it is not there; a rehearsal with fewer images has files of its own."""
        path = folder / f"{name}-{self.images or 'all'}.json"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(make()))
        return json.loads(path.read_text(encoding="utf-8"))

    def scores(self, run: Run, metrics: list[str], n: int = MEASURED, **options: Any) -> ScoreCard:
        """A card of the run's averaged generator."""
        self.console.print(f"Measuring {run.name} …", highlight=False)
        return evaluate(run, metrics=metrics, n=self.images or n, console=self.console, **options)

    def samples(self, sampler: Sampler, count: int = SAMPLES) -> Pixels:
        """Images of the first seeds."""
        return sampler.images(sampler.latents(range(self.images or count)), BATCH)

    def picture(self, name: str, sampler: Sampler) -> str:
        """Keep a grid of 64 images; returns its file name."""
        save_png(self.pictures / f"{name}.png", enlarge(grid(sampler.images(sampler.latents(range(64)))), 480))
        return f"{name}.png"

    @cached_property
    def digits(self) -> "Digits":
        """MNIST in the three parts of the 2014 paper."""
        if self.mnist is None:
            raise UserError("This needs MNIST: give --mnist FOLDER with its four IDX files.")
        return Digits.of(self.mnist)

    def colours(self) -> str:
        """Where CIFAR-10 is."""
        if self.cifar10 is None:
            raise UserError("This needs CIFAR-10: give --cifar10 ZIP or FOLDER, its images in a folder a class.")
        return self.cifar10


@dataclass(frozen=True)
class Digits:
    """Images as the 2014 paper splits them: learnt from, choosing σ, and judging."""

    path: str
    learnt: Pixels
    validation: Pixels
    test: Pixels

    @classmethod
    def of(cls, path: str) -> "Digits":
        """MNIST's own split; of a smaller set, the last fifth is held out."""
        pixels = datasets.prepare(path).pixels
        if len(pixels) >= LEARNT + VALIDATION:
            test = datasets.prepare(path, split="test").pixels
            return cls(path, pixels[:LEARNT], pixels[LEARNT : LEARNT + VALIDATION], test)
        learnt, chosen = int(0.8 * len(pixels)), int(0.9 * len(pixels))
        return cls(path, pixels[:learnt], pixels[learnt:chosen], pixels[chosen:])

    def likelihood(self, samples: Pixels) -> Figures:
        """The 2014 paper's Parzen window estimate of images."""
        return _figures(parzen.parzen(flat(samples), flat(self.validation), flat(self.test)))

    def controls(self, count: int) -> dict[str, Figures]:
        """What the same estimate says of `count` training images, and of as many k-means centroids."""
        found = parzen.controls(flat(self.learnt), flat(self.validation), flat(self.test), count)
        return {name: _figures(result) for name, result in found.items()}


def _figures(found: parzen.ParzenResult) -> Figures:
    return {"nats": found.estimate.value, "error": found.standard_error, "sigma": found.sigma}


def seconds_for(sampler: Sampler, count: int, batch: int = BATCH) -> float:
    """Seconds to draw `count` images, batch by batch, after one batch to warm up."""
    codes = sampler.latents(range(count))
    sampler.images(codes[:batch], batch)
    began = time.perf_counter()
    sampler.images(codes, batch)
    return time.perf_counter() - began


def estimated(found: Score | Estimate) -> Figures:
    """A number and its interval, as they are kept."""
    return {"value": found.value, "low": found.low, "high": found.high}


def told(figures: Figures) -> str:
    """The same as people read it: 17.6 [16.9, 18.4]."""
    return interval(figures["value"], figures["low"], figures["high"])


def slug(words: str) -> str:
    """What a run may be called: "no batch normalisation" → no-batch-normalisation."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower().replace("'", ""))


Find = Callable[[Workshop], Iterator[Figures]]  # ever more of what is found: all that is known at the time
Show = Callable[[Figures], str]


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
