"""What a budget is likely to give, by trainings of `auto` that were measured: docs/FORECAST.md has the table.

Progress is the share of the way, on a logarithmic scale, from an untrained generator's score to real images' own.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil, log, log2
from typing import Any

import numpy as np
import torch
from rich.console import Console

from ganatomy.config.options import Config, TrainingOptions
from ganatomy.config.schedules import Schedule
from ganatomy.config.settings import change
from ganatomy.system import machine
from ganatomy.system.wording import duration
from ganatomy.training import autotune
from ganatomy.training.prepare import Prepared, status

FILE = "forecast.json"  # beside this module
AT_BEST = 1.25  # times the best score that was measured: as good
FIRST = 32  # images, a batch, after which nothing is learnt yet
FEW_STEPS = 100  # after which there is noise whatever the images are
NEAR = 0.5  # octaves between two sizes that are compared


@dataclass(frozen=True)
class CalibrationRun:
    """One training of `auto` to the end of its budget: images seen, minutes, width, the score with its interval."""

    seen: int
    minutes: float
    width: int
    score: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class CalibratedSet:
    """A data set and the trainings on it, the shortest first; side: of its images, in pixels.

    metric: the name of the score; untrained: that of a generator before its first step; coarse: of real images at a
    quarter of their resolution; floor: of one half of the real images against the other; measured: day and machine.
    """

    name: str
    side: int
    channels: int
    images: int
    metric: str
    untrained: float
    coarse: float
    floor: float
    measured: str
    runs: tuple[CalibrationRun, ...]

    def progress(self, seen: float) -> float:
        """The progress after so many images, between trainings linear in their logarithm; 0 to 1."""
        counts = [FIRST, *(run.seen for run in self.runs)]
        reached = [0.0, *(self._reached(run.score) for run in self.runs)]
        return float(np.interp(log(max(seen, 1)), np.log(counts), np.maximum.accumulate(reached)))

    def needed(self, progress: float) -> float | None:
        """The images after which that progress is made; None where no training made it."""
        counts = [FIRST, *(run.seen for run in self.runs)]
        reached = np.maximum.accumulate([0.0, *(self._reached(run.score) for run in self.runs)])
        if progress > reached[-1]:
            return None
        after = int(np.searchsorted(reached, progress))
        if after == 0:
            return float(counts[0])
        part = (progress - reached[after - 1]) / (reached[after] - reached[after - 1])
        return float(np.exp(np.interp(part, [0, 1], np.log(counts[after - 1 : after + 1]))))

    @property
    def shapes(self) -> float:
        """The progress from which on rough shapes are seen: what real images reach at a quarter of their resolution."""
        return self._reached(self.coarse)

    @property
    def best(self) -> float:
        """The progress of what is as good as the best training."""
        return self._reached(AT_BEST * min(run.score for run in self.runs))

    def _reached(self, score: float) -> float:
        return float(np.clip(log(self.untrained / score) / log(self.untrained / self.floor), 0, 1))


@cache
def calibrated() -> tuple[CalibratedSet, ...]:
    """The sets that were measured."""
    return tuple(from_json(entry) for entry in json.loads(files(__package__).joinpath(FILE).read_text("utf-8"))["sets"])


def from_json(entry: Mapping[str, Any]) -> CalibratedSet:
    """A set of the file."""
    return CalibratedSet(**{**entry, "runs": tuple(CalibrationRun(**run) for run in entry["runs"])})


def near(side: int, sets: Sequence[CalibratedSet], colour: bool = False) -> list[CalibratedSet]:
    """The sets whose images are about so large, in colour or grey; where there are none, those that come nearest."""
    sets = [each for each in sets if (each.channels > 1) == colour] or sets
    closest = min(sets, key=lambda each: _octaves(each.side, side)).side
    size = side if _octaves(closest, side) <= NEAR else closest
    return [each for each in sets if _octaves(each.side, size) <= NEAR]


def _octaves(side: int, other: int) -> float:
    return abs(log2(side / other))


def expectation(seen: float, sets: Sequence[CalibratedSet]) -> str:
    """What to expect of so many images, by the sets: "noise", "noise to rough shapes", …"""
    levels = sorted({_level(each, seen) for each in sets})
    return " to ".join(LEVELS[level] for level in dict.fromkeys((levels[0], levels[-1])))


LEVELS = ("noise", "rough shapes", "about the best that was measured")


def _level(each: CalibratedSet, seen: float) -> int:
    progress = each.progress(seen)
    return 2 if progress >= each.best else 1 if progress >= each.shapes else 0


def images_in(training: TrainingOptions, images_per_second: float, images: int = 0, seconds: float = 0.0) -> float:
    """The images that a budget holds at a speed, those included that were seen in so many seconds before."""
    limits = (
        training.steps and training.steps * training.batch * training.discriminator_steps,
        training.images,
        training.minutes and images + max(0.0, 60 * training.minutes - seconds) * images_per_second,
    )
    return float(min(limit for limit in limits if limit))


def show(prepared: Prepared, console: Console) -> None:
    """Print the forecast of a training that is prepared and has no `auto` left."""
    config, speed = prepared.config, prepared.speed
    side, small = max(prepared.modality.shape[1:]), (prepared.modality.shape[0], 32, 32)

    def at_32() -> float:
        with status(console, "Measuring the speed at 32 pixels …"):
            return autotune.expected(change(config, {"data.size": [32, 32]}), small, prepared.runtime, ())

    seen = images_in(config.training, speed)
    console.print(f"Forecast: {speed:,.0f} images/s, {_amount(config, seen, seen / speed)}.", highlight=False)
    for sentence in sentences(config, side, speed, seen, at_32):
        console.print(sentence, highlight=False)


def again(prepared: Prepared, images_per_second: float, images: int, seconds: float) -> Iterator[str]:
    """The forecast from the speed of a training so far, which has seen so many images in so many seconds."""
    config, side = prepared.config, max(prepared.modality.shape[1:])
    seen = images_in(config.training, images_per_second, images, seconds)
    left = max(seen - images, 0) / images_per_second
    yield f"Forecast by the speed so far: {images_per_second:,.0f} images/s, {_amount(config, seen, left)} more."
    if busy := machine.busy(torch.get_num_threads()):
        yield f"{busy} Training is slower than it would be alone."
    yield from sentences(config, side, images_per_second, seen)


def _amount(config: Config, seen: float, seconds: float) -> str:
    return f"about {seen:,.0f} images in all, in {_steps(config, seen):,} steps: {duration(seconds)}"


def _steps(config: Config, seen: float) -> int:
    return max(1, round(seen / config.training.batch / config.training.discriminator_steps))


def sentences(
    config: Config, side: int, images_per_second: float, seen: float, at_32: Callable[[], float] | None = None
) -> Iterator[str]:
    """What to expect of a training that sees so many images of that longer side, in pixels.

    at_32: measures the speed at 32 pixels, for what the same time would give there.
    """
    yield from _schedules(config, _steps(config, seen))
    if config.recipe != "auto" or config.init.path:  # all that was measured began with random weights
        return
    if not calibrated():
        few = _steps(config, seen) < FEW_STEPS
        yield (
            "Expect noise: so few steps teach a generator little." if few else "How good that will be was not measured."
        )
        return
    sets = near(side, calibrated(), _coloured(config))
    larger = side > max(each.side for each in sets) * 2**NEAR
    smaller = side < min(each.side for each in sets) / 2**NEAR
    coloured = _more_colours(config, sets)
    bound = " at best" if larger or coloured else " or better" if smaller else ""
    size = f"nothing was measured near {side} pixels, which need {'more' if larger else 'fewer'} images than "
    colour = "only grey images were measured, which need fewer than colour ones; of "
    why = size if larger or (smaller and not coloured) else colour if coloured else "of "
    yield (
        f"Expect {expectation(seen, sets)}{bound}: {why}{_measured(sets)} (by interpolation between trainings: "
        "docs/FORECAST.md)."
    )
    needed = max(each.needed(each.best) or each.runs[-1].seen for each in sets)
    if seen < needed:
        enough = f"{'at least ' if larger or coloured else ''}--minutes {ceil(needed / images_per_second / 60)}"
        if at_32 and side > 32 * 2**NEAR:
            there = seen / images_per_second * at_32()
            enough += f"; with --size 32 the same time holds about {there:,.0f} images: "
            found = near(32, calibrated(), _coloured(config))
            enough += expectation(there, found) + (" at best" if _more_colours(config, found) else "")
        yield f"Enough for the best that was measured: {enough}."


def _more_colours(config: Config, sets: Sequence[CalibratedSet]) -> bool:
    """Whether a training is on colour images, and the sets are all grey."""
    return _coloured(config) and all(each.channels == 1 for each in sets)


def _coloured(config: Config) -> bool:
    return (config.data.channels or 1) > 1


def _schedules(config: Config, steps: int) -> Iterator[str]:
    """That learning rates do not fall with the budget, where their schedules have another length."""
    for player in ("generator_optimiser", "discriminator_optimiser"):
        rate = getattr(config, player).learning_rate
        if not isinstance(rate, Schedule) or rate.kind == "exponential" or rate.over_budget:
            continue
        if not steps / 2 <= rate.steps <= 2 * steps:
            yield (
                f"{player}.learning_rate falls over {rate.steps:,} steps, and this training has about {steps:,}: "
                f"--set {player}.learning_rate.steps=0 lets it fall over the whole budget."
            )


def _measured(sets: Sequence[CalibratedSet]) -> str:
    shapes = [each.needed(each.shapes) for each in sets]
    best = [each.needed(each.best) or each.runs[-1].seen for each in sets]
    reached = [count for count in shapes if count]
    names = ", ".join(f"{each.name} at {each.side}" for each in sets)
    drew = f"draws rough shapes after {_counts(reached)} images" if reached else "drew no more than noise"
    missing = f" on {len(reached)} of {len(sets)} sets" if 0 < len(reached) < len(sets) else ""
    most = max(each.runs[-1].seen for each in sets)
    return f"{names} pixels: auto {drew}{missing}, and about its best of up to {most:,} after {_counts(best)}"


def _counts(numbers: Sequence[float]) -> str:
    low, high = (f"{_rounded(number):,}" for number in (min(numbers), max(numbers)))
    return low if low == high else f"{low} to {high}"


def _rounded(number: float) -> int:
    """To two digits."""
    unit = 10 ** max(0, len(str(int(number))) - 2)
    return round(number / unit) * unit
