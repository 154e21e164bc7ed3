"""Tells a tracker what a run folder records, in a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from time import monotonic
from typing import TypedDict

from ganatomy.diagnosis import RULES
from ganatomy.errors import UserError, first_line
from ganatomy.runs import lines
from ganatomy.runs.run import Run
from ganatomy.system.files import write_text
from ganatomy.system.wording import duration
from ganatomy.training.loop import Callback, State
from ganatomy.training.trackers import TrackedRun, Tracker

BETWEEN = 1.0  # seconds between two looks at the folder,
KEPT = 10.0  # and between two notes of how far they got
PATIENCE = 30.0  # seconds that a session waits at its end for a tracker
FILES = RECORDS, EVENTS = "metrics.jsonl", "events.jsonl"
OF_EVENTS = ("event", "time", "step")


class Place(TypedDict):
    """Under which key a tracker knows a run, and how many bytes of the two files it was told."""

    key: str | None
    records: int
    events: int


class Track(Callback):
    """Follows metrics.jsonl and events.jsonl, from where an earlier session had got to.

    The training never waits for a tracker but at its end, and a tracker that fails ends nothing: what it lacks is in
    the folder, and a resumed session tells it from there.
    """

    def __init__(
        self, run: Run, name: str, start: Callable[[TrackedRun], Tracker], known: TrackedRun, say: Callable[[str], None]
    ) -> None:
        """start: opens the tracker of this name; known: the run without its key; say: tells people a sentence."""
        self.run, self.name, self.start, self.known, self.say = run, name, start, known, say
        self.stopped, self.whole = Event(), False
        self.thread: Thread | None = None
        self.place: Place = {"key": None, "records": 0, "events": 0}

    def begin(self, state: State) -> None:
        """Start the thread."""
        self.stopped.clear()
        self.whole = False
        # What an earlier session told of behind these was taken back, and is made again.
        sizes = {file: self.run.at(file).stat().st_size if self.run.at(file).exists() else 0 for file in FILES}
        self.known = replace(self.known, step=state.step)
        title = f"--log {self.name} of {self.run.path}"
        self.before = [thread for thread in enumerate_threads() if thread.name == title]
        self.thread = Thread(target=self._follow, args=[sizes], name=title, daemon=True)
        self.thread.start()

    def end(self, state: State) -> None:
        """There was no fault."""
        self.whole = True

    def close(self) -> None:
        """Let the thread tell what is left, and wait for it, but not for ever."""
        if self.thread is None:
            return
        self.stopped.set()
        self.thread.join(PATIENCE)
        if self.thread.is_alive():
            self.say(
                f"--log {self.name} has not taken everything in {duration(PATIENCE)}: a resumed run tells it "
                "what it lacks."
            )

    def _follow(self, sizes: Mapping[str, int]) -> None:
        for thread in self.before:  # of a session that did not wait for it
            thread.join()
        try:
            self.place = _place(self.run, self.name, sizes)
            self.known = replace(self.known, key=self.place["key"])
            tracker = self.start(self.known)
            self.place["key"] = tracker.key
            self._keep()
            self.say(f"--log {self.name}: {tracker.place}.")
            kept = monotonic()
            while True:
                last = self.stopped.is_set()  # before the last look: nothing is written after it
                self._tell(tracker)
                if last or monotonic() - kept > KEPT:
                    self._keep()
                    kept = monotonic()
                if last:
                    break
                self.stopped.wait(BETWEEN)
            tracker.close(self.whole)
        except Exception as error:  # no network, no permission, a fault of theirs: each has its own kind
            with suppress(OSError, UserError):
                self._keep()
            self.say(
                f"--log {self.name} failed ({first_line(error)}): the training goes on without it, and a resumed run "
                "tells it what it lacks."
            )

    def _tell(self, tracker: Tracker) -> None:
        place = self.place
        for line, end in _new_lines(self.run.at(RECORDS), place["records"]):
            if record := lines.parsed(line, lines.is_record):
                values = {name: value for name, value in record.items() if name != "step" and value is not None}
                tracker.scalars(record["step"], values)
                self.known = replace(self.known, step=record["step"])
            place["records"] = end
        for line, end in _new_lines(self.run.at(EVENTS), place["events"]):
            if event := lines.parsed(line, lines.is_event):
                self._tell_event(tracker, event)
            place["events"] = end

    def _keep(self) -> None:
        if self.place["key"] is None:  # never opened
            return
        path = _file(self.run, self.name)
        path.parent.mkdir(exist_ok=True)
        write_text(path, json.dumps(self.place) + "\n")

    def _tell_event(self, tracker: Tracker, event: lines.Entry) -> None:
        step, details = event.get("step", self.known.step), {k: v for k, v in event.items() if k not in OF_EVENTS}
        match event["event"]:
            case "snapshot":
                file = self.run.at("samples", f"{step:06d}.png")
                if file.exists():  # not taken back since
                    tracker.picture(step, file)
            case "evaluation":
                tracker.scalars(step, {f"scores/{k}": v for k, v in details.items() if lines.is_number(v)})
            case "verdict":
                verdict = str(event.get("verdict"))
                tracker.note(step, verdict, _meaning(verdict), event.get("state") == "ill")
            case "changed" | "remedy" | "not finite" as what:
                words = ", ".join(f"{name} {value}" for name, value in details.items())
                tracker.note(step, what, words, what == "not finite")


def _meaning(verdict: str) -> str:
    """What the finding means that a verdict begins with; empty where it names none."""
    named = [rule for rule in RULES.values() if verdict.startswith(rule.finding)]
    return max(named, key=lambda rule: len(rule.finding)).meaning if named else ""


def _new_lines(path: Path, begin: int) -> Iterator[tuple[bytes, int]]:
    """Each whole line of a file from a byte on, with the byte behind it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(begin)
        while (line := file.readline()).endswith(b"\n"):
            begin += len(line)
            yield line, begin


def _place(run: Run, name: str, sizes: Mapping[str, int]) -> Place:
    """How far earlier sessions told a tracker, of the first so many bytes of each file."""
    path = _file(run, name)
    place: Place = {"key": None, "records": 0, "events": 0}
    if path.exists():
        with suppress(ValueError, TypeError, KeyError):  # anyone may have written it: then a new run is told everything
            found = json.loads(path.read_text(encoding="utf-8"))
            place = {"key": str(found["key"]), "records": int(found["records"]), "events": int(found["events"])}
    place["records"] = max(0, min(place["records"], sizes[RECORDS]))
    place["events"] = max(0, min(place["events"], sizes[EVENTS]))
    return place


def _file(run: Run, name: str) -> Path:
    return run.at("trackers", f"{name}.json")
