"""The status of a run: what its folder says, and whether a process still works on it. No torch."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganatomy.runs.run import Run

FRESH = 90.0  # seconds since the last record in which a run may still be in training, perhaps on another machine
ACTIVE = frozenset({"running", "paused"})


def status_of(run: Run, info: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> str:
    """The status: running, paused, finished, stopped, failed, interrupted or unknown.

    info: of run.json; events: of events.jsonl, oldest first.
    """
    recorded = str(info.get("status", "unknown"))
    if recorded != "running":
        return recorded
    if not (_is_alive(info.get("pid")) or _is_fresh(run.path / "metrics.jsonl")):
        return "interrupted"
    for event in reversed(events):
        if event.get("event") in ("paused", "continued", "started", "resumed"):
            return "paused" if event["event"] == "paused" else "running"
    return "running"


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int) or not 0 < pid < 2**31:
        return False
    with suppress(PermissionError):  # the process is another user's
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True


def _is_fresh(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < FRESH
    except OSError:
        return False
