"""Numbers that change with the step, or with the share of the budget that is spent."""

from math import cos, pi
from typing import Literal

from pydantic import Field

from ganatomy.system.options import Options


class Schedule(Options):
    """A number that changes while training goes on; `at` reads it."""

    kind: Literal["linear", "exponential", "cosine"] = Field(
        "linear", description="Shape of the way from start to end."
    )
    start: float = Field(description="Value at step 0.")
    end: float = Field(description="Value from the end of the schedule on (a floor, when exponential).")
    steps: int = Field(
        0,
        ge=0,
        description="Length in generator steps (linear and cosine); 0: the whole budget, of steps, images or minutes.",
    )
    factor: float = Field(1.0, gt=0, le=1, description="Multiplier of every step (exponential).")

    @property
    def over_budget(self) -> bool:
        """Whether it ends with the budget, not after a number of steps."""
        return self.kind != "exponential" and self.steps == 0


def at(number: float | Schedule, step: int, spent: float = 0.0) -> float:
    """The value of a number or schedule at a generator step (from 0), when the share `spent` of the budget is spent.

    linear: start + (end − start)·p, p = step/steps, or `spent` where steps is 0; cosine: half a period from start to
    end; both rest at `end` from p = 1 on.
    exponential: start·factor^t, never below `end` (Goodfellow et al. 2014's learning rate).
    """
    if not isinstance(number, Schedule):
        return number
    if number.kind == "exponential":
        return max(number.start * number.factor**step, number.end)
    progress = min(step / number.steps if number.steps else spent, 1.0)
    if number.kind == "cosine":
        progress = (1 - cos(pi * progress)) / 2
    return number.start + (number.end - number.start) * progress
