"""One run as its page sees it: everything at first, then only what is new. No torch."""

import threading
import time
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeVar

from ganatomy.config import settings
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.report import charts, lab, scores
from ganatomy.report.curves import Columns
from ganatomy.runs.lines import is_number
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard
from ganatomy.runs.status import ACTIVE, status_of
from ganatomy.web.strict_json import dump
from ganatomy.web.studio.live_diagnosis import LiveDiagnosis
from ganatomy.web.studio.run_store import RunStore, brief
from ganatomy.web.studio.tail import Events, Records

FIRST_READ = 0.4  # seconds of reading before a page is answered with samples of the rest
READ = 0.05  # seconds of reading after which other pages have their turn
PAUSE = 0.01
POLL_EVERY = 0.5  # seconds between readings, however many pages show the run
MAX_EVENTS = 200  # that a page shows
MAX_ANSWERS = 64  # kept between two readings


Value = TypeVar("Value")


class LiveRun:
    """A run that at least one page shows; all of its pages share this."""

    def __init__(self, run: Run, store: RunStore) -> None:
        self.run, self.store = run, store
        self.records, self.events = Records(run.path / "metrics.jsonl"), Events(run.path / "events.jsonl")
        self.diagnosis = LiveDiagnosis(run)
        self._lock = threading.Lock()
        self._polled: float | None = None  # when the files were read last
        self._reader: threading.Thread | None = None
        self._answers: dict[tuple[float, int], bytes] = {}  # since the last reading
        self._kept: dict[str, tuple[object, Any]] = {}

    def news(self, after: float, generation: int) -> bytes:
        """What is new for a page that has everything up to the step `after` of that generation of the file, as JSON.

        Charts are those of the report; they hold only the new points.
        """
        with self._lock:
            self._poll()
            if (after, generation) not in self._answers:
                if len(self._answers) >= MAX_ANSWERS:
                    self._answers.clear()
                self._answers[after, generation] = dump(self._news(after, generation))
            return self._answers[after, generation]

    def _news(self, after: float, generation: int) -> dict[str, Any]:
        info, records = self.run.info(), self.records
        config = None if "lab" in info else self._unchanged("config.yaml", self.run.config)
        complete = records.share > 0.99
        whole = not complete or records.generation != generation
        self.diagnosis.update(records, info.get("status") == "failed")
        columns = records.all() if whole else records.after(after)
        events = self.events.entries
        status = status_of(self.run, info, events)
        marked = [each for each in events if each.get("event") in charts.MARKS and is_number(each.get("step"))]
        return {
            "name": self.run.name,
            "state": status,
            "active": status in ACTIVE,
            "error": self.store.words(info["error"]) if info.get("error") else None,
            "facts": facts(info, config),
            "lab": "lab" in info,
            "game": self._unchanged("config.yaml", self._game) if "lab" in info else None,
            "generation": records.generation if complete else -1,  # -1: ask for everything again
            "read": round(records.share, 3),
            "whole": whole,
            "step": _last(columns, after),
            "done": info["step"] if isinstance(info.get("step"), int) else 0,
            "charts": [chart._asdict() for chart in charts.of(columns, config, info)],
            "scores": [chart._asdict() for chart in scores.of(self._unchanged("eval", self._score_cards) or [])],
            "marks": charts.marks(marked),
            "diagnosis": self.diagnosis.to_json(status),
            "evidence": self.diagnosis.charts() if whole or self.diagnosis.step > after else [],
            "events": events[-MAX_EVENTS:],
            "rates": _rates(config),
            "reals": (self.run.path / "reals.png").is_file(),
            "heard": (self.run.path / "reals.wav").is_file(),
            "report": (self.run.path / "report.html").is_file(),
            "snapshots": self.events.snapshots,
        }

    def _unchanged(self, part: str, make: Callable[[], Value]) -> Value | None:
        """What is made from a part of the folder, made again only when that changes; None where it cannot be."""
        try:
            stat = (self.run.path / part).stat()
            stamp = stat.st_mtime_ns, stat.st_size
            if part not in self._kept or self._kept[part][0] != stamp:
                self._kept[part] = stamp, make()
        except (UserError, OSError):
            return None
        value: Value = self._kept[part][1]
        return value

    def _game(self) -> dict[str, Any]:
        """A game of the lab: how to read its pictures, and its options."""
        return {"reading": lab.READING, "options": settings.read_yaml(self.run.at("config.yaml"))}

    def _score_cards(self) -> list[ScoreCard]:
        return self.store.scores(self.run)[0]

    def _poll(self) -> None:
        now = time.monotonic()
        first = self._polled is None
        if self._polled is not None and now - self._polled < POLL_EVERY:
            return
        if self._reader and self._reader.is_alive():
            return
        self._polled = now
        self._answers.clear()
        self.events.advance()
        if self.records.advance(FIRST_READ if first else READ):
            self._reader = threading.Thread(target=self._read_on, daemon=True)
            self._reader.start()

    def _read_on(self) -> None:
        while True:
            with self._lock:
                if not self.records.advance(READ):
                    return
            time.sleep(PAUSE)


def facts(info: Mapping[str, Any], config: Config | None) -> list[tuple[str, str]]:
    """Terms and descriptions for the top of a run's page; what is missing or damaged is left out."""
    found: list[tuple[str, str]] = []
    if "lab" in info:
        found.append(("Target", brief(f"{info['lab']}, objective {str(info.get('objective')).replace('_', ' ')}")))
    if config:
        found.append(("Recipe", f"{config.recipe}, objective {config.objective.name.replace('_', ' ')}"))
    data, machine = info.get("data"), info.get("machine")
    if isinstance(data, dict) and isinstance(data.get("images"), int):
        size = f", {config.data.size[0]} × {config.data.size[1]} pixels" if config and config.data.size else ""
        found.append(("Data", f"{data['images']:,} images from {brief(data.get('source'))}{size}"))
    if isinstance(machine, dict) and "processor" in machine:
        found.append(("Machine", brief(f"{machine['processor']}, {machine.get('cores')} cores")))
    for name, term in (("started", "Started"), ("command", "Command")):
        if info.get(name):
            found.append((term, brief(info[name])))
    return found


def _rates(config: Config | None) -> dict[str, float]:
    """The learning rates that are not schedules, by player."""
    if config is None:
        return {}
    players = {"generator": config.generator_optimiser}
    if config.method == "adversarial":
        players["discriminator"] = config.discriminator_optimiser
    return {name: each.learning_rate for name, each in players.items() if isinstance(each.learning_rate, float)}


def _last(columns: Columns, otherwise: float) -> float | None:
    """The newest step that a page has then; None where there are no records."""
    if columns and len(columns["step"]):
        return float(columns["step"][-1])
    return otherwise if isfinite(otherwise) else None
