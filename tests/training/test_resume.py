"""Stopping and going on equals never having stopped, bit for bit, in every tensor saved."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.training.api import resume
from tiny import assert_same_tensors, go_on, quick

UNDIAGNOSED = {"diagnosis__on": False}  # the diagnosis takes longer than the steps, and has no part in most of these


@pytest.mark.parametrize(
    "changes",
    [
        {"diagnosis__on": True, "diagnosis__every": 4, "diagnosis__samples": 16},
        {"training__share_fakes": True, "data__flip": True},
        {"training__discriminator_steps": 3, "data__flip": True},
        {
            "generator_optimiser__name": "sgd",
            "generator_optimiser__momentum": 0.9,
            "discriminator_optimiser__name": "sgd",
        },
        {"generator_optimiser__name": "rmsprop", "discriminator_optimiser__name": "rmsprop", "penalties__clip": 0.05},
        {"average__decay": 0.0},
        {
            "discriminator__norm": "none",
            "penalties__wgan_gp": 10.0,
            "objective__name": "wasserstein",
            "generator_optimiser__learning_rate": {"start": 1e-3, "end": 1e-4, "steps": 12},
        },
    ],
    ids=[
        "adam, diagnosed",
        "shared fakes, flips",
        "k = 3",
        "sgd with momentum",
        "rmsprop, clipping",
        "no average",
        "penalty, schedule",
    ],
)
def test_a_resumed_run_equals_one_that_never_stopped(images: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    changes = {**UNDIAGNOSED, **changes}
    whole = quick(images, tmp_path, "whole", **changes, training__steps=12)
    parts = quick(images, tmp_path, "parts", **changes, training__steps=7)
    go_on(parts, training__steps=12)
    assert_same_tensors(whole, parts, step=12)
    keys = ("step", "loss/discriminator", "score/real")
    ends = [[[record[key] for key in keys] for record in run.records()[-2:]] for run in (whole, parts)]
    assert ends[0] == ends[1]


def test_dropout_and_momentum_schedules_resume_exactly(images: Path, tmp_path: Path) -> None:
    changes = {**UNDIAGNOSED, "generator__hidden": [16], "discriminator__hidden": [12]}
    whole = quick(images, tmp_path, "whole", "goodfellow2014", **changes, training__steps=11)
    parts = quick(images, tmp_path, "parts", "goodfellow2014", **changes, training__steps=4)
    go_on(parts, training__steps=11)
    assert_same_tensors(whole, parts, step=11)


def test_another_seed_is_another_run(images: Path, tmp_path: Path) -> None:
    one, other = (quick(images, tmp_path, f"seed{seed}", **UNDIAGNOSED, training__seed=seed) for seed in (0, 1))
    with pytest.raises(AssertionError):
        assert_same_tensors(one, other, step=10)


def test_resuming_repeats_no_record_and_forgets_none(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=10)
    with (run.path / "metrics.jsonl").open("a") as file:  # as if killed after step 12, before the next checkpoint
        file.write(json.dumps({"step": 12, "loss/generator": 0.5}) + '\n{"step": 14, "los')
    go_on(run, training__steps=16)
    assert [record["step"] for record in run.records()] == [2, 4, 6, 8, 10, 12, 14, 16]
    assert run.records()[5]["loss/generator"] != 0.5


def test_resume_refuses_other_data(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=2)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    np.save(tmp_path / "other.npy", 255 - np.load(images))
    with pytest.raises(UserError, match="trained on other images"):
        resume(run, data=tmp_path / "other.npy", settings={"training.steps": 20}, console=Console(quiet=True))
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_kills_at_random_instants_change_nothing(images: Path, tmp_path: Path, kills: int) -> None:
    """SIGKILL to a training process, some of the forty in the middle of a save; then compare with a clean run."""
    script = Path(__file__).parents[1] / "killed_trainer.py"
    result = subprocess.run(
        [sys.executable, script, images, tmp_path, str(kills)], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["kills"] == kills
    assert found["during_a_save"] >= kills // 40
    assert found["progressed"] >= kills // 4  # most lives came further than the one before
    assert_same_tensors(Run(tmp_path / "killed"), Run(tmp_path / "clean"), found["steps"])
