"""Servers of trained runs: of images, in the server's own process or in replicas that Ray places; rows; sounds."""

from collections.abc import Iterator
from importlib.util import find_spec

import pandas as pd
import pytest
from ray_processes import below
from servers import Server, serving, until

from ganatomy.generators.rows import RowSampler
from ganatomy.generators.sounds import SoundSampler
from ganatomy.runs.run import Run
from sounds import sounding
from tables import people, train_on


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


@pytest.fixture(scope="package")
def people_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of a ctgan generator, which can be asked for cells; with days."""
    days = pd.date_range("2024-01-01", periods=300).strftime("%d.%m.%Y")
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}
    folder = tmp_path_factory.mktemp("served")
    return train_on(people(300).assign(joined=days), folder, training__steps=10, diagnosis__on=False, **fast)


@pytest.fixture(scope="package")
def people_sampler(people_run: Run) -> RowSampler:
    return RowSampler.of_run(people_run)


@pytest.fixture(scope="package")
def row_server(people_run: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(people_run.path), "--port=0", "--device=cpu") as running:
        yield running


@pytest.fixture(scope="package")
def note_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of a generator that can be asked for notes."""
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}
    by_class = {"prior__conditional": True, "training__steps": 6, "diagnosis__on": False}
    return sounding(tmp_path_factory.mktemp("served"), **by_class, **fast)


@pytest.fixture(scope="package")
def note_sampler(note_run: Run) -> SoundSampler:
    return SoundSampler.of_run(note_run)


@pytest.fixture(scope="package")
def sound_server(note_run: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(note_run.path), "--port=0", "--device=cpu") as running:
        yield running
