"""Carries out a sweep: worker processes train, this one asks Optuna, ends what collapses, and writes the journal."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import Any

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.sweeps import objectives, pruning
from ganatomy.sweeps.folder import Sweep, SweepTraining, trial_training
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.objectives import ObjectiveValue, in_words
from ganatomy.sweeps.places import Places, TrialProcess
from ganatomy.sweeps.space import Point
from ganatomy.sweeps.worker import Task
from ganatomy.system import files
from ganatomy.training.cluster.processes import (
    NOT_SHARED,
    SAVING_SECONDS,
    Ending,
    Program,
    elsewhere,
    own_environment,
)

POLL_SECONDS = 1.0  # between two looks at a training
DEATHS = 3  # of a trial's process in a row, without a new checkpoint


class Supervisor:
    """Runs the trainings of a sweep in processes, until all are done or it is asked to stop."""

    def __init__(
        self,
        sweep: Sweep,
        journal: Journal,
        own: Point,
        places: Places,
        console: Console,
        deadline: float = float("inf"),
    ) -> None:
        """Carries out a sweep, whose lock is held.

        own: the settings that it starts from, as a point; deadline: of new trials, by time.monotonic.
        """
        self.sweep, self.journal, self.own, self.places, self.console = sweep, journal, own, places, console
        self.deadline = deadline
        self.asked_to_stop: Callable[[], bool] = lambda: False
        self.options, self.space = sweep.options(), sweep.space()
        self.broken = False  # an error ends the sweep
        self.processes: set[TrialProcess] = set()
        self.lock = Lock()  # of the journal, which several threads use
        self.waiting = journal.unfinished()

    def trials(self) -> None:
        """Carry out trials until there are as many as were asked for; those that were begun before come first."""
        self._in_parallel(self._trials)

    def train_again(self, trainings: Iterable[SweepTraining]) -> None:
        """Carry out trainings that are no trials, each once."""
        waiting = [each for each in trainings if not self.done(each)]

        def take(slot: int) -> None:
            while True:
                with self.lock:
                    if not waiting or self.stopping:
                        return
                    training = waiting.pop(0)
                _, reason = self._train(training, slot)
                if not self.stopping:
                    self._say(training.name, reason or in_words(self._outcomes(self.sweep.run(training.name)) or []))

        self._in_parallel(take)

    def done(self, training: SweepTraining) -> bool:
        """Whether a training that is no trial has an outcome."""
        run = self.sweep.run(training.name)
        if run.info().get("status") == "failed" or self._outcomes(run) is not None:
            return True
        return self._ended_before(run) is not None

    def kill(self) -> None:
        """End all workers at once."""
        elsewhere(self._kill)

    def _kill(self) -> None:
        for process in list(self.processes):
            process.send_signal(signal.SIGKILL)
        for process in list(self.processes):
            process.wait(SAVING_SECONDS)

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun."""
        return self.broken or self.asked_to_stop()

    def _outcomes(self, run: Run) -> list[ObjectiveValue] | None:
        return objectives.measure(run, self.options.objectives, self.options.samples)

    def _in_parallel(self, work: Callable[[int], None]) -> None:
        def guarded(slot: int) -> None:
            try:
                work(slot)
            except BaseException:
                self.broken = True
                raise

        with ThreadPoolExecutor(self.places.count) as pool:
            for future in [pool.submit(guarded, slot) for slot in range(self.places.count)]:
                future.result()

    def _trials(self, slot: int) -> None:
        while (trial := self._next()) is not None:
            training = trial_training(self.options, trial.number, trial.user_attrs["point"])
            finished, reason = self._train(training, slot, trial)
            if finished:
                self._tell(trial, training, reason)

    def _next(self) -> FrozenTrial | None:
        with self.lock:
            if self.stopping:
                return None
            if self.waiting:
                return self.waiting.pop(0)
            if len(self.journal.trials()) >= self.options.trials or time.monotonic() >= self.deadline:
                return None
            return self.journal.ask(self.space, self.own)

    def _tell(self, trial: FrozenTrial, training: SweepTraining, reason: str | None) -> None:
        """Write a trial's outcome into the journal, from what is in its run's folder."""
        run = self.sweep.run(training.name)
        info = run.info()
        facts: dict[str, Any] = {"seconds": info.get("seconds")}
        found = self._outcomes(run)
        self._behind(run, trial)  # so that later trials are compared with all of this one, however soon it ended
        with self.lock:
            if found is not None:
                facts["outcomes"] = [each.json() for each in found]
                self.journal.tell(trial, TrialState.COMPLETE, [each.badness for each in found], **facts)
                self._say(training.name, in_words(found))
                return
            reason = reason or str(info.get("error") or "it ended without a score")
            # Optuna avoids the neighbourhood of a pruned trial, and learns nothing from a failed one.
            diverged = any(event["event"] == "not finite" for event in run.events())
            ended = info.get("status") == "stopped" or diverged
            state = TrialState.PRUNED if ended else TrialState.FAIL
            self.journal.tell(trial, state, **facts, reason=reason)
            self._say(training.name, f"{'ended early' if ended else 'failed'}: {reason}")

    def _say(self, name: str, words: str) -> None:
        self.console.print(f"{name}: {words}", highlight=False)

    # --- one training -------------------------------------------------------------------------------------------------

    def _train(self, training: SweepTraining, slot: int, trial: FrozenTrial | None = None) -> tuple[bool, str | None]:
        """Train and measure in a process of its own, which is started again where something kills it.

        Whether the training has come to its end, and why not to that of its budget.
        """
        run, deaths = self.sweep.run(training.name), 0
        while not self.stopping:
            if reason := self._ended_before(run, trial):
                return True, reason
            newest = max(run.checkpoints(), default=0)
            code, reason = self._process(training, slot, trial)
            if code >= 0:
                if reason is None and code:
                    reason = self._last_words(training)
                if reason is None and run.info().get("status") == "stopped":
                    reason = "it was asked to stop"
                return not self.stopping or self._outcomes(run) is not None, reason
            deaths = deaths + 1 if max(run.checkpoints(), default=0) == newest else 0
            if deaths == DEATHS:
                words = f"its process was killed {DEATHS} times without progress"
                return True, f"{words} ({signal.Signals(-code).name}): is there enough memory?"
        return False, None

    def _process(self, training: SweepTraining, slot: int, trial: FrozenTrial | None) -> tuple[int, str | None]:
        """Run a worker to its end: its exit status, and why it was asked to end early, if it was.

        Raises UserError where its machine has not the sweep's folder.
        """
        threads, log = self.places.threads, self._log(training)
        settings = {"runtime.threads": threads, **training.settings}
        options, runs = self.options, str(self.sweep.runs)
        task = Task(
            replace(training, settings=settings), runs, options.objectives, options.samples, options.features, threads
        )
        with files.explained(self.sweep.path):
            log.parent.mkdir(exist_ok=True)
            self.sweep.runs.mkdir(exist_ok=True)
            log.touch()
        environment = {"OMP_NUM_THREADS": str(threads), **own_environment()}
        program = Program("ganatomy.sweeps.worker", task.to_text(), os.getcwd(), environment, str(log), needs=str(log))
        process = self.places.start(program, training.name, slot)
        self.processes.add(process)
        try:
            ending, reason = self._followed(process, self.sweep.run(training.name), trial)
        finally:
            process.end()
            self.processes.discard(process)
        if ending.status == NOT_SHARED:
            raise UserError(ending.sentence)
        return ending.status, reason

    def _followed(self, process: TrialProcess, run: Run, trial: FrozenTrial | None) -> tuple[Ending, str | None]:
        reason, asked = None, False
        while (ending := process.wait(POLL_SECONDS)) is None:
            if self.stopping and not asked:
                process.send_signal(signal.SIGTERM)  # which saves first
                asked = True
            reason = reason or self._early_end(run, trial)
            if reason:
                run.request(stop=True)
        return ending, reason

    def _early_end(self, run: Run, trial: FrozenTrial | None) -> str | None:
        """Why a training should not go on, if it should not."""
        if not self.options.prune:
            return None
        return pruning.collapsed(run) or self._behind(run, trial)

    def _ended_before(self, run: Run, trial: FrozenTrial | None = None) -> str | None:
        """As `_early_end`, of a run that was ended for it before its outcome was written down."""
        return self._early_end(run, trial) if run.info().get("status") == "stopped" else None

    def _behind(self, run: Run, trial: FrozenTrial | None) -> str | None:
        """Why a trial is ended that does worse than others, if it does. Keeps how far it was at every rung."""
        if trial is None or not self.options.prune or len(self.options.objectives) > 1:
            return None
        with self.lock:
            missing = set(pruning.RUNGS) - self.journal.compared(trial)
        distances = pruning.distances(run.probe_records()) if missing else {}
        with self.lock:
            return self.journal.behind(trial, distances)

    def _log(self, training: SweepTraining) -> Any:
        return self.sweep.at("logs") / f"{training.name}.txt"

    def _last_words(self, training: SweepTraining) -> str:
        """The last line that a worker has printed."""
        lines = self._log(training).read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.removeprefix("ganatomy: ") for line in reversed(lines) if line.strip()), "it failed")
