"""A small sweep that tests may read."""

from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.sweeps.api import sweep
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from tiny import TINY, waves

SETTINGS: dict[str, Any] = {
    **{name: value for name, value in TINY.items() if name != "training.batch"},
    "training.steps": 10,
    "diagnosis.on": False,
}
SPACE = {
    "generator_optimiser.learning_rate": "log 1e-5..1e-1",
    "training.batch": [4, 8],
    "discriminator.norm": ["batch", "none"],
    "discriminator.norm=none": {"penalties.r1": "log 0.01..1"},
}


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Four trials by two workers, of two objectives; the best one was trained again with another seed."""
    folder = tmp_path_factory.mktemp("swept")
    np.save(folder / "waves.npy", waves(37, 16, 16))
    return sweep(
        folder / "waves.npy",
        space=SPACE,
        config=change(recipe("dcgan"), {"data.size": None, "data.channels": None, "training.batch": 8}),
        settings=SETTINGS,
        objectives=["fd", "verdict"],
        trials=4,
        workers=2,
        n=100,
        features="pixels",
        again=1,
        seeds=1,
        name="small",
        sweeps=folder / "sweeps",
        console=Console(quiet=True),
    )


@pytest.fixture
def journal(swept: Sweep) -> Journal:
    """Its journal."""
    return Journal(swept.journal, 2, 0)
