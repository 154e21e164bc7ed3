"""Servers as processes of their own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest


@dataclass
class Server:
    """A running server, `ganatomy serve` or `ganatomy studio`.

    token    what the printed address holds; empty if it has none
    client   sends the token with every request
    """

    process: subprocess.Popen[str]
    address: str
    token: str
    client: httpx.Client

    def metric(self, name: str) -> float:
        """A value of /metrics that has no labels."""
        found = re.search(rf"^ganatomy_{name} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        assert found, name
        return float(found[1])

    @contextmanager
    def stranger(self) -> Iterator[httpx.Client]:
        """The client of another account of this machine: it may send whatever it likes, and has no token."""
        with httpx.Client(base_url=self.address, timeout=60, trust_env=False) as client:
            yield client

    @property
    def port(self) -> int:
        return httpx.URL(self.address).port or 80


@contextmanager
def serving(*command: str, preface: str = "http", patience: int = 20) -> Iterator[Server]:
    """A Python process that serves; told to stop in the end, which it must do with status 0 and no traceback.

    preface: with what the lines begin that it may print before its address; patience: seconds that it has to end.
    """
    variables = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True, env=variables)
    assert process.stderr is not None
    first = process.stderr.readline()
    while first.startswith(preface) and not first.startswith("http"):
        first = process.stderr.readline()
    if not first.startswith("http"):
        process.kill()
        pytest.fail(first + process.stderr.read())
    process.stderr.readline()
    try:
        address, _, token = first.strip().partition("/?token=")
        key = bearer(token) if token else {}
        with httpx.Client(base_url=address, headers=key, timeout=60, trust_env=False) as client:
            yield Server(process, address, token, client)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=patience) == 0
    finally:
        process.kill()
        process.wait()
        output = process.stderr.read()
        process.stderr.close()
    assert "Traceback" not in output, output


def bearer(token: str) -> dict[str, str]:
    """The header that holds a token."""
    return {"Authorization": f"Bearer {token}"}


def until(holds: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, and fail if it never comes."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
