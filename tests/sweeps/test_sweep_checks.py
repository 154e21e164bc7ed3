"""What cannot be trained or measured is refused in one sentence, before a folder is made."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from command import refused
from sweeps.conftest import SETTINGS
from tables import people

GIVEN = [f"--set={name}={str(value).lower()}" for name, value in SETTINGS.items()]


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (
            {"generator_optimiser.learning_rat": "0.1..1"},
            "no option called 'generator_optimiser.learning_rat'; did you mean generator_optimiser.learning_rate",
        ),
        ({"objective.name": ["hinge", "hing"]}, "with objective.name=hing: There is no objective called 'hing'"),
        ({"training.batch": "2..8"}, "training.batch = 4.29"),
        ({"generator_optimiser.learning_rate": "log 1..100"}, "at most 10"),
        (
            {"discriminator.norm": ["batch", "none"], "penalties.r1": "log 0.1..10"},
            "with discriminator.norm=batch: penalties.r1 needs a discriminator without batch normalisation",
        ),
        ({"recipe": ["dcgan", "vae"], "objective.name": ["hinge", "wasserstein"]}, "it needs method=adversarial"),
        ({"recipe": ["dcgan", "auto"]}, "auto chooses the options itself"),
        ({"augmentation.probability": "0.1..0.9"}, "augmentation.probability would change nothing here"),
        ({"data.size": [16, 32]}, "data.size changes the images, and scores on other images cannot be compared"),
        ({"training.steps": [5, 10]}, "training.steps is given twice, by --set and in space.yaml"),
        ({"generator.family": ["dcgan", "mlp"]}, "with generator.family=mlp: generator.width is an option of dcgan"),
    ],
)
def test_a_space_that_cannot_be_trained(images: Path, tmp_path: Path, monkeypatch, space: Any, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("space.yaml").write_text(yaml.safe_dump(space))
    assert said in refused("sweep", images, "--space", "space.yaml", *GIVEN, "--n", "100", "--features", "pixels")
    assert not Path("sweeps").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--optimise", "fdd"], "There is no objective of a sweep on images called 'fdd'; did you mean fd"),
        (["--optimise", "is"], "needs features with classes"),
        (["--recipe", "no-such"], "There is no recipe called 'no-such'"),
        (["--recipe", "dcgan", "--config", "x.yaml"], "either --recipe or --config"),
        (["--resume", "x"], "goes on with a sweep as it is"),
        (["--name", "a/b"], "'a/b' cannot name a sweep"),
    ],
)
def test_arguments_that_make_no_sweep(
    images: Path, tmp_path: Path, monkeypatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused("sweep", images, *GIVEN, "--n", "100", "--features", "pixels", *arguments)
    assert not Path("sweeps").exists()


def test_scores_that_rows_and_sounds_do_not_have(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    people(60).to_csv("people.csv", index=False)
    table = ("people.csv", "--set=training.steps=1", "--set=runtime.device=cpu")
    sounds = ("notes", "--set=training.steps=1", "--set=runtime.device=cpu", "--set=data.seconds=0.1")
    assert "no objective of a sweep on tables called 'fd'" in refused("sweep", *table, "--optimise", "fd")
    assert "people.csv is a table: --features is for images" in refused("sweep", *table, "--features", "pixels")
    assert "60 real rows are too few to compare with: 120 are needed" in refused("sweep", *table)
    assert "no objective of a sweep on sounds called 'utility'" in refused("sweep", *sounds, "--optimise", "utility")
    assert not Path("sweeps").exists()


def test_a_sweep_that_is_not_there(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There are no sweeps under sweeps/ yet" in refused("sweep", "--resume", "gone")
    (tmp_path / "sweeps" / "one").mkdir(parents=True)
    (tmp_path / "sweeps" / "one" / "sweep.json").write_text("{}")
    assert "no sweep called 'gone'" in refused("sweep", "--resume", "gone")
    assert "sweep.json is damaged" in refused("sweep", "--resume", "one")
