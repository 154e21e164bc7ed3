"""What a rule sees of a training: its probe records up to one step, smoothed."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import isfinite, nan
from statistics import median
from typing import NamedTuple

SMOOTH = 3  # values whose median counts: a single one is noisy
BACK = 400  # records in which they are looked for: not each has every signal
PROGRESS = 0.85  # what separates generated from real images now, over that at half the steps: below, they come closer
FAR = 0.15  # the least `distance` at which generated images are far from real ones,
FLOORS = 5  # and how many times its floor
SAME = 0.1  # relative difference of signals that are called the same
EARLY = 0.1  # of the steps so far: a first record beyond says nothing of the start
STILL = 0.02  # the movement between two probes, at most, of a generator that hardly changes
BEST, HIGHEST = "distance/best", "auc/highest"  # in a record: of all up to it
NEARER = 0.7  # of the distance at the start: below, chance alone did not bring them there
WORSE = 3  # times the least distance so far: images that got so much farther have lost what was learnt
LEARNT = 0.5  # of the distance at the start: a generator that is closer has learnt something


class Window(NamedTuple):
    """Probe records up to a step, oldest first: signals by name, and the losses and scores of the same step."""

    records: Sequence[Mapping[str, float]]

    def __call__(self, name: str) -> float:
        """The median of the last three values of a signal; NaN where it is missing."""
        return self._median(name, len(self.records))

    def halfway(self, name: str) -> float:
        """The same at half the steps."""
        place = bisect_left(self.records, self.records[-1]["step"] / 2, key=lambda record: record["step"])
        return self._median(name, place + 1 + SMOOTH // 2)

    def at_start(self, name: str) -> float:
        """The median of the first three values of a signal; NaN where it is missing."""
        found = [record[name] for record in self.records[:BACK] if name in record][:SMOOTH]
        return median(found) if found else float("nan")

    def least(self, name: str) -> float:
        """The least value of a signal in the last records; NaN where it is missing."""
        return min((record[name] for record in self.records[-BACK:] if name in record), default=float("nan"))

    def having(self, name: str, count: int) -> list[Mapping[str, float]]:
        """The last `count` records that have a signal, oldest first."""
        recent = self.records[-BACK:]
        return [record for record in recent if name in record][-count:]

    def before(self, probes: int) -> "Window":
        """The end of the window as it was so many probes ago: enough for medians, not for `halfway`."""
        return Window(self.records[-probes - SMOOTH : -probes])

    def _median(self, name: str, end: int) -> float:
        """Of the last values before the record number `end`."""
        end, found = min(end, len(self.records)), []
        for place in range(end - 1, max(end - 1 - BACK, -1), -1):
            if name in self.records[place]:
                found.append(self.records[place][name])
                if len(found) == SMOOTH:
                    break
        return median(found) if found else float("nan")

    def growing(self, name: str) -> bool:
        """Whether a signal is larger than at half the steps."""
        return self(name) > self.halfway(name) / PROGRESS

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
        return self("distance") > max(self("distance_floor"), FLOORS * self.least("distance_floor"), FAR)

    @property
    def nearer(self) -> bool:
        """Whether generated images are not far from real ones, or measurably nearer than at the start."""
        now = self("distance")
        return isfinite(now) and (not self.far or now < NEARER * self.at_start("distance"))

    @property
    def best_distance(self) -> float:
        """The least median of five values of `distance` in a row, of all records; NaN where there are fewer."""
        return self.records[-1].get(BEST, nan)

    @property
    def highest_auc(self) -> float:
        """The greatest value of `auc`, of all records; NaN where it is missing."""
        return self.records[-1].get(HIGHEST, nan)

    @property
    def worse(self) -> bool:
        """Whether generated images are far again, and much farther than at their best."""
        least = max(WORSE * self.best_distance, LEARNT * self.at_start("distance"))
        return self.far and self("distance") > least

    @property
    def as_at_start(self) -> bool:
        """Whether `distance` and `spread` are still what they were at the first records."""
        return all(
            abs(self(name) - self.at_start(name)) < SAME * self.at_start(name) for name in ("distance", "spread")
        )

    def known_since(self, share: float) -> bool:
        """Whether the first record is of this share of the steps so far, or earlier."""
        return self.records[0]["step"] <= share * self.records[-1]["step"]

    @property
    def untouched(self) -> bool:
        """Whether nothing has moved the generator: its images are no nearer, and hardly move where that is measured."""
        return not self("movement") > STILL and (self.as_at_start or (self("movement") < STILL and not self.nearer))

    @property
    def learnt(self) -> bool:
        """Whether generated images are not far from real ones, or at most half as far as at the start."""
        now = self("distance")
        return isfinite(now) and (not self.far or now < LEARNT * self.at_start("distance"))


def so_far(records: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """`best_distance` and `highest_auc` as the last record leaves them, for that record to hold.

    Kept from record to record: there may be very many, and each is judged while the training waits.
    """
    before = records[-2] if len(records) > 1 else {}
    recent = [record["distance"] for record in Window(records).having("distance", 5)]
    distances = [*([before[BEST]] if BEST in before else []), *([median(recent)] if len(recent) == 5 else [])]
    areas = [each[name] for each, name in ((before, HIGHEST), (records[-1], "auc")) if name in each]
    return ({BEST: min(distances)} if distances else {}) | ({HIGHEST: max(areas)} if areas else {})


TERMS = (
    f"*Far*: `distance` above {FAR}, above its floor, and above {FLOORS} times the floor of a whole probe. *Learnt "
    f"something*: not far, or at most {LEARNT} times as far as at the start. *No progress*: neither `distance`, nor "
    f"what `spread` lacks to 1, has fallen below {PROGRESS} of its value at half the steps. *Growing*: above "
    f"1/{PROGRESS} of the value at half the steps."
)
