"""The trainings of the course, each with the command that repeats it. No torch."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganatomy import __version__

DATA = "digits"
FLAGS = {"training.steps": "--steps"}  # options that have a flag of their own


@dataclass(frozen=True)
class CourseTraining:
    """A short training on the packaged digits; pictures: how many are shown while it learns."""

    name: str
    recipe: str
    settings: Mapping[str, Any]
    pictures: int = 10

    @property
    def command(self) -> str:
        """`ganatomy train` with the same options."""
        words = ["ganatomy", "train", DATA, "--recipe", self.recipe]
        for option, value in self.settings.items():
            words += [FLAGS[option], str(value)] if option in FLAGS else ["--set", f"{option}={value}"]
        return shlex.join([*words, "--name", self.name])

    def folder(self, seed: int) -> str:
        """The name of the run folder of a seed: other settings, or another version, are another run."""
        settings = json.dumps([__version__, self.recipe, dict(self.settings)], sort_keys=True)
        return f"{self.name}-{seed}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


FIRST = CourseTraining("first", "digits", {"training.steps": 500})
STRONG = CourseTraining(
    "strong",
    "digits",
    {
        "objective.name": "minimax",
        "training.discriminator_steps": 3,
        "discriminator_optimiser.learning_rate": 2e-3,
        "generator_optimiser.learning_rate": 1e-4,
        "diagnosis.every": 20,
        "training.steps": 300,
    },
)
VAE = CourseTraining(
    "vae", "vae", {"generator.width": 16, "discriminator.width": 16, "prior.dimension": 16, "training.steps": 500}
)
DIFFUSION = CourseTraining(
    "diffusion",
    "diffusion",
    {
        "generator.width": 8,
        "generator.multipliers": [1, 2],
        "training.batch": 32,
        "generator_optimiser.learning_rate": 2e-3,
        "training.steps": 200,
    },
    pictures=4,  # each takes fifty passes
)
