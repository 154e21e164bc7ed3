"""Readings that take too long."""

import threading

import pytest
from servers import until

from ganatomy.web.studio.time_limit import SlowRunError, TimeLimit


def test_a_reading_in_time_returns_or_raises() -> None:
    limit = TimeLimit()
    assert limit.read("a", 30, lambda: 7) == 7

    def fails() -> int:
        raise TimeoutError("the disk's own")

    with pytest.raises(TimeoutError, match="the disk's own"):
        limit.read("a", 30, fails)
    assert limit.read("a", 30, lambda: 8) == 8


def test_a_late_reading_is_given_up_and_not_begun_again_until_it_ends() -> None:
    limit, gate = TimeLimit(), threading.Event()
    begun: list[int] = []

    def waits() -> int:
        begun.append(1)
        gate.wait(30)
        return 7

    with pytest.raises(SlowRunError, match="longer than"):
        limit.read("a", 0.01, waits)
    for _ in range(20):
        with pytest.raises(SlowRunError, match="still being read"):
            limit.read("a", 30, waits)
    assert len(begun) == 1
    assert limit.read("b", 30, lambda: 9) == 9, "another run"
    gate.set()
    until(lambda: not any(thread.name == "reads a" for thread in threading.enumerate()))
    assert limit.read("a", 30, waits) == 7
