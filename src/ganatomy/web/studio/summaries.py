"""A summary of each run, made again only where its folder has changed. No torch."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from ganatomy.diagnosis import HEALTHY
from ganatomy.errors import UserError
from ganatomy.report.curves import Columns
from ganatomy.runs.run import Run
from ganatomy.runs.status import ACTIVE, status_of
from ganatomy.web.studio.run_store import MAX_WORDS, NotFoundError, RunStore, brief, reading
from ganatomy.web.studio.tail import Events, sketch
from ganatomy.web.studio.time_limit import TimeLimit

POINTS = 24  # of a sparkline
RUN_SECONDS, ALL_SECONDS = 2.0, 5.0  # that a list of runs waits for one of them, and for all
PARTS = ("run.json", "metrics.jsonl", "events.jsonl", "samples", "eval")  # of a folder, whose changes matter


class Line(NamedTuple):
    """A line of a sparkline: a column of metrics.jsonl, its name for people, and whose colour it has."""

    column: str
    name: str
    role: str


# The first of these whose columns a run has.
SPARKLINES = (
    (Line("probability/real", "D(x)", "discriminator"), Line("probability/fake", "D(G(z))", "generator")),
    (Line("lab/best_value", "−log 4 + 2·JSD", "generator"),),
    (Line("loss/discriminator", "D's loss", "discriminator"), Line("loss/generator", "G's loss", "generator")),
)


@dataclass
class RunSummary:
    """What the list of runs shows of one.

    state     its status, or "unreadable"
    picture   the step of its newest snapshot
    curves    see `curves`
    verdict   the newest of its diagnosis; health: its `Monitor.state`
    problem   one sentence on what is wrong with the run or its folder
    changed   when its folder was last written to, in seconds since 1970
    """

    name: str
    state: str
    step: int | None = None
    picture: int | None = None
    lab: bool = False
    recipe: str = ""
    data: str = ""
    curves: dict[str, Any] = field(default_factory=dict)
    verdict: str | None = None
    health: str | None = None
    problem: str | None = None
    changed: float = 0.0


Signature = tuple[tuple[int, int] | None, ...]  # time of change and size of each of PARTS


class RunSummaries:
    """The summaries of all runs in a folder."""

    def __init__(self, store: RunStore, limit: TimeLimit) -> None:
        self.store, self.limit = store, limit
        self._kept: dict[str, tuple[Signature, RunSummary]] = {}
        self._seconds: dict[str, float] = {}  # that reading each took last
        self._lock = threading.Lock()

    def all(self) -> list[RunSummary]:
        """The newest first. A run that cannot be read, or not soon, has a summary that says why."""
        with self._lock:
            names = self.store.names()
            self._kept = {name: kept for name, kept in self._kept.items() if name in names}
            self._seconds = {name: self._seconds.get(name, 0.0) for name in names}
            until = monotonic() + ALL_SECONDS
            # The slow ones last, so that they take no time from the others.
            order = sorted(names, key=lambda name: self._seconds[name])
            found = [self._timed(name, until) for name in order]
        return sorted(found, key=lambda summary: (-summary.changed, summary.name))

    def _timed(self, name: str, until: float) -> RunSummary:
        """The summary of one run, if it is there by `until`."""
        began = monotonic()
        if began >= until:
            kept = self._kept.get(name)
            return kept[1] if kept else RunSummary(name, "unreadable", problem="Not read yet: other runs take long.")
        try:
            return self.limit.read(name, min(RUN_SECONDS, until - began), partial(self._summary, name))
        except UserError as error:
            return RunSummary(name, "unreadable", problem=self.store.words(error))
        finally:
            self._seconds[name] = monotonic() - began

    def _summary(self, name: str) -> RunSummary:
        with reading(name):
            run = self.store.run(name)
            signature = _signature(run)
            if name not in self._kept or self._kept[name][0] != signature:
                summary = summarise(run)
                summary.problem = summary.problem and self.store.words(summary.problem)
                self._kept[name] = signature, summary
            summary = self._kept[name][1]
            if summary.state in ACTIVE or summary.state == "interrupted":  # may change without a trace on disk
                summary.state = status_of(run, run.info(), _events(run))
            return summary


def summarise(run: Run) -> RunSummary:
    """The summary of one run."""
    info, events = run.info(), _events(run)
    steps, records = list(run.snapshots()), sketch(run.path / "metrics.jsonl", POINTS)
    recorded = records["step"][-1] if records and len(records["step"]) else 0
    verdicts = [event for event in events if event.get("event") == "verdict"]
    problem = None if info else "run.json is missing: the run has not started, or it was copied in part."
    data = info.get("data")
    return RunSummary(
        run.name,
        status_of(run, info, events),
        step=int(max([recorded, _integer(info.get("step")), *steps[-1:]])),
        picture=steps[-1] if steps else None,
        lab="lab" in info,
        recipe=_recipe(run, info),
        data=brief(data.get("source", "") if isinstance(data, dict) else info.get("lab", "")),
        curves=curves(records),
        verdict=brief(verdicts[-1].get("verdict")) if verdicts else None,
        health=_health(verdicts[-1]) if verdicts else None,
        problem=problem or (brief(info["error"]) if info.get("error") else None),
        changed=max(stamp for stamp, _ in filter(None, _signature(run))) / 1e9,
    )


def _health(event: Mapping[str, Any]) -> str:
    """The state of a verdict; older runs recorded the verdict alone, which was `healthy` or a finding."""
    return str(event.get("state") or ("healthy" if event.get("verdict") == HEALTHY else "ill"))


def curves(records: Columns) -> dict[str, Any]:
    """A few points of a run's sparkline: {x: steps, lines: [{name, role, y}], half: whether y is 0 to 1 around ½}.

    {} where there is none.
    """
    for lines in SPARKLINES:
        if records and all(line.column in records for line in lines):
            rows = np.unique(np.linspace(0, len(records["step"]) - 1, 3 * POINTS).astype(int))
            drawn = [
                {"name": line.name, "role": line.role, "y": _rounded(records[line.column][rows])} for line in lines
            ]
            return {"x": records["step"][rows].tolist(), "lines": drawn, "half": lines is SPARKLINES[0]}
    return {}


def _rounded(values: np.ndarray) -> list[float | None]:
    return [round(value, 4) if isfinite(value) else None for value in values.tolist()]


def _recipe(run: Run, info: dict[str, Any]) -> str:
    """The name alone: a whole configuration takes long to check."""
    if "lab" in info:
        return brief(f"lab, {str(info.get('objective', '')).replace('_', ' ')}")
    try:
        with (run.path / "config.yaml").open(encoding="utf-8", errors="replace") as file:
            first = file.readline(MAX_WORDS)
    except OSError:
        return ""
    return first.removeprefix("recipe:").strip() if first.startswith("recipe:") else ""


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _events(run: Run) -> list[dict[str, Any]]:
    tail = Events(run.path / "events.jsonl")
    tail.advance()
    return tail.entries


def _signature(run: Run) -> Signature:
    found: list[tuple[int, int] | None] = []
    for part in PARTS:
        try:
            stat = (run.path / part).stat()
        except OSError:
            found.append(None)
            continue
        found.append((stat.st_mtime_ns, stat.st_size))
    if not any(found):
        raise NotFoundError(f"{run.name} was removed.")
    return tuple(found)
