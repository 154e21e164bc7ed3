"""Pause, stop, snapshots and learning rates of a running training, requested from outside in RUN/control.json."""

import math
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from ganatomy.gan.player import Number
from ganatomy.runs.control import HIGHEST_RATE, ControlRequest
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State

POLL_SECONDS = 1.0  # between two readings of control.json
PAUSE_SECONDS = 0.1  # of sleep at a time while the training is paused


class Control(Callback):
    """Carries out each `ControlRequest` in control.json.

    Each becomes an event. Reading the file removes it, and requests that are left from an earlier session are ignored.
    Without the file nothing changes.
    """

    def __init__(
        self,
        run: Run,
        stopped: Callable[[], bool],
        snapshot: Callable[[State], None],
        keep_rates: Callable[[dict[str, float]], None],
    ) -> None:
        """stopped: whether a signal asks to stop; snapshot: draws one; keep_rates: writes new rates to config.yaml."""
        self.run, self.stopped, self.snapshot, self.keep_rates = run, stopped, snapshot, keep_rates
        self.paused, self.polled = False, -math.inf

    def begin(self, state: State) -> None:
        """Discard the requests of an earlier session."""
        self.run.take_requests()
        self.paused = False

    def after_step(self, state: State) -> None:
        """Carry out new requests; while paused, wait for the next one."""
        self._poll(state)
        began = monotonic()
        while self.paused and not (state.stop or self.stopped()):
            sleep(PAUSE_SECONDS)
            self._poll(state)
        state.idle += monotonic() - began

    def _poll(self, state: State) -> None:
        now = monotonic()
        if now - self.polled < POLL_SECONDS:
            return
        self.polled = now
        requests = self.run.take_requests()
        for name in ControlRequest.model_fields:
            if name in requests:
                getattr(self, f"_{name}")(state, requests[name])

    def _snapshot(self, state: State, wanted: Any) -> None:
        if wanted is True:
            self.snapshot(state)

    def _pause(self, state: State, wanted: Any) -> None:
        if isinstance(wanted, bool) and wanted != self.paused:
            self.paused = wanted
            self.run.event("paused" if wanted else "continued", step=state.step)

    def _stop(self, state: State, wanted: Any) -> None:
        if wanted is True:
            state.stop = True
            self.run.event("asked to stop", step=state.step)

    def _learning_rates(self, state: State, rates: Any) -> None:
        """Set the rates of the players that are named; refuse them all if one is no learning rate."""
        if not rates:
            return
        players = {player.name: player for player in state.method.players}
        good = isinstance(rates, dict) and all(
            name in players and isinstance(rate, (int, float)) and math.isfinite(rate) and 0 < rate <= HIGHEST_RATE
            for name, rate in rates.items()
        )
        if not good or state.method.runtime.world > 1:  # the other processes would not know
            self.run.event("refused", step=state.step, learning_rates=rates)
            return
        for name, rate in rates.items():
            players[name].settings["lr"] = _constant(rate)
        self.keep_rates(rates)


def _constant(rate: float) -> Number:
    return lambda step: rate
