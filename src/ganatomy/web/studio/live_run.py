"""One run as its page sees it: the whole at first, then only what is new. No torch."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.report import charts, scores
from ganatomy.report.curves import Columns
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard
from ganatomy.web.studio.live_diagnosis import LiveDiagnosis
from ganatomy.web.studio.run_store import RunStore
from ganatomy.web.studio.status import status
from ganatomy.web.studio.tail import Events, Records, is_step

PATIENCE = 0.4  # seconds of reading before a page is answered with samples of the rest
AT_ONCE = 0.05  # seconds of reading after which the other pages have their turn
REST = 0.01
LOOK_EVERY = 0.5  # seconds: more pages do not mean more looks
TOLD = 200  # events at most


Value = TypeVar("Value")


class LiveRun:
    """A run that somebody looks at. One for all pages."""

    def __init__(self, run: Run, store: RunStore) -> None:
        self.run, self.store = run, store
        self.records, self.events = Records(run.path / "metrics.jsonl"), Events(run.path / "events.jsonl")
        self.diagnosed = LiveDiagnosis(run)
        self._lock, self._looked = threading.Lock(), 0.0
        self._reader: threading.Thread | None = None
        self._answers: dict[tuple[float, int], bytes] = {}  # since the last look
        self._kept: dict[str, tuple[object, Any]] = {}

    def live(self, after: float, generation: int) -> bytes:
        """What a page has to know that has everything of that generation of the file up to the step `after`, as JSON.

        Charts are as in the report; of what is new they hold only the new points.
        """
        with self._lock:
            self._look()
            if (after, generation) not in self._answers:
                told = json.dumps(self._news(after, generation), allow_nan=False, ensure_ascii=False)
                self._answers[after, generation] = told.encode()
            return self._answers[after, generation]

    def _news(self, after: float, generation: int) -> dict[str, Any]:
        info, records = self.run.info(), self.records
        config = None if "lab" in info else self._unchanged("config.yaml", self.run.config)
        complete = records.share > 0.99
        whole = not complete or records.generation != generation
        self.diagnosed.follow(records, info.get("status") == "failed")
        columns = records.whole() if whole else records.after(after)
        told = [event for event in self.events.entries if event.get("event") != "snapshot"]
        return {
            "name": self.run.name,
            "state": status(self.run, info, told),
            "error": info.get("error"),
            "facts": facts(info, config),
            "lab": "lab" in info,
            "generation": records.generation if complete else -1,  # -1: ask for everything again
            "read": round(records.share, 3),
            "whole": whole,
            "step": _last(columns, after),
            "done": info["step"] if isinstance(info.get("step"), int) else 0,
            "charts": [chart._asdict() for chart in charts.of(columns, config)],
            "scores": [chart._asdict() for chart in scores.of(self._unchanged("eval", self._cards) or [])],
            "marks": charts.marks([e for e in told if e.get("event") in charts.MARKS and is_step(e.get("step"))]),
            "diagnosis": self.diagnosed.told(),
            "evidence": self.diagnosed.charts() if whole or self.diagnosed.step > after else [],
            "events": told[-TOLD:],
            "rates": _rates(config),
            "reals": (self.run.path / "reals.png").is_file(),
            "snapshots": sum(event.get("event") == "snapshot" for event in self.events.entries),
        }

    def _unchanged(self, part: str, make: Callable[[], Value]) -> Value | None:
        """What is made of a part of the folder, made again only when that changes; None where it cannot be."""
        try:
            stat = (self.run.path / part).stat()
            stamp = stat.st_mtime_ns, stat.st_size
            if part not in self._kept or self._kept[part][0] != stamp:
                self._kept[part] = stamp, make()
        except (UserError, OSError):
            return None
        value: Value = self._kept[part][1]
        return value

    def _cards(self) -> list[ScoreCard]:
        return self.store.scores(self.run)[0]

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY or (self._reader and self._reader.is_alive()):
            return
        first, self._looked = not self._looked, now
        self._answers.clear()
        self.events.advance()
        if self.records.advance(PATIENCE if first else AT_ONCE):
            self._reader = threading.Thread(target=self._read_on, daemon=True)
            self._reader.start()

    def _read_on(self) -> None:
        while True:
            with self._lock:
                if not self.records.advance(AT_ONCE):
                    return
            time.sleep(REST)


def facts(info: Mapping[str, Any], config: Config | None) -> list[tuple[str, str]]:
    """What there is to say of a run at the top of its page; what is missing or odd is not said."""
    found: list[tuple[str, str]] = []
    if "lab" in info:
        found.append(("Target", f"{info['lab']}, objective {str(info.get('objective')).replace('_', ' ')}"))
    if config:
        found.append(("Recipe", f"{config.recipe}, objective {config.objective.name.replace('_', ' ')}"))
    data, machine = info.get("data"), info.get("machine")
    if isinstance(data, dict) and isinstance(data.get("images"), int):
        size = f", {config.data.size[0]} × {config.data.size[1]} pixels" if config and config.data.size else ""
        found.append(("Data", f"{data['images']:,} images from {data.get('source')}{size}"))
    if isinstance(machine, dict) and "processor" in machine:
        found.append(("Machine", f"{machine['processor']}, {machine.get('cores')} cores"))
    for name, word in (("started", "Begun"), ("command", "Command")):
        if info.get(name):
            found.append((word, str(info[name])))
    return found


def _rates(config: Config | None) -> dict[str, float]:
    """The learning rates that are not schedules, by player."""
    if config is None:
        return {}
    players = {"generator": config.generator_optimiser}
    if config.method == "adversarial":
        players["discriminator"] = config.discriminator_optimiser
    return {name: each.learning_rate for name, each in players.items() if isinstance(each.learning_rate, float)}


def _last(columns: Columns, otherwise: float) -> float:
    return float(columns["step"][-1]) if columns and len(columns["step"]) else otherwise
