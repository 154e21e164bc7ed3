"""How the signals of healthy trainings lie, and what of a training lies outside: for faults that no rule knows."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from math import isfinite, log10, nan
from typing import NamedTuple, TypeAlias

from ganatomy.diagnosis.window import Window

FILE = "healthy.json"  # written by `python -m ganatomy.experiments.diagnosis_exam.generated.healthy`
SPENT = 1 / 3  # of the budget: before, healthy trainings are anywhere
MARGIN = 0.5  # of a range's width, by which a signal may leave it
Range: TypeAlias = tuple[float, float]


class Outside(NamedTuple):
    """A quantity that lies outside the range of healthy trainings."""

    quantity: str
    value: float
    range: Range

    @property
    def excess(self) -> float:
        """How far outside, in widths of the range."""
        low, high = self.range
        return max(low - self.value, self.value - high) / (high - low)

    @property
    def bound(self) -> float:
        """The end of the range beyond which it lies."""
        return self.range[0] if self.value < self.range[0] else self.range[1]


def _ratio(signal: str, other: str) -> Callable[[Window], float]:
    return lambda window: _over(window(signal), window(other))


def _log_ratio(signal: str, other: str) -> Callable[[Window], float]:
    return lambda window: log10(max(window(signal), 1e-6) / max(window(other), 1e-6))


def _plain(signal: str) -> Callable[[Window], float]:
    return lambda window: window(signal)


def _unless_growing(signal: str, over: Callable[[str, str], Callable[[Window], float]]) -> Callable[[Window], float]:
    """Over its floor; a generator that begins to draw different images may still be anywhere."""
    ratio = over(signal, f"{signal}_floor")
    return lambda window: nan if window.growing(signal) else ratio(window)


def _beside_start(window: Window) -> float:
    """What is left of the distance at the start, where it falls no more: what still falls may get anywhere."""
    return _over(window("distance"), window.at_start("distance")) if window.stuck else 0.0


def _over(value: float, other: float) -> float:
    """Their ratio; unknown where the other is not above 0, as of real images that are all alike."""
    return value / other if other > 0 else nan


QUANTITIES: Mapping[str, Callable[[Window], float]] = {
    "distance, no longer falling, over that at the start": _beside_start,
    "auc": _plain("auc"),
    "sign": _plain("sign"),
    "coherence": _plain("coherence"),
    "gap": _plain("gap"),
    "spread, where it does not grow, over its floor": _unless_growing("spread", _ratio),
    "twins, where they do not grow, over its floor": _unless_growing("twins", _log_ratio),
    "batch_spread over spread": _log_ratio("batch_spread", "spread"),
    "average_distance over distance": _log_ratio("average_distance", "distance"),
    "real_variety": _plain("real_variety"),
    "saturated beyond real images": lambda window: window("saturated") - window("saturated_real"),
    "low": _plain("low"),
    "high": _plain("high"),
    "checkerboard": lambda window: log10(max(window("checkerboard"), 1e-6)),
}


def quantities(window: Window) -> dict[str, float]:
    """Those of a window that are known, by name."""
    found = {name: quantity(window) for name, quantity in QUANTITIES.items()}
    return {name: value for name, value in found.items() if isfinite(value)}


@cache
def ranges() -> Mapping[str, Range]:
    """Lowest and highest value of each quantity in the healthy trainings that FILE is made from."""
    kept = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    return {name: (low, high) for name, (low, high) in kept["ranges"].items()}


def farthest_outside(
    window: Window, known: Mapping[str, Range] | None = None, margin: float = MARGIN
) -> Outside | None:
    """The quantity that lies farthest outside its range; None where all are within, or within the margin of it."""
    known = ranges() if known is None else known
    found = [Outside(name, value, known[name]) for name, value in quantities(window).items() if name in known]
    worst = max(found, key=lambda each: each.excess, default=None)
    return worst if worst is not None and worst.excess > margin else None
