"""The diagnosis in a training: one callback records signals, another follows the verdict in the records."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch

from ganatomy.diagnosis import HEALTHY, Monitor, TrainingContext
from ganatomy.diagnosis.reference import Motion
from ganatomy.diagnosis.signals import PREFIX, Signals
from ganatomy.gan.method import Method
from ganatomy.runs.run import Run
from ganatomy.training.callbacks.recorder import Recorder
from ganatomy.training.loop import Callback, State

SHARE = 0.02  # of the training time, at most
CONFIRMED = 3  # more records with the same verdict before a remedy


class Measures(Protocol):
    """Measures signals: a `diagnosis.probe.Probe`."""

    motion: Motion

    def measure(self) -> Signals:
        """Signals by name."""


class RecordSignals(Callback):
    """Adds `signals/…` to the record of every `every`-th step; 0: as often as 2% of the training time allows.

    Only at steps that the recorder writes, and it must come before the recorder.
    """

    def __init__(self, make: Callable[[Method], Measures], every: int, recorded: int, roll_backs: int = 0) -> None:
        """make: makes the probe when a session begins; recorded: steps between records; roll_backs: how many so far."""
        self.make, self.every, self.recorded, self.roll_backs = make, every, recorded, roll_backs
        self.cost, self.longest = 0.0, 0.0

    def begin(self, state: State) -> None:
        """Make the probe, which goes on from that of the session before."""
        began = time.perf_counter()
        self.probe = self.make(state.method)
        self.probe.motion.load({name: values.numpy() for name, values in state.motion.items()})
        self.cost, self.first = time.perf_counter() - began, state.seconds

    def after_step(self, state: State) -> None:
        """Measure where a measurement is due."""
        if state.step % self.recorded or not self._due(state):
            return
        state.method.runtime.wait()  # a GPU's unfinished work is no cost of the probe
        began = time.perf_counter()
        found = self.probe.measure() | ({"roll_backs": float(self.roll_backs)} if self.roll_backs else {})
        device = state.method.runtime.device
        state.record |= {
            PREFIX + name: torch.tensor(value, device=device) for name, value in found.items() if np.isfinite(value)
        }
        state.motion = {name: torch.from_numpy(values) for name, values in self.probe.motion.state().items()}
        seconds = time.perf_counter() - began
        self.cost, self.longest = self.cost + seconds, max(self.longest, seconds)

    def _due(self, state: State) -> bool:
        if self.every:  # the first record after each multiple, in whichever session that is
            return state.step // self.every > (state.step - self.recorded) // self.every
        return self.cost + self.longest <= SHARE * (state.seconds - self.first)


class Verdicts(Callback):
    """The verdict after each record of signals, from the records alone; an event when it changes.

    remedies: how many more findings may end the session, to be remedied by other options.
    """

    def __init__(self, run: Run, context: TrainingContext, recorder: Recorder, remedies: int = 0) -> None:
        self.run, self.context, self.recorder, self.remedies = run, context, recorder, remedies
        self.monitor = Monitor(context)

    @property
    def verdict(self) -> str:
        """One line: `healthy`, or what is wrong; empty before the first probe."""
        return self.monitor.verdict if self.monitor.records or self.monitor.present else ""

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
            self.run.event("verdict", step=self.seen, verdict=self.verdict)
        # An effect may be found before its cause; where nothing remedies the cause, remedies of effects are useless.
        if self.remedies > 0 and self.repeated >= CONFIRMED and self.monitor.present:
            finding = self.monitor.present[0]
            if finding.settings and finding.certainty != "suspected":
                state.finding = finding

    def _observe(self, record: Mapping[str, Any]) -> bool:
        """Whether the verdict is another one after this record."""
        self.monitor.observe(record)
        if self._name() == self.reported:
            return False
        self.reported, self.since = self._name(), int(record["step"])
        return True

    def _name(self) -> str:
        """The verdict without its details, which change from probe to probe; empty before the first."""
        return self.monitor.present[0].name if self.monitor.present else HEALTHY if self.monitor.records else ""
