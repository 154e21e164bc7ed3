"""One trained run, one server of it, and a server of a generator that is as slow as it says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ganatomy.runs.run import Run
from tiny import quick

HERE = Path(__file__).parent


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    address: str
    client: httpx.Client

    def figure(self, name: str) -> float:
        """One of its figures: /metrics without labels."""
        found = re.search(rf"^ganatomy_{name} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        assert found, name
        return float(found[1])

    @property
    def port(self) -> int:
        return httpx.URL(self.address).port or 80


@contextmanager
def serving(*command: str) -> Iterator[Server]:
    """A server's process: started, and told to stop in the end, which it must do with status 0."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    first = process.stderr.readline()
    if not first.startswith("http"):
        process.kill()
        pytest.fail(first + process.stderr.read())
    process.stderr.readline()
    try:
        with httpx.Client(base_url=first.strip(), timeout=30, trust_env=False) as client:
            yield Server(process, first.strip(), client)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0, process.stderr.read()
    finally:
        process.kill()
        said = process.stderr.read()
        process.stderr.close()
    assert "Traceback" not in said, said


@pytest.fixture(scope="package")
def run(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}  # images that differ after ten steps
    return quick(images, tmp_path_factory.mktemp("runs"), **fast)


@pytest.fixture(scope="package")
def server(run: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(run.path), "--port=0", "--device=cpu") as running:
        yield running
