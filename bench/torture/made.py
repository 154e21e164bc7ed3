"""The small training that is harmed, and what of it must be as if nothing had happened."""

import hashlib
import io
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.runs import scorecard
from ganatomy.runs.run import Run
from ganatomy.training import api

STEPS, LATER = 20, 30  # of the run that is harmed, and of the one that goes on
SETTINGS: dict[str, Any] = {
    "generator.width": 4,
    "discriminator.width": 4,
    "prior.dimension": 8,
    "prior.conditional": True,
    "training.batch": 8,
    "training.discriminator_steps": 2,
    "data.flip": True,
    "runtime.device": "cpu",
    "runtime.precision": "float32",
    "runtime.convolution": "native",
    "runtime.threads": 1,
    "diagnosis.on": False,
    "log.every": 2,
    "log.snapshot": 10,
    "log.checkpoint": 5,
    "log.keep": 3,
}
# Words of a row that says that something is not as it must be.
HARM = ("FAULT", "UNNOTICED", "OTHER", "NOT ", "SHRINK")
CLOCKS = {"seconds", "images_per_second"}  # in a record; all else of it is a function of the seed


class Workshop:
    """Images with labels, their cache, a whole run of STEPS steps with a score, and what it becomes after LATER."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.cache, self.runs = (
            folder,
            folder / "images.npz",
            folder / "cache",
            folder / "runs",
        )
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (37, 16, 16, 3), np.uint8)
        np.savez(self.data, images=images, labels=random.integers(0, 2, 37))
        os.environ["GANATOMY_CACHE"] = str(self.cache)
        self.whole = self.train(self.runs, "whole", STEPS)
        evaluate(self.whole, metrics=["fd"], features="pixels", n=16)
        self.expected = outcome(self.go_on(self.copy("expected"), LATER)[0])

    def train(self, runs: Path, name: str, steps: int, **more: Any) -> Run:
        """A new run in silence."""
        settings = {**SETTINGS, "training.steps": steps, **more}
        return api.train(self.data, settings=settings, name=name, runs=runs, console=Console(quiet=True))

    def copy(self, name: str) -> Run:
        """A copy of the whole run."""
        place = self.runs / name
        shutil.rmtree(place, ignore_errors=True)
        return Run(shutil.copytree(self.whole.path, place))

    def go_on(self, run: Run, steps: int) -> tuple[Run, str]:
        """Resume a run; returns it with what was printed."""
        printed = io.StringIO()
        api.resume(run, settings={"training.steps": steps}, console=Console(file=printed, width=400))
        return run, printed.getvalue()

    def outcome_of(self, steps: int) -> dict[str, Any]:
        """What a run of so many steps that nobody harms is."""
        shutil.rmtree(self.runs / "clean", ignore_errors=True)
        return outcome(self.train(self.runs, "clean", steps))


def outcome(run: Run) -> dict[str, Any]:
    """All that a training decides: weights and optimisers to the bit, records without clocks, options, scores."""
    folder = run.checkpoint()
    tensors = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}
    records = [{name: value for name, value in record.items() if name not in CLOCKS} for record in run.records()]
    cards = [[card.scores, card.protocol] for card in scorecard.cards(run)]
    return {
        "tensors": tensors,
        "records": records,
        "config": run.config(),
        "cards": cards,
        "data": run.info().get("data"),
        "status": run.info().get("status"),
    }


def differences(found: dict[str, Any], expected: dict[str, Any], *parts: str) -> list[str]:
    """Which parts of two outcomes differ."""
    return [part for part in parts or expected if found[part] != expected[part]]


def verdict(odd: list[str]) -> str:
    """Differences in words."""
    return f"OTHER {' and '.join(odd)}" if odd else "the same bits and records"


def sentence(error: BaseException) -> str:
    """An error in one line; of another kind than a person's, with its kind."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
