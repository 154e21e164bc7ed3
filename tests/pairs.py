"""Trainings on pairs of images."""

from pathlib import Path
from typing import Any

import numpy as np

from ganatomy.runs.run import Run
from tiny import quick, waves

SIZE = (16, 24)


def enlarging(folder: Path, name: str = "run", recipe: str = "srgan", count: int = 40, **changes: Any) -> Run:
    """Train a tiny generator to enlarge 4×6 to 16×24 pixels."""
    path = folder / "waves.npy"
    if not path.exists():
        np.save(path, waves(count, *SIZE))
    return quick(path, folder, name, recipe, **changes)
