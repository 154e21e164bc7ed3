"""A folder of runs, and a studio that shows it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visiting import Visitor

from ganatomy.runs.run import Run
from tiny import quick


@pytest.fixture(scope="package")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run with three snapshots."""
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}
    return quick(images, tmp_path_factory.mktemp("trained") / "runs", "waves", **fast)


@pytest.fixture
def runs(trained: Run, tmp_path: Path) -> Path:
    """A folder with a copy of it."""
    shutil.copytree(trained.path, tmp_path / "runs" / "waves")
    return tmp_path / "runs"


@pytest.fixture
def visitor(runs: Path) -> Visitor:
    return Visitor(runs)


@pytest.fixture
def record(runs: Path) -> Callable[..., None]:
    """Writes records to a run's metrics.jsonl."""

    def write(name: str, *records: dict[str, Any]) -> None:
        (runs / name).mkdir(exist_ok=True)
        with (runs / name / "metrics.jsonl").open("a") as file:
            file.writelines(json.dumps(each) + "\n" for each in records)

    return write
