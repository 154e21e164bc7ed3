"""Lets a person steer a training from outside: pause, stop, snapshot and learning rates, by RUN/control.json."""

import math
import time
from collections.abc import Callable
from typing import Any

from ganatomy.gan.player import Number
from ganatomy.runs.run import Run
from ganatomy.training.loop import Callback, State

LOOK_EVERY = 1.0  # seconds between looks for orders
NAP = 0.1  # seconds between looks at the clock while nothing is trained


class Control(Callback):
    """Carries out the orders in control.json, {"pause": true, "learning_rates": {"generator": 1e-4}, …}, and says so.

    pause            true or false
    stop             true: finish the step and save, as Ctrl-C does
    snapshot         true: draw the grid of samples now
    learning_rates   by player, from the next step on; a schedule ends here

    Who takes an order removes it: one that is left by an earlier sitting is nobody's. Without the file nothing changes.
    """

    def __init__(
        self,
        run: Run,
        stopped: Callable[[], bool],
        snapshot: Callable[[State], None],
        keep_rates: Callable[[dict[str, float]], None],
    ) -> None:
        """stopped: whether a signal asks to stop; keep_rates: so that whoever resumes the run goes on with them."""
        self.run, self.stopped, self.snapshot, self.keep_rates = run, stopped, snapshot, keep_rates
        self.paused = self.stop = False
        self.looked = 0.0

    def begin(self, state: State) -> None:
        self.run.take_requests()
        self.paused = self.stop = False

    def after_step(self, state: State) -> None:
        self._look(state)
        began = time.monotonic()
        while self.paused and not (self.stop or self.stopped()):
            time.sleep(NAP)
            self._look(state)
        state.idle += time.monotonic() - began

    def asks_to_stop(self) -> bool:
        """Whether this step was the last: by an order or by a signal."""
        return self.stop or self.stopped()

    def _look(self, state: State) -> None:
        now = time.monotonic()
        if now - self.looked < LOOK_EVERY:
            return
        self.looked = now
        orders = self.run.take_requests()
        if orders.get("learning_rates"):
            self._change_rates(state, orders["learning_rates"])
        if orders.get("snapshot") is True:
            self.snapshot(state)
        if isinstance(orders.get("pause"), bool) and orders["pause"] != self.paused:
            self.paused = orders["pause"]
            self.run.event("paused" if self.paused else "continued", step=state.step)
        if orders.get("stop") is True:
            self.stop = True
            self.run.event("asked to stop", step=state.step)

    def _change_rates(self, state: State, rates: Any) -> None:
        """New rates of the players that are named; what cannot be a rate is refused as a whole."""
        players = {player.name: player for player in state.method.players}
        good = isinstance(rates, dict) and all(
            name in players and isinstance(rate, (int, float)) and math.isfinite(rate) and 0 < rate <= 10
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
