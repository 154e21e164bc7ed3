"""What a rule sees of a training: its probe records up to one step, smoothed."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

SMOOTH = 3  # probes whose median counts: a single one is noisy
PROGRESS = 0.85  # what separates generated from real images now, over that at half the steps: below, they come closer
FAR = 0.15  # the least `distance` at which generated images are far from real ones,
FLOORS = 5  # and how many times its floor


class Window(NamedTuple):
    """Probe records up to a step, oldest first: signals by name, and the losses and scores of the same step."""

    records: Sequence[Mapping[str, float]]

    def __call__(self, name: str) -> float:
        """The median of a signal over the last three probes; NaN where it is missing."""
        return self._median(name, len(self.records) - SMOOTH)

    def halfway(self, name: str) -> float:
        """The same at half the steps."""
        place = bisect_left(self.records, self.records[-1]["step"] / 2, key=lambda record: record["step"])
        return self._median(name, place - SMOOTH // 2)

    def before(self, probes: int) -> "Window":
        """The end of the window as it was so many probes ago: enough for medians, not for `halfway`."""
        return Window(self.records[-probes - SMOOTH : -probes])

    def _median(self, name: str, first: int) -> float:
        found = [record[name] for record in self.records[max(first, 0) : max(first, 0) + SMOOTH] if name in record]
        return median(found) if found else float("nan")

    @property
    def wider(self) -> bool:
        """Whether generated images lack less of the real ones' variety than at half the steps."""
        now, then = (max(1 - spread, 0.0) for spread in (self("spread"), self.halfway("spread")))
        return now < PROGRESS * then

    @property
    def stuck(self) -> bool:
        """Whether generated images are neither closer to real ones nor more varied than at half the steps."""
        return not self.wider and not self("distance") < PROGRESS * self.halfway("distance")

    @property
    def far(self) -> bool:
        """Whether generated images are farther from real ones than real ones ever are from each other by chance."""
        return self("distance") > max(FLOORS * self("distance_floor"), FAR)


TERMS = (
    f"*Far*: `distance` above {FAR} and above {FLOORS} times its floor. *No progress*: neither `distance`, nor what "
    f"`spread` lacks to 1, has fallen below {PROGRESS} of its value at half the steps."
)
