"""Processes that a command follows on the machines of a cluster."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import Any

import filelock
from rich.console import Console

from ganatomy.runs.run import Run
from ganatomy.training.cluster.processes import (
    SAVING_SECONDS,
    Ending,
    PlacedProcess,
)

RESTARTS = 3
DYING_SECONDS = 60.0  # that a process of before may take to let a run go
PRINT_SECONDS = 0.25  # between two looks at what the processes have printed


class FollowedProcesses:
    """Processes that one command follows: what they print is printed here, and signals reach all that run."""

    def __init__(self, box: Any, console: Console) -> None:
        self.box, self.console = box, console
        self.running: list[PlacedProcess] = []
        self.endings: dict[str, Ending] = {}

    def look(self) -> None:
        """Print what there is, and see who has ended."""
        import ray

        for each in list(self.running):
            if (ending := each.wait(PRINT_SECONDS / len(self.running))) is not None:
                self.endings.setdefault(each.name, ending)
                self.running.remove(each)
        if text := ray.get(self.box.printed.remote()):
            self.console.print(text, end="", highlight=False)

    def send_signal(self, number: int) -> None:
        """Pass a signal on to all."""
        for each in list(self.running):
            each.send_signal(number)

    def stop_at_once(self) -> None:
        """Let them save, if they do so at once."""
        self.send_signal(signal.SIGTERM)
        until = time.monotonic() + SAVING_SECONDS
        while self.running and time.monotonic() < until:
            self.look()


def wait_for_release(run: Run) -> None:
    """Wait for the process that trained a run before, where that is about to end."""
    if run.path.is_dir():
        with contextlib.suppress(filelock.Timeout), filelock.FileLock(run.at(".lock"), timeout=DYING_SECONDS):
            pass
