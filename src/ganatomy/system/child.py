"""A process that another one starts with a task: a line of its standard input, whose end says that nobody waits."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from ganatomy.errors import UserError
from ganatomy.system import stopping
from ganatomy.system.terminal import show

BY_FAULT = os.EX_SOFTWARE  # exit status where an exception ended it which nobody foresaw


def save_and_end() -> None:
    """As after Ctrl-C."""
    os.kill(os.getpid(), signal.SIGTERM)


def run(work: Callable[[str], None], alone: Callable[[], None] = save_and_end) -> None:
    """Do what the first line of the standard input says; `alone` is called when that ends.

    An error is one sentence on standard error and status 1.
    """
    with os.fdopen(0, "rb", buffering=0, closefd=False) as lines:  # which reads no byte too many
        task = lines.readline().decode()
    stopping.when_input_ends(alone)
    try:
        work(task)
    except UserError as error:
        show(f"ganatomy: {error}", error=True)
        sys.exit(1)
    except Exception:
        traceback.print_exc()
        sys.exit(BY_FAULT)
