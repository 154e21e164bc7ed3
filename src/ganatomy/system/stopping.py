"""Ctrl-C and SIGTERM: the first finishes the step and saves, the second stops at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def requests(tell: Callable[[], None], abandon: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether a stop was asked for; `tell` is called at the first request.

    At the second `abandon` is called and the process ends with status 1. No KeyboardInterrupt: raised inside a callback
    of torch's it could be swallowed.
    """
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            abandon()
            os._exit(1)
        asked.set()
        tell()

    # Only the main thread may handle signals; elsewhere whoever started the thread decides when it ends.
    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {each: signal.signal(each, ask) for each in signals}
    try:
        yield asked.is_set
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
