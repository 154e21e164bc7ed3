"""One trained run for all servers and pages."""

from pathlib import Path

import pytest

from ganatomy.runs.run import Run
from tiny import quick


@pytest.fixture(scope="session")
def trained(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run with three snapshots; tests read it only."""
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}  # images that differ after ten steps
    return quick(images, tmp_path_factory.mktemp("trained") / "runs", "waves", **fast)
