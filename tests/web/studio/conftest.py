"""A folder of runs, and a studio that shows it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visiting import Visitor

from ganatomy.runs.run import Run
from ganatomy.web.studio import live_run


@pytest.fixture
def runs(trained: Run, tmp_path: Path) -> Path:
    """A folder with a copy of a finished run."""
    shutil.copytree(trained.path, tmp_path / "runs" / "waves")
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
