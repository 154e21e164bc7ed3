"""Sweeps on tables, sounds and pairs of images, by the scores of each."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ganatomy.data.sources.notes import NAME
from ganatomy.sweeps import overview
from ganatomy.sweeps.api import sweep
from ganatomy.sweeps.journal import Journal
from tables import people
from tiny import waves

pytestmark = pytest.mark.slow
SPACE = {"generator_optimiser.learning_rate": "log 1e-4..1e-2"}
PLAIN = {"diagnosis.on": False, "runtime.device": "cpu", "training.steps": 2}
SMALL = {"generator.width": 4, "discriminator.width": 4, "training.batch": 4}


@pytest.mark.parametrize(
    ("kind", "recipe", "settings", "objectives", "label"),
    [
        ("table", None, {"training.batch": 40}, (), "c2st"),
        ("table", "ctgan", {"training.batch": 40}, ("association", "seconds"), "association"),
        ("sounds", None, {**SMALL, "data.seconds": 0.1, "data.first": 60}, (), "fd"),
        ("pairs", "srgan", {"generator.width": 4, "generator.blocks": 1, "training.batch": 4}, ("psnr",), "psnr"),
    ],
)
def test_each_trial_is_scored_as_its_data_are(
    tmp_path: Path, kind: str, recipe: str | None, settings: dict[str, Any], objectives: tuple[str, ...], label: str
) -> None:
    people(150).to_csv(tmp_path / "people.csv", index=False)
    np.save(tmp_path / "waves.npy", waves(37, 32, 32))
    data = {"table": tmp_path / "people.csv", "sounds": NAME, "pairs": tmp_path / "waves.npy"}[kind]
    found = sweep(
        data,
        space=SPACE,
        recipe=recipe,
        settings={**PLAIN, **settings},
        objectives=objectives,
        trials=1,
        again=0,
        name="small",
        sweeps=tmp_path / "sweeps",
        console=Console(quiet=True),
    )
    journal = Journal.of(found)
    (trial,) = journal.trials()
    outcome = trial.user_attrs["outcomes"][0]
    assert outcome["label"] == label
    assert np.isfinite(outcome["value"])
    assert overview.state(found, journal) == "finished"
