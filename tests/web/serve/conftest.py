"""Servers of one trained run: one that draws in its own process, and one whose replicas Ray places."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from ray_processes import below
from servers import Server, serving, until

from ganatomy.runs.run import Run


@pytest.fixture(scope="package")
def embedded(trained: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(trained.path), "--port=0", "--device=cpu") as running:
        yield running


@pytest.fixture(scope="package")
def replicated(trained: Run) -> Iterator[Server]:
    """Two replicas; nothing of Ray is left when it has ended."""
    if find_spec("ray") is None:
        pytest.skip("pip install 'ray[serve]' lets these tests run.")
    command = ("-m", "ganatomy", "serve", str(trained.path), "--port=0", "--device=cpu", "--on=ray", "--replicas=2")
    with serving(*command, preface="Starting Ray", patience=120) as running:
        yield running
        rays = below(running.process.pid)
        assert rays
    until(lambda: not any(each.exists() for each in rays))


@pytest.fixture(scope="package", params=["embedded", pytest.param("replicated", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Server:
    running: Server = request.getfixturevalue(request.param)
    return running
