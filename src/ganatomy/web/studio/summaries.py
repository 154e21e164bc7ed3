"""What the store says of each run, read anew only where a folder has changed. No torch."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ganatomy.diagnosis import HEALTHY
from ganatomy.errors import UserError
from ganatomy.report.curves import Columns
from ganatomy.runs.run import Run
from ganatomy.web.studio.run_store import NotThereError, RunStore, reading
from ganatomy.web.studio.status import status
from ganatomy.web.studio.tail import Events, sketch

POINTS = 24  # of a sparkline
CURVES = ("probability/real", "probability/fake"), ("lab/best_value",), ("loss/discriminator", "loss/generator")
WATCHED = ("run.json", "metrics.jsonl", "events.jsonl", "samples", "eval")


@dataclass
class _Kept:
    signature: tuple[Any, ...]
    card: dict[str, Any]


class RunSummaries:
    """A card of every run on the store."""

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._kept: dict[str, _Kept] = {}

    def all(self) -> list[dict[str, Any]]:
        """The newest first. A run that cannot be read has a card that says why."""
        names = self.store.names()
        self._kept = {name: kept for name, kept in self._kept.items() if name in names}
        found = [self._card(name) for name in names]
        return sorted(found, key=lambda card: (-card["changed"], card["name"]))

    def _card(self, name: str) -> dict[str, Any]:
        try:
            with reading(name):
                run = self.store.run(name)
                signature = _signature(run)
                kept = self._kept.get(name)
                if kept is None or kept.signature != signature:
                    kept = self._kept[name] = _Kept(signature, card(run))
                if kept.card["state"] in ("running", "paused", "interrupted"):  # which may change without a trace
                    kept.card["state"] = status(run, run.info(), _events(run))
                return kept.card
        except UserError as error:
            return {"name": name, "state": "unreadable", "problem": str(error), "changed": 0.0}


def card(run: Run) -> dict[str, Any]:
    """name, state, step, picture (a snapshot's step), curves, verdict, problem, … of a run."""
    info, events = run.info(), _events(run)
    steps, records = list(run.snapshots()), sketch(run.path / "metrics.jsonl", POINTS)
    recorded = records["step"][-1] if records and len(records["step"]) else 0
    said = [str(event.get("verdict")) for event in events if event.get("event") == "verdict"]
    problem = None if info else "There is no run.json: the run has not begun, or only a part of it was copied."
    data = info.get("data")
    return {
        "name": run.name,
        "state": status(run, info, events),
        "step": int(max([recorded, _whole(info.get("step")), *steps[-1:]])),
        "picture": steps[-1] if steps else None,
        "lab": "lab" in info,
        "recipe": _recipe(run, info),
        "data": str(data.get("source", "")) if isinstance(data, dict) else str(info.get("lab", "")),
        "curves": curves(records),
        "verdict": {"verdict": said[-1], "healthy": said[-1] == HEALTHY} if said else None,
        "problem": problem or info.get("error"),
        "changed": max(stamp for stamp, _ in filter(None, _signature(run))) / 1e9,
    }


def curves(records: Columns) -> dict[str, Any]:
    """Few points of the first kind of curves that there is: {x, lines: {name: y}, half}."""
    for names in CURVES:
        if records and all(name in records for name in names):
            some = np.unique(np.linspace(0, len(records["step"]) - 1, 3 * POINTS).astype(int))
            lines = {
                name: [round(y, 4) if isfinite(y) else None for y in records[name][some].tolist()] for name in names
            }
            return {"x": records["step"][some].tolist(), "lines": lines, "half": names == CURVES[0]}
    return {}


def _recipe(run: Run, info: dict[str, Any]) -> str:
    """The name alone: a configuration takes long to check."""
    if "lab" in info:
        return f"lab, {str(info.get('objective', '')).replace('_', ' ')}"
    try:
        with (run.path / "config.yaml").open(encoding="utf-8", errors="replace") as file:
            first = file.readline()
    except OSError:
        return ""
    return first.removeprefix("recipe:").strip() if first.startswith("recipe:") else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _events(run: Run) -> list[dict[str, Any]]:
    tail = Events(run.path / "events.jsonl")
    tail.advance()
    return tail.entries


def _signature(run: Run) -> tuple[Any, ...]:
    found: list[tuple[int, int] | None] = []
    for part in WATCHED:
        try:
            stat = (run.path / part).stat()
        except OSError:
            found.append(None)
            continue
        found.append((stat.st_mtime_ns, stat.st_size))
    if not any(found):
        raise NotThereError(f"{run.name} is gone.")
    return tuple(found)
