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


def rich(folder: Path, recipe: str) -> Run:
    """Train a tiny generator of any recipe of pairs until it draws images of contrast; of edsr grey ones."""
    quickly: dict[str, Any] = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5}
    quickly |= {"diagnosis__on": False, "training__steps": 10, "log__keep": 0}
    if recipe in ("srgan", "edsr"):
        np.save(folder / "waves.npy", waves(40, *SIZE, channels=3 if recipe == "srgan" else 1))
        return enlarging(folder, recipe=recipe, **quickly)
    images = waves(40, *SIZE)
    np.save(folder / "drawn.npy", images)
    np.save(folder / "given.npy", 255 - images)
    more = {"generator__norm": "none"} if recipe == "pix2pix" else {}
    return quick(folder / "drawn.npy", folder, recipe=recipe, data__given=str(folder / "given.npy"), **quickly, **more)
