"""Several processes, started by torchrun, train as one does: the same losses and weights, whatever the recipe."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from rich.console import Console
from torch.testing import assert_close

from ganatomy.config.recipes import recipe
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from tiny import OF_IMAGES, tiny

Training: TypeAlias = tuple[str, dict[str, Any]]  # recipe and settings

# What the diagnosis sees of the last round is the first process's share of it: docs/DIAGNOSIS.md.
OF_A_SHARE = {"signals/batch_spread", "signals/real_variety"}
EVERY = {"training.steps": 6, "log.every": 1, "diagnosis.on": False}
PENALISED = {"generator.norm": "none", "discriminator.norm": "none"}


def without_batch_norm(name: str) -> dict[str, Any]:
    """Changes that make a recipe small, and independent of which images share a batch."""
    config = recipe(name)
    players = ("generator", "discriminator") if config.method in ("adversarial", "vae") else ("generator",)
    roles = [role for role in players if getattr(getattr(config, role), "norm", "") == "batch"]
    return tiny(name) | EVERY | {f"{role}.norm": "none" for role in roles}


# Each part that draws random numbers, or measures something of the whole batch, is in one of these.
FEATURES: dict[str, Training] = {
    "stylegan2": (
        "stylegan2",
        {
            "penalties.every": 2,
            "penalties.path_length_every": 1,
            "augmentation.policies": ["colour", "translation", "cutout"],
            "augmentation.probability": 0.5,
            "augmentation.target": 0.6,
            "prior.conditional": True,
        },
    ),
    "dropout": ("goodfellow2014", {"diagnosis.on": True, "diagnosis.every": 2}),
    "dragan": ("dcgan", {**PENALISED, "penalties.dragan": 10.0, "training.discriminator_steps": 2, "data.flip": True}),
}
TRAININGS = {name: (chosen, without_batch_norm(chosen) | more) for name, (chosen, more) in FEATURES.items()}
NORMALISED: dict[str, Training] = {"batch norm": ("dcgan", tiny("dcgan") | EVERY)}
SWEEP = {name: (name, without_batch_norm(name)) for name in OF_IMAGES if name != "auto"}  # which chooses by a clock


@pytest.fixture(scope="module")
def classes(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images, in three classes."""
    path, pixels = tmp_path_factory.mktemp("classes") / "classes.npz", np.load(images)
    np.savez(path, images=pixels, labels=np.arange(len(pixels)) % 3)
    return path


def torchrun(folder: Path, images: Path, trainings: dict[str, Training], classes: Path) -> str:
    """Train each with two processes on this machine, as folder/runs/NAME; returns what was printed."""
    program = Path(__file__).parent / "two_processes.py"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", program, images]
    arguments = [
        [
            str(classes),
            f"--name={name}",
            f"--recipe={chosen}",
            *(f"--set={key}={value}" for key, value in changes.items()),
        ]
        for name, (chosen, changes) in trainings.items()
    ]
    result = subprocess.run(
        [*command, json.dumps(arguments)], cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def assert_same_numbers(two: Run, one: Run) -> None:
    """Every tensor of the last checkpoint, and every number of every record but its times."""
    assert two.info()["processes"] == 2
    groups, expected = (checkpoint.load(run.checkpoint()) for run in (two, one))
    for each in (groups, expected):
        each.pop(checkpoint.PROBE, None)
    assert groups.keys() == expected.keys()
    for group, tensors in expected.items():
        assert groups[group].keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert_close(
                groups[group][name],
                tensor,
                rtol=1e-4,
                atol=1e-5,
                msg=lambda text, at=f"{group}: {name}": f"{at}: {text}",
            )
    for record, other in zip(two.records(), one.records(), strict=True):
        assert record.keys() == other.keys()
        for name in record.keys() - {"seconds", "images_per_second"} - OF_A_SHARE:
            assert record[name] == pytest.approx(other[name], rel=1e-4, abs=1e-6), f"step {record['step']}: {name}"


@pytest.fixture(scope="module")
def together(images: Path, classes: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The runs of two processes, one for each of TRAININGS, and what they printed."""
    folder = tmp_path_factory.mktemp("together")
    return folder / "runs", torchrun(folder, images, TRAININGS | NORMALISED, classes)


@pytest.mark.parametrize("name", TRAININGS)
def test_two_processes_equal_one_at_the_whole_batch(
    name: str, classes: Path, tmp_path: Path, together: tuple[Path, str]
) -> None:
    chosen, changes = TRAININGS[name]
    assert_same_numbers(Run(together[0] / name), trained(classes, tmp_path, chosen, changes))


def test_with_batch_norm_it_is_said_and_both_ranks_hold_the_same_tensors(together: tuple[Path, str]) -> None:
    assert " ".join(together[1].split()).count("each of the 2 processes normalises its own images") == 1
    assert "agree after 6 steps" in together[1]


@pytest.mark.slow
def test_every_recipe_is_the_same_training_with_two_processes(images: Path, classes: Path, tmp_path: Path) -> None:
    torchrun(tmp_path, images, SWEEP, classes)
    for name, (chosen, changes) in SWEEP.items():
        assert_same_numbers(Run(tmp_path / "runs" / name), trained(classes, tmp_path / "one", chosen, changes))


def trained(classes: Path, runs: Path, name: str, changes: dict[str, Any]) -> Run:
    """One process's run."""
    return train(classes, recipe=name, settings=changes, name=name, runs=runs, console=Console(quiet=True))
