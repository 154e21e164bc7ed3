"""The diagnosis in a training: one callback records signals, another follows the verdict in the records."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from ganatomy.diagnosis import Monitor, TrainingContext
from ganatomy.diagnosis.signals import PREFIX, Signals
from ganatomy.gan.method import Method
from ganatomy.runs.run import Run
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Budget, Callback, State

SHARE = 0.02  # of the training time, at most, for the diagnosis,
ROUNDS = 0.005  # and of that for the last rounds: they cost little, so there are many of them from the first seconds on
CONFIRMED = 3  # more records with the same verdict before a remedy


class Measures(Protocol):
    """Measures signals: a `diagnosis.probe.Probe`."""

    def measure(self) -> Signals:
        """All signals by name."""

    def of_last_round(self) -> Signals:
        """Those that the last step shows without running a network."""

    def state(self) -> Mapping[str, np.ndarray]:
        """What the next measurement is compared with, by name."""

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from an earlier `state`."""


@dataclass
class Spent:
    """The time that one kind of measurement took."""

    prepared: float = 0.0  # seconds, before the first
    measured: float = 0.0
    count: int = 0

    @property
    def total(self) -> float:
        """Seconds spent in all."""
        return self.prepared + self.measured

    @property
    def after_one_more(self) -> float:
        """Seconds spent in all after one more, as long as those before; the first is not known."""
        return self.total + self.measured / max(self.count, 1)

    def add(self, seconds: float) -> None:
        """One more was made."""
        self.measured, self.count = self.measured + seconds, self.count + 1


class RecordSignals(Callback):
    """Adds `signals/…` to the record of every `every`-th step; 0: as often as 2% of the training time allows.

    Between these probes, and long before the first, the last round of the game shows some of the signals at little
    cost. Only at steps that the recorder writes, and it must come before the recorder.
    """

    def __init__(
        self,
        make: Callable[[Method], Measures],
        every: int,
        recorded: int,
        roll_backs: int = 0,
        budget: Budget | None = None,
    ) -> None:
        """make: makes the probe when a session begins; recorded: steps between records; roll_backs: how many so far.

        budget: the share of it that is spent is recorded, too.
        """
        self.make, self.every, self.recorded, self.roll_backs = make, every, recorded, roll_backs
        self.budget = budget
        self.probes, self.rounds = Spent(), Spent()

    @property
    def cost(self) -> float:
        """Seconds spent in this session."""
        return self.probes.total + self.rounds.total

    def begin(self, state: State) -> None:
        """Make the probe, which goes on from that of the session before."""
        began = time.perf_counter()
        self.probe = self.make(state.method)
        self.probe.load({name: values.numpy() for name, values in state.probe.items()})
        self.first = state.seconds
        self.probes, self.rounds = Spent(time.perf_counter() - began), Spent()

    def after_step(self, state: State) -> None:
        """Measure where a measurement is due."""
        if state.step % self.recorded:
            return
        if self._due(state):
            self._measure(state, self.probe.measure, self.probes)
        elif not self.every and self.rounds.after_one_more <= ROUNDS * (state.seconds - self.first):
            self._measure(state, self.probe.of_last_round, self.rounds)

    def _measure(self, state: State, measure: Callable[[], Signals], spent: Spent) -> None:
        state.method.runtime.wait()  # a GPU's unfinished work is no cost of the probe
        began = time.perf_counter()
        found = measure()
        if found and self.roll_backs:
            found["roll_backs"] = float(self.roll_backs)
        if found and self.budget is not None:
            found["spent"] = state.spent(self.budget)
        device = state.method.runtime.device
        state.record |= {
            PREFIX + name: torch.tensor(value, device=device) for name, value in found.items() if np.isfinite(value)
        }
        state.probe = {name: torch.from_numpy(values) for name, values in self.probe.state().items()}
        spent.add(time.perf_counter() - began)

    def _due(self, state: State) -> bool:
        if self.every:  # the first record after each multiple, in whichever session that is
            return state.step // self.every > (state.step - self.recorded) // self.every
        cost = self.probes.after_one_more + self.rounds.after_one_more
        return cost <= SHARE * (state.seconds - self.first)


class Verdicts(Callback):
    """The verdict after each record of signals, from the records alone; an event when it changes.

    remedies: how many more findings may end the session, to be remedied by other options.
    """

    def __init__(self, run: Run, context: TrainingContext, recorder: Recorder, remedies: int = 0) -> None:
        self.run, self.context, self.recorder, self.remedies = run, context, recorder, remedies
        self.monitor = Monitor(context)

    @property
    def verdict(self) -> str:
        """One line: what is known, or what is wrong."""
        return self.monitor.verdict

    def begin(self, state: State) -> None:
        """Read the records of earlier sessions."""
        self.monitor, self.reported, self.since, self.repeated = Monitor(self.context), "", 0, 0
        for record in self.run.probe_records():  # of the sessions before this one
            self._observe(record)
        if self.remedies > 0:
            self.repeated = sum(record["step"] > self.since for record in self.run.records())
        self.seen = state.step

    def after_step(self, state: State) -> None:
        """Read the newest record; end the session where a finding is to be remedied."""
        record = self.recorder.latest
        if not record or record["step"] == self.seen:
            return
        self.seen = int(record["step"])
        self.repeated += 1
        if self._observe(record):
            self.repeated = 0
            self.run.event("verdict", step=self.seen, verdict=self.verdict, state=self.monitor.state)
        # An effect may be found before its cause; where nothing remedies the cause, remedies of effects are useless.
        if self.remedies > 0 and self.repeated >= CONFIRMED and self.monitor.present:
            finding = self.monitor.present[0]
            if finding.settings and finding.certainty != "suspected":
                state.finding = finding

    def _observe(self, record: Mapping[str, Any]) -> bool:
        """Whether the verdict is another one after this record."""
        self.monitor.observe(record)
        if not self.monitor.records or self.monitor.name == self.reported:
            return False
        self.reported, self.since = self.monitor.name, int(record["step"])
        return True
