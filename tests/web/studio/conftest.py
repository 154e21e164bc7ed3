"""A folder of runs, and a studio that shows it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_up_sweep import made_up_sweep
from servers import Server
from visiting import Visitor, studio

from ganatomy.runs.run import Run
from ganatomy.theory.lab.api import lab
from ganatomy.web.studio import live_run

PARTS = '''
"""Parts of a stranger."""
from ganatomy.gan.objectives import register_objective
from ganatomy.system.lazy import F, torch
from ganatomy.theory import densities
from ganatomy.theory.lab.targets import register_target


@register_objective("made_up_objective")
def made_up_objective(real, fake):
    """Made up for a test."""
    return F.softplus(-real).mean() + F.softplus(fake).mean(), -fake.mean()


@register_target("made_up_target", low=-4.0, high=4.0)
def made_up_target():
    """On the line: made up for a test."""
    return densities.gaussians(0.0, deviation=1.0)
'''


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that registers an objective and a target of the lab."""
    path = tmp_path_factory.mktemp("parts") / "parts_for_a_test.py"
    path.write_text(PARTS)
    return path


@pytest.fixture(scope="session")
def lab_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished game of the lab with three pictures; tests read it only."""
    folder = tmp_path_factory.mktemp("lab") / "runs"
    return lab("ring", name="ring", runs=folder, steps=20, pictures=3, width=8, batch=32, penalties={"r1": 0.5})


@pytest.fixture(scope="session")
def swept(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep called small; tests read it only."""
    sweeps = tmp_path_factory.mktemp("swept") / "sweeps"
    made_up_sweep(sweeps, trained)
    return sweeps


@pytest.fixture(scope="package")
def process(trained: Run, parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A studio's process, with a finished run and the parts of a stranger."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(trained.path, folder / "runs" / "waves")
    with studio(folder / "runs", "--parts", str(parts)) as running:
        yield running


@pytest.fixture
def runs(trained: Run, swept: Path, tmp_path: Path) -> Path:
    """A folder with a copy of a finished run, and one of sweeps beside it."""
    shutil.copytree(trained.path, tmp_path / "runs" / "waves")
    shutil.copytree(swept, tmp_path / "sweeps")
    return tmp_path / "runs"


@pytest.fixture
def visitor(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Whose studio reads a run's files at every request, rather than twice a second."""
    monkeypatch.setattr(live_run, "POLL_EVERY", 0.0)
    return Visitor(runs)


@pytest.fixture
def record(runs: Path) -> Callable[..., None]:
    """Writes records to a run's metrics.jsonl."""

    def write(name: str, *records: dict[str, Any]) -> None:
        (runs / name).mkdir(exist_ok=True)
        with (runs / name / "metrics.jsonl").open("a") as file:
            file.writelines(json.dumps(each) + "\n" for each in records)

    return write
