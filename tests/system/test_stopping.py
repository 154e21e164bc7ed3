"""Ctrl-C and SIGTERM: the first is a request, the second ends the process."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from ganatomy.system.stopping import stop_requests


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_a_request_and_handlers_are_as_before_afterwards(number: int) -> None:
    before, calls = signal.getsignal(number), []
    with stop_requests(lambda: calls.append("first"), lambda: calls.append("second")) as requested:
        assert not requested()
        os.kill(os.getpid(), number)
        assert requested()
    assert calls == ["first"]
    assert signal.getsignal(number) == before


def test_the_second_ends_the_process() -> None:
    program = """
import os, signal
from ganatomy.system.stopping import stop_requests
with stop_requests(lambda: print("first", flush=True), lambda: print("second", flush=True)):
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
print("not reached")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "first\nsecond\n")


def test_another_thread_handles_no_signals() -> None:
    seen: list[bool] = []

    def work() -> None:
        with stop_requests(lambda: None, lambda: None) as requested:
            seen.append(requested())

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
    assert signal.getsignal(signal.SIGINT) == before


def test_an_action_follows_the_end_of_the_standard_input() -> None:
    program = "import os, time; from ganatomy.system import stopping as s; s.when_input_ends(lambda: os._exit(7)); "
    command = [sys.executable, "-c", f"{program}print('on', flush=True); time.sleep(600)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        process.stdin.write(b"more than a line\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        process.stdin.close()
        assert process.wait(60) == 7
