"""A time limit on the reading of each run: one that hangs or takes long holds up no other. No torch."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ganatomy.errors import UserError

Value = TypeVar("Value")


class SlowRunError(UserError):
    """A run takes longer to read than pages wait for it."""


class TimeLimit:
    """Reads runs in threads of their own. A thread cannot be stopped, so of a run that is late no more are started."""

    def __init__(self) -> None:
        self._late: dict[str, threading.Thread] = {}

    def read(self, name: str, seconds: float, work: Callable[[], Value]) -> Value:
        """What `work` returns of the run `name`, or raises.

        Raises SlowRunError where that takes longer than `seconds`, and at once while an earlier reading is late.
        """
        late = self._late.get(name)
        if late is not None and late.is_alive():
            raise SlowRunError(f"{name} is still being read: its files are very large, or their disk does not answer.")
        self._late.pop(name, None)
        done: Future[Value] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # raised again where it is waited for
                done.set_exception(error)

        thread = threading.Thread(target=run, name=f"reads {name}", daemon=True)
        thread.start()
        try:
            return done.result(seconds)
        except TimeoutError:
            if done.done():  # its own
                raise
            self._late[name] = thread
            raise SlowRunError(f"{name} takes longer than {seconds:g} seconds to read; try again later.") from None
