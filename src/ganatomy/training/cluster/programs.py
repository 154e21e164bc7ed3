"""Programs that a command carries out on the machines of a cluster: those of a group together, others side by side."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import filelock
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.system import stopping
from ganatomy.system.child import BY_FAULT
from ganatomy.training.cluster.processes import (
    SAVING_SECONDS,
    Ending,
    PlacedProcess,
    Program,
    elsewhere,
    mailbox,
)

RESTARTS = 3
DYING_SECONDS = 60.0  # that a process of before may take to let a run go
PRINT_SECONDS = 1.0  # between two looks at what the processes have printed


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


def side_by_side(
    programs: Mapping[str, Program], reserved: Mapping[str, float], console: Console, restarts: int = RESTARTS
) -> None:
    """Carry out programs, as many at a time as Ray has places for; one that dies is started again, so often at most.

    reserved: what Ray reserves for each, by its names. Once one has failed, or Ctrl-C has asked for it, the others save
    and end. Raises UserError with the sentence of the first that failed, and where it was asked to stop.
    """
    followed, asked = FollowedProcesses(mailbox(), console), False
    deaths: Counter[str] = Counter()
    failed: dict[str, Ending] = {}

    def begin(name: str) -> PlacedProcess:
        # Never the same name twice: a signal for a process that has died is not for the next one.
        return PlacedProcess(programs[name], f"{name}/{deaths[name]}", followed.box, reserved)

    followed.running = [begin(name) for name in programs]
    stop = partial(console.print, "\nStopping: all save where they are. Ctrl-C again: at once.", style="yellow")
    with stopping.stop_requests(stop, partial(elsewhere, followed.stop_at_once)) as stopped:
        while followed.running:
            if (stopped() or failed) and not asked:
                asked = True
                followed.send_signal(signal.SIGTERM)
            followed.look()
            for placed, ending in followed.endings.items():
                name = placed.rpartition("/")[0]
                if ending.killed and not asked and deaths[name] < restarts:
                    deaths[name] += 1
                    words = f"{name} died: it is started again (restart {deaths[name]} of at most {restarts})."
                    console.print(words, style="yellow", highlight=False)
                    followed.running.append(begin(name))
                elif ending.status:
                    failed[name] = ending
                else:
                    console.print(f"{name}: done", highlight=False)
            followed.endings.clear()
        if stopped():
            raise UserError("Stopped; repeat the command to go on from there.")
    for name, ending in failed.items():  # the first; the others were asked to stop
        if ending.killed:
            raise UserError(f"{name} died, and {restarts} restarts did not help: is there enough memory?")
        if ending.status == BY_FAULT:  # an error of ours: what Python prints of it is for those who mend it
            raise RuntimeError(ending.words)
        raise UserError(ending.sentence)


def wait_for_release(run: Run) -> None:
    """Wait for the process that trained a run before, where that is about to end."""
    if run.path.is_dir():
        with contextlib.suppress(filelock.Timeout), filelock.FileLock(run.at(".lock"), timeout=DYING_SECONDS):
            pass
