"""What an experiment tracker is told, and the trackers by name. No torch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ganatomy.system.extras import needed
from ganatomy.system.registry import Registry, summary_of

PROJECT = "ganatomy"  # what trackers call the runs of ours together, where a person names no other project


@dataclass(frozen=True)
class TrackedRun:
    """A run as a tracker is told of it.

    parameters  its options by dotted name
    step        the last one before this session
    key         under which the tracker knows the run from an earlier session; None: this is the first
    """

    name: str
    folder: Path
    parameters: Mapping[str, Any]
    step: int = 0
    key: str | None = None


class Tracker(Protocol):
    """One run in a tracker, called from one thread. It may raise anything: then the run is no longer told to it.

    key    under which a later session finds the run again
    place  where people find the run, in words
    """

    key: str
    place: str

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers of a step by name: losses, signals, scores."""

    def picture(self, step: int, file: Path) -> None:
        """A grid of samples, a PNG file."""

    def note(self, step: int, title: str, text: str, alarm: bool) -> None:
        """A verdict of the diagnosis or a change of options; alarm: whether something is wrong."""

    def close(self, whole: bool) -> None:
        """The session ended; whole: without a fault."""


@dataclass(frozen=True)
class TrackerKind:
    """How a tracker takes a run, the package that it needs, and the extra that installs this package."""

    open: Callable[[TrackedRun], Tracker]
    package: str | None
    extra: str


TRACKERS: Registry[TrackerKind] = Registry("tracker")


def register_tracker(
    name: str, package: str | None = None, extra: str = ""
) -> Callable[[Callable[[TrackedRun], Tracker]], Callable[[TrackedRun], Tracker]]:
    """Decorates a function or class: a run → a `Tracker` of it, as `ganatomy train --log NAME` asks for it.

    package: what it imports, of the extra. Raises UserError where another module has the name.
    """

    def register(open_: Callable[[TrackedRun], Tracker]) -> Callable[[TrackedRun], Tracker]:
        TRACKERS.add(name, TrackerKind(open_, package, extra), module=open_.__module__, summary=summary_of(open_))
        return open_

    return register


def check(names: Iterable[str]) -> None:
    """Import what these trackers need. Raises UserError for an unknown one, and where its package is missing."""
    for name in names:
        kind = TRACKERS.find(name)
        if kind.package:
            needed(kind.package, kind.extra, f"--log {name}")
