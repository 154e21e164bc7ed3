"""What a training on sounds needs before its first step."""

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from rich.console import Console

from ganatomy.config.inactive import FROM_PIXELS
from ganatomy.config.options import Config, DataOptions
from ganatomy.config.settings import change
from ganatomy.data.amounts import COPIED
from ganatomy.data.sounds import Sounds, prepare_sounds
from ganatomy.errors import UserError
from ganatomy.modalities.sounds.forms import FORMS
from ganatomy.runs.run import Run
from ganatomy.training import initial


def prepare_sound(
    planned: Config, there: DataOptions, console: Console, begun: Run | None = None
) -> tuple[Config, Sounds, Sounds | None]:
    """Read sounds: the configuration with what they decide, those to train on, and those that are not trained on.

    begun: the run that goes on. Raises UserError where they cannot be read, have no classes where the training is
    conditional, or are not of the kind that the generator to start from draws.
    """
    if planned.init.path and begun is None:
        _check_start(planned)
    sounds, unseen = prepare_sounds(there.path, there.rate, there.seconds, there.first)
    sounds = replace(sounds, modality=FORMS[there.form].of(sounds.stored, there.rate))
    for note in sounds.notes:
        console.print(note, style="yellow", highlight=False, markup=False)
    classes = f", {len(sounds.classes)} classes" if sounds.classes else ""
    about = f"{len(sounds):,} sounds of {there.seconds:g} s at {there.rate:,} Hz{classes}"
    console.print(f"Data: {about}", highlight=False)
    for problem in problems(sounds):
        console.print(f"This data cannot work: {problem}.", style="yellow", highlight=False)
    if len(sounds) <= COPIED:
        console.print(
            f"Only {len(sounds):,} sounds: copies of them are the likely result; nearest_ratio of `ganatomy evaluate` "
            "tells.",
            style="yellow",
            highlight=False,
        )
    found: dict[str, Any] = {}
    if planned.method in FROM_PIXELS:
        found["prior.dimension"] = prod(sounds.modality.shape)
    if planned.prior.conditional:
        if sounds.labels is None or sounds.classes is None:
            raise UserError(
                f"{there.path} has no classes to generate by (prior.conditional). Put the sounds of each class into a "
                "folder of its own."
            )
        found["prior.classes"] = np.bincount(sounds.labels, minlength=len(sounds.classes)).tolist()
    return change(planned, found), sounds, unseen


def _check_start(planned: Config) -> None:
    """Raises UserError where the generator to start from draws no sounds, or sounds of another rate or form."""
    origin = initial.find(planned.init.path, planned.init.step)
    if origin.config.modality != "sounds":
        raise UserError(f"{origin} draws {origin.config.modality}, and {planned.data.path} holds sounds.")
    for name in ("rate", "form"):
        before, now = getattr(origin.config.data, name), getattr(planned.data, name)
        if before != now:
            raise UserError(f"{origin} has data.{name}={before}: data.{name}={now} cannot start from it.")


def problems(sounds: Sounds) -> list[str]:
    """Why sounds cannot be learnt, a clause each."""
    if not sounds.stored.any():
        return ["every sound is silent"]
    return ["all sounds are the same"] if (sounds.stored == sounds.stored[:1]).all() else []
