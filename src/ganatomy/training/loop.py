"""The outer loop: it trains a method on batches, step by step, and calls the callbacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeAlias

from torch import Tensor

from ganatomy.diagnosis.finding import Finding
from ganatomy.gan.method import Batches, Method, Record
from ganatomy.gan.player import NonFiniteError
from ganatomy.system.runtime import random_kept

Stopped: TypeAlias = NonFiniteError | Finding  # why a session ended before its budget was spent


@dataclass(frozen=True)
class Budget:
    """When to stop: at the first limit that is reached."""

    steps: int | None = None
    images: int | None = None
    minutes: float | None = None

    def spent(self, step: int, images: int, seconds: float) -> float:
        """The share of the budget that is spent, 0 to 1 and beyond."""
        limits = ((self.steps, step), (self.images, images), (self.minutes, seconds / 60))
        return max((done / limit for limit, done in limits if limit), default=0.0)


@dataclass
class State:
    """Where the training stands; callbacks read it."""

    method: Method
    step: int = 0  # steps done
    images: int = 0  # real images that the discriminator has seen
    seconds: float = 0.0  # of training, earlier sessions included
    attempt: int = 0  # roll-backs so far: random numbers follow from it
    idle: float = 0.0  # seconds of this session in which it was paused
    clock: float = 0.0  # seconds of training by which schedules over a budget of minutes go: of all processes the same
    record: Record = field(default_factory=dict)  # of the last step
    window: dict[str, list[Tensor]] = field(default_factory=dict)  # of the steps that the next record is the mean of
    probe: dict[str, Tensor] = field(default_factory=dict)  # what the next probe is compared with, by name
    stop: bool = False  # set by a callback that was asked to end the session after this step
    finding: Finding | None = None  # set by a callback that ends the session here, so that it can be remedied

    def spent(self, budget: Budget) -> float:
        """The share of the budget that is spent, 0 to 1 and beyond."""
        return budget.spent(self.step, self.images, self.seconds)


class Callback:
    """Watches the training. It may read anything, add numbers to the record and end the session (`state.stop`)."""

    def begin(self, state: State) -> None:
        """Before the first step of a session."""

    def after_step(self, state: State) -> None:
        """After each step."""

    def end(self, state: State) -> None:
        """After the last step of a session, also when it was stopped by a person; not after a fault."""

    def close(self) -> None:
        """Last of all, however the session ended, even with an error."""


STOP_EVERY = 16  # steps between two messages of several processes, which must stop at the same step
CHECK_EVERY = 50  # steps between two checks that all was finite, for which a GPU is waited for


def fit(
    method: Method,
    batches: Batches,
    state: State,
    budget: Budget,
    callbacks: Sequence[Callback] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> Stopped | None:
    """Train from `state` until the budget is spent or `stopped()`; `state` and the callbacks follow every step.

    Returns why it ended early: a NonFiniteError, whose numbers changed nothing, or a finding to remedy; otherwise None.
    """
    try:
        with random_kept(method.runtime.device):  # a step seeds them
            for callback in callbacks:
                callback.begin(state)

            began, state.clock = monotonic() - state.seconds, state.seconds
            while not (state.finding or _done(state, budget, stopped)):
                method.share.spent = _spent(state, budget)
                state.record = method.step(state.step, batches)
                state.step += 1
                state.images += method.images_per_step
                state.seconds = monotonic() - began - state.idle
                if state.step % CHECK_EVERY == 0:
                    method.check()
                for callback in callbacks:
                    callback.after_step(state)
            method.check()

            if state.finding is None:
                for callback in callbacks:
                    callback.end(state)
            return state.finding
    except NonFiniteError as fault:
        return fault
    finally:
        for callback in callbacks:
            callback.close()


def _spent(state: State, budget: Budget) -> float:
    """The share of the budget that is spent, the same in all processes, each of which has another clock."""
    runtime = state.method.runtime
    if runtime.world == 1:
        state.clock = state.seconds
    elif budget.minutes and state.step % STOP_EVERY == 0:
        state.clock = runtime.of_first(state.seconds)
    return min(budget.spent(state.step, state.images, state.clock), 1.0)


def _done(state: State, budget: Budget, stopped: Callable[[], bool]) -> bool:
    if budget.steps and state.step >= budget.steps:
        return True
    runtime = state.method.runtime
    if runtime.world > 1 and state.step % STOP_EVERY:
        return False
    return runtime.any(stopped() or state.stop or state.spent(budget) >= 1)
