"""Stopping and going on equals never having stopped, bit for bit, in every tensor saved."""

import io
import itertools
import json
import shutil
import subprocess
import sys
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training import loop
from ganatomy.training.api import resume
from ganatomy.training.callbacks import control
from ganatomy.training.loop import Callback, State
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
        {
            "discriminator__family": "projected",
            "discriminator__features": "random",
            "discriminator__pixels": 4,
            "discriminator__resolution": 32,
            "objective__name": "hinge",
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
        "several discriminators, random features",
    ],
)
def test_a_resumed_run_equals_one_that_never_stopped(images: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    changes = {**UNDIAGNOSED, **changes}
    whole = quick(images, tmp_path, "whole", **changes, training__steps=12)
    parts = quick(images, tmp_path, "parts", **changes, training__steps=7)
    go_on(parts, training__steps=12)
    assert_same_tensors(whole, parts, step=12)
    assert untimed(whole.records()) == untimed(parts.records())  # although the stop came between two records


def untimed(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without what a clock decides, and without the share of a budget, which a resumed run may have changed."""
    others = ("seconds", "images_per_second", "signals/spent")
    return [{name: value for name, value in record.items() if name not in others} for record in records]


def test_tensorboard_forgets_the_steps_that_a_resume_took_back(images: Path, tmp_path: Path) -> None:
    changes = {**UNDIAGNOSED, "log__tensorboard": True}
    run = quick(images, tmp_path, **changes, training__steps=9)
    shutil.rmtree(run.checkpoint())  # as if killed at step 9; step 5 is the newest checkpoint
    go_on(run, training__steps=6)
    board = EventAccumulator(str(run.path / "tensorboard")).Reload()
    assert [event.step for event in board.Scalars("loss/generator")] == [2, 4, 6]


def test_a_spent_budget_leaves_every_file_as_it_is(images: Path, tmp_path: Path) -> None:
    run, said = quick(images, tmp_path, **UNDIAGNOSED, training__steps=7), io.StringIO()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.path.rglob("*") if path.is_file()}
    for settings in ({}, {"training.steps": 6}, {"training.images": 40}, {"log.every": 1}):
        resume(run, settings=settings, console=Console(file=said))
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert said.getvalue().count("is already at step 7 (56 images") == 4
    assert "--more-steps" in said.getvalue()


def test_a_run_that_was_killed_before_its_last_event_writes_its_end_again(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=7)
    lines = run.at("events.jsonl").read_text().splitlines(keepends=True)
    assert '"finished"' in lines[-1]
    run.at("events.jsonl").write_text("".join(lines[:-1]))  # run.json says "finished" already
    run.at("report.html").unlink()
    assert resume(run, console=Console(quiet=True)).info()["status"] == "finished"
    assert [event["event"] for event in run.events()].count("finished") == 1
    assert run.at("report.html").is_file()


def test_more_steps_and_minutes_add_to_what_is_done(images: Path, tmp_path: Path) -> None:
    run, quiet = quick(images, tmp_path, **UNDIAGNOSED, training__steps=7), Console(quiet=True)
    assert resume(run, more_steps=4, console=quiet).info()["step"] == 11
    assert run.config().training.steps == 11
    seconds = checkpoint.manifest(run.checkpoint())["seconds"]
    resume(run, more_minutes=1e-3, console=quiet)
    assert run.config().training.minutes == pytest.approx(seconds / 60 + 1e-3, rel=1e-12)
    assert run.config().training.steps is None
    assert run.info()["step"] > 11
    for more in ({"more_steps": 0}, {"more_minutes": -1.0}, {"more_steps": 2, "settings": {"training.steps": 30}}):
        with pytest.raises(UserError, match="--more-steps and --more-minutes"):
            resume(run, **more, console=quiet)


def test_images_seen_are_counted_under_a_changed_batch(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=6)
    go_on(run, training__steps=10, training__batch=4)
    assert run.info()["images"] == 6 * 8 + 4 * 4


def test_dropout_and_momentum_schedules_resume_exactly(images: Path, tmp_path: Path) -> None:
    changes = {**UNDIAGNOSED, "generator__hidden": [16], "discriminator__hidden": [12]}
    whole = quick(images, tmp_path, "whole", "goodfellow2014", **changes, training__steps=11)
    parts = quick(images, tmp_path, "parts", "goodfellow2014", **changes, training__steps=4)
    go_on(parts, training__steps=11)
    assert_same_tensors(whole, parts, step=11)


@pytest.mark.parametrize(
    "budget", [{"training__steps": 12}, {"training__images": 96}, {"training__minutes": 0.2}], ids=str
)
def test_schedules_over_a_budget_of_any_kind_end_with_it_and_resume_exactly(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: dict[str, Any]
) -> None:
    monkeypatch.setattr(loop, "monotonic", itertools.count().__next__)  # a second a step
    monkeypatch.setattr(control, "monotonic", lambda: 0.0)  # and no pauses
    rates: list[float] = []

    class Rates(Callback):
        def after_step(self, state: State) -> None:
            rates.append(state.method.generator.optimiser.param_groups[0]["lr"])

    class Halfway(Callback):
        def after_step(self, state: State) -> None:
            state.stop = state.step == 7

    falling = {"kind": "cosine", "start": 3e-3, "end": 1e-3}
    changes = {**UNDIAGNOSED, **budget, "training__steps": budget.get("training__steps")}
    changes |= {"generator_optimiser__learning_rate": falling, "discriminator_optimiser__learning_rate": falling}
    whole = quick(images, tmp_path, "whole", callbacks=[Rates()], **changes)
    assert rates == pytest.approx([2e-3 + 1e-3 * cos(pi * step / 12) for step in range(12)], rel=1e-12)

    parts = quick(images, tmp_path, "parts", callbacks=[Halfway()], **changes)
    assert parts.info()["step"] == 7
    go_on(parts)
    assert_same_tensors(whole, parts, step=12)
    assert untimed(whole.records()) == untimed(parts.records())


def test_a_longer_budget_says_where_schedules_over_it_go_on(images: Path, tmp_path: Path) -> None:
    falling = {"start": 3e-3, "end": 1e-3}
    run, said = quick(images, tmp_path, **UNDIAGNOSED, training__steps=6, penalties__r1=0.0), io.StringIO()
    resume(run, settings={"training.steps": 7}, console=Console(file=said, width=200))
    assert "budget is spent" not in said.getvalue()
    changed = {"training.steps": 10, "generator_optimiser.learning_rate": falling}
    resume(run, settings=changed, console=Console(file=said, width=200))
    assert "70% of the new budget is spent: generator_optimiser.learning_rate" in said.getvalue()


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


@pytest.mark.parametrize(
    "change",
    [
        {"generator__width": 8},
        {"discriminator__norm": "none"},
        {"prior__dimension": 9},
        {"generator__family": "mlp"},
        {"generator_optimiser__name": "sgd"},
    ],
)
def test_resume_refuses_options_that_the_checkpoint_does_not_fit(
    images: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=2)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=r"other networks than in its checkpoint|cannot change when a run is resumed"):
        go_on(run, training__steps=4, **change)
    assert {path: path.read_bytes() for path in before} == before
    assert go_on(run, training__steps=3).info()["step"] == 3


def test_resume_refuses_other_data(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, **UNDIAGNOSED, training__steps=2)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    np.save(tmp_path / "other.npy", 255 - np.load(images))
    with pytest.raises(UserError, match="trained on other images"):
        resume(run, data=tmp_path / "other.npy", settings={"training.steps": 20}, console=Console(quiet=True))
    assert {path: path.read_bytes() for path in before} == before


@pytest.fixture
def moved(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of seven steps on then/waves.npy, a relative path, which is now/waves.npy today; the folder runs."""
    for name in ("then", "now", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path / "cache"))
    shutil.copy(images, "then/waves.npy")
    quick("then/waves.npy", Path("runs"), **UNDIAGNOSED, training__steps=7, data__first=30)
    shutil.move("then/waves.npy", "now/waves.npy")
    return tmp_path / "runs"


@pytest.mark.usefixtures("moved")
def test_moved_images_are_asked_for_by_the_command_that_takes_their_new_place() -> None:
    shutil.rmtree("cache")
    was = Path("then/waves.npy").resolve()
    for verb, place in (("train", "--resume run PLACE"), ("evaluate", "run --reference PLACE")):
        with pytest.raises(UserError) as refused:
            resume("run", more_steps=1) if verb == "train" else evaluate("run", n=100)
        assert str(refused.value) == (
            f"The images that runs/run was trained on were in {was}, where nothing is now. Say where they are: "
            f"ganatomy {verb} {place}"
        )
    quiet = Console(quiet=True)
    run = resume("run", data="now/waves.npy", settings={"training.steps": 8}, console=quiet)
    assert run.info()["step"] == 8
    assert (run.info()["data"]["source"], run.info()["data"]["path"]) == (
        "now/waves.npy",
        str(Path("now/waves.npy").resolve()),
    )
    assert evaluate(run, n=100, features="pixels", metrics=["fd"]).scores


@pytest.mark.usefixtures("moved")
def test_the_decoded_images_in_the_cache_do_where_the_files_are_gone() -> None:
    run, said = Run("runs/run"), io.StringIO()
    before = run.info()["data"]
    resume(run, settings={"training.steps": 9}, console=Console(file=said))
    assert "then/waves.npy is not there: its decoded images are in the cache" in said.getvalue()
    assert run.info()["step"] == 9
    assert run.info()["data"] == before
    assert run.config().data.path == "then/waves.npy"
    assert evaluate(run, n=100, features="pixels", metrics=["fd"]).scores


def test_images_are_found_from_another_folder(moved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.move("now/waves.npy", "then/waves.npy")
    shutil.rmtree("cache")
    monkeypatch.chdir("elsewhere")
    run = resume(moved / "run", settings={"training.steps": 9}, console=Console(quiet=True))
    assert run.info()["step"] == 9
    assert run.config().data.path == "then/waves.npy"


@pytest.mark.parametrize(
    ("recipe", "kills"), [("dcgan", 3), pytest.param("dcgan", 40, marks=pytest.mark.slow), ("srgan", 3)]
)
def test_kills_at_random_instants_change_nothing(images: Path, tmp_path: Path, recipe: str, kills: int) -> None:
    """SIGKILL to a training process, some of the forty in the middle of a save; then compare with a clean run."""
    script = Path(__file__).parents[1] / "killed_trainer.py"
    result = subprocess.run(
        [sys.executable, script, images, tmp_path, str(kills), recipe],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["kills"] == kills
    assert found["during_a_save"] >= kills // 40
    assert found["progressed"] >= kills // 4  # most lives came further than the one before
    assert_same_tensors(Run(tmp_path / "killed"), Run(tmp_path / "clean"), found["steps"])
