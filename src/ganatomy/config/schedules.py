"""Numbers that change with the step."""

from math import cos, pi

from ganatomy.config.options import Schedule


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
