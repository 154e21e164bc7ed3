"""Ctrl-C and SIGTERM: the first finishes the step and saves, the second stops at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_requests(first: Callable[[], None], second: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Gives a function that returns whether a stop was requested; `first` is called at the first request.

    At the second, `second` is called and the process ends with status 1. No KeyboardInterrupt: raised inside a callback
    of torch's it could be swallowed.
    """
    requested = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        if requested.is_set():
            second()
            os._exit(1)
        requested.set()
        first()

    # Only the main thread may handle signals; elsewhere the thread's owner decides when it ends.
    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {each: signal.signal(each, request) for each in signals}
    try:
        yield requested.is_set
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def when_input_ends(action: Callable[[], None]) -> None:
    """Call `action`, in a thread of its own, when the standard input ends: whoever started this process is gone."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        action()

    threading.Thread(target=wait, daemon=True).start()
