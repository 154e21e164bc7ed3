"""Numbers that change with the step."""

from math import cos, pi
from typing import Literal

from pydantic import Field, model_validator

from ganatomy.system.options import Options


class Schedule(Options):
    """A number that changes with the step; `at` reads it."""

    kind: Literal["linear", "exponential", "cosine"] = Field(
        "linear", description="Shape of the way from start to end."
    )
    start: float = Field(description="Value at step 0.")
    end: float = Field(description="Value from the last step of the schedule on (a floor, when exponential).")
    steps: int = Field(0, ge=0, description="Length in generator steps (linear and cosine).")
    factor: float = Field(1.0, gt=0, le=1, description="Multiplier of every step (exponential).")

    @model_validator(mode="after")
    def _whole(self) -> "Schedule":
        if self.kind != "exponential" and self.steps == 0:
            raise ValueError(f"a {self.kind} schedule needs steps, its length")
        return self


def at(number: float | Schedule, step: int) -> float:
    """The value of a number or schedule at a generator step (from 0).

    linear: start + (end − start)·t/steps; cosine: half a period from start to end; both rest at `end` afterwards.
    exponential: start·factor^t, never below `end` (Goodfellow et al. 2014's learning rate).
    """
    if not isinstance(number, Schedule):
        return number
    if number.kind == "exponential":
        return max(number.start * number.factor**step, number.end)
    progress = min(step / number.steps, 1.0)
    if number.kind == "cosine":
        progress = (1 - cos(pi * progress)) / 2
    return number.start + (number.end - number.start) * progress
