"""Train in several processes that Ray places: the function behind `ganatomy train --workers`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from ganatomy import build
from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import files, stopping
from ganatomy.system.child import BY_FAULT
from ganatomy.system.terminal import Terminal
from ganatomy.training import api as training
from ganatomy.training import initial
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import (
    Ending,
    PlacedProcess,
    Program,
    elsewhere,
    mailbox,
    own_environment,
)
from ganatomy.training.cluster.programs import RESTARTS, FollowedProcesses, wait_for_release
from ganatomy.training.cluster.worker import TrainingTask

PATIENCE = 5.0  # seconds that a process's failure waits for those of the others, of which it may be a consequence


@dataclass(frozen=True)
class Workers:
    """So many processes that train together, placed by Ray; where one dies, all go on from the newest checkpoint.

    restarts: how often at most. The methods are those of `ganatomy.training.api`, for data that have a path or a name.
    """

    count: int
    engine: Engine
    restarts: int = RESTARTS

    def train(
        self,
        data: str | None = None,
        *,
        recipe: str | None = None,
        config: str | Path | None = None,
        settings: Mapping[str, Any] | None = None,
        anyway: bool = False,
        name: str | None = None,
        runs: str | Path = RUNS,
        console: Console | None = None,
    ) -> Run:
        """Train, as `training.api.train`. Raises UserError as that does, and where Ray cannot be used."""
        settings, runs = initial.pinned(settings or {}, runs), Path(runs)
        planned = training.plan(data, recipe, config, settings, runs=runs)  # refused before Ray is started
        build.check(planned, self.count)
        run = Run(runs / (name or free_name(planned.recipe, runs)))
        if name and run.path.exists():
            with Run.claim(name, runs):
                pass
        start = None if config is None else str(config)
        task = TrainingTask(str(run.path), False, data, recipe, start, dict(settings), anyway, False, sys.argv)
        return self._carry_out(task, console or Terminal())

    def resume(
        self,
        run: str | Path,
        *,
        data: str | None = None,
        settings: Mapping[str, Any] | None = None,
        more_steps: int | None = None,
        more_minutes: float | None = None,
        allow_changed_parts: bool = False,
        runs: str | Path = RUNS,
        console: Console | None = None,
    ) -> Run:
        """Continue a run, as `training.api.resume`. Raises UserError as that does, and where Ray cannot be used."""
        found, changed = Run.find(run, Path(runs)), dict(settings or {})
        changed |= training.more_budget(found, changed, more_steps, more_minutes)  # once, however often it is restarted
        task = TrainingTask(str(found.path), True, data, None, None, changed, False, allow_changed_parts, sys.argv)
        return self._carry_out(task, console or Terminal())

    def _carry_out(self, task: TrainingTask, console: Console) -> Run:
        """Raises UserError with the sentence of a process that failed, and KeyboardInterrupt where none had begun."""
        run = Run(task.path)
        with self.engine.joined("`ganatomy train --workers`", self.count, console) as reserved:
            for restart in range(self.restarts + 1):
                dead = _Group(task, self.count, reserved, console).run()
                if not dead:
                    return run
                if restart == self.restarts:
                    tried = f", and {restart} restarts did not help" if restart else ""
                    raise UserError(f"{dead} died{tried}: is there enough memory?{_saved(run)}")
                task = _restarted(task, run, dead, restart + 1, self.restarts, console)
        raise AssertionError


def _restarted(task: TrainingTask, run: Run, dead: str, restart: int, restarts: int, console: Console) -> TrainingTask:
    """What is trained after a death, which is recorded: from the newest checkpoint, if there is one."""
    wait_for_release(run)
    newest = max(run.checkpoints(), default=0)
    where = f"step {newest:,}" if newest else "the beginning"
    words = f"{dead} died: going on from {where} (restart {restart} of at most {restarts})."
    console.print(words, style="yellow", highlight=False)
    if not newest:
        files.remove(run.path)
        return task
    run.event("restarted", died=dead, step=newest, restart=restart, restarts=restarts)
    return task.again()


def _saved(run: Run) -> str:
    newest = max(run.checkpoints(), default=0)
    return f" Step {newest:,} is saved; to go on: ganatomy train --resume {run.address}" if newest else ""


class _Group:
    """The processes of one start."""

    def __init__(self, task: TrainingTask, count: int, reserved: dict[str, float], console: Console) -> None:
        from ray.util.placement_group import placement_group

        program = Program("ganatomy.training.cluster.worker", task.to_text(), os.getcwd(), own_environment())
        self.count, self.processes = count, FollowedProcesses(box := mailbox(), console)
        # All or none: two halves of two trainings would wait for each other. On as few machines as there can be.
        self.places = placement_group([dict(reserved)] * count, "PACK")
        self.processes.running = [
            PlacedProcess(program, str(rank), box, reserved, count, self.places) for rank in range(count)
        ]

    def run(self) -> str:
        """Train to the end; returns which processes died, in words: none if all ended well.

        Raises UserError with the sentence of a process that failed, and KeyboardInterrupt where the training was
        stopped before it began.
        """
        from ray.util.placement_group import remove_placement_group

        at_once = partial(elsewhere, self.processes.stop_at_once)
        with stopping.stop_requests(lambda: None, at_once) as stopped:
            asked = self._follow(stopped)
        remove_placement_group(self.places)
        endings = self.processes.endings
        failed = [ending for ending in endings.values() if ending.status]
        for ending in failed:
            if not (ending.killed or ending.status == BY_FAULT):
                raise UserError(ending.sentence)
        if failed and asked:
            raise KeyboardInterrupt
        dead = [name for name, ending in sorted(endings.items()) if ending.killed]
        if failed and not dead:  # an error of ours: what Python prints of it is for those who mend it
            raise RuntimeError("\n".join(ending.words for ending in failed))
        return f"Process {' and '.join(dead)} of {self.count}" if dead else ""

    def _follow(self, stopped: Callable[[], bool]) -> bool:
        """Print, and pass a request to stop on, until all have ended; returns whether there was one."""
        group, asked, until = self.processes, False, float("inf")
        while group.running:
            if stopped() and not asked:
                asked = True
                # To one: they agree to stop. A request of another's own could reach it when it had already done so.
                for each in group.running[:1]:
                    each.send_signal(signal.SIGTERM)
            group.look()
            if until == float("inf") and any(ending.status for ending in group.endings.values()):
                until = time.monotonic() + PATIENCE
            if time.monotonic() >= until:  # without one of them the others would wait for ever
                group.send_signal(signal.SIGKILL)
                for each in group.running:
                    group.endings.setdefault(each.name, Ending(BY_FAULT, "it was ended with the others"))
                until = float("inf") if not group.running else time.monotonic() + PATIENCE
        return asked
