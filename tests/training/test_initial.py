"""A training that starts from another generator: what it takes over, what it refuses, and that it resumes exactly."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

import ganatomy
from command import ganatomy as command
from ganatomy.config.recipes import recipe
from ganatomy.data.amounts import advice, too_few
from ganatomy.errors import UserError
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training import initial
from ganatomy.training.api import plan, train
from tiny import TINY, assert_same_tensors, go_on, quick, tiny, waves


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of runs/first, of two checkpoints, of grey.npy, large.npy and others.npy, and of an export."""
    folder = tmp_path_factory.mktemp("init")
    np.save(folder / "waves.npy", waves(20, 16, 16))
    np.save(folder / "others.npy", 255 - waves(20, 16, 16))
    np.save(folder / "grey.npy", waves(20, 16, 16, 1))
    np.save(folder / "large.npy", waves(20, 32, 32))
    run = quick(
        folder / "waves.npy", folder / "runs", "first", objective__name="hinge", log__keep=0, diagnosis__on=False
    )
    ganatomy.load(run).save_pretrained(folder / "export")
    return folder


def start(place: Path, runs: Path, data: str = "others.npy", init: str = "first", **changes: Any) -> tuple[Run, str]:
    """A training of one step from there, with what it says of its start."""
    said, where = io.StringIO(), place / init if (place / init).exists() else place / "runs" / init
    settings = {**PLAIN, "training.steps": 1, "init.path": str(where), **changes}
    run = train(place / data, settings=settings, runs=runs, console=Console(file=said, width=1000))
    return run, next(line for line in said.getvalue().splitlines() if line.startswith("Starts from"))


PLAIN = {name: value for name, value in TINY.items() if name.startswith(("runtime", "log"))} | {"diagnosis.on": False}


def weights(run: Run, step: int) -> dict[str, dict[str, torch.Tensor]]:
    return checkpoint.load(run.checkpoint(step))


def test_both_players_begin_with_the_weights_of_the_other_run(place: Path, tmp_path: Path) -> None:
    run, words = start(place, tmp_path)
    first = Run(place / "runs" / "first")
    before, now = weights(first, 10), weights(run, 0)
    for role in ("generator", "discriminator"):
        assert all(torch.equal(tensor, before[role][name]) for name, tensor in now[role].items())
    assert all(torch.equal(now["average"][name], tensor) for name, tensor in now["generator"].items())
    assert not now["optimisers"]  # they begin anew
    assert words == (
        f"Starts from {first.path}, step 10: all 5 layers of the generator and all 4 layers of the discriminator are "
        "taken over."
    )
    config = run.config()
    assert (config.init.path, config.init.step) == (str(first.path), 10)
    assert config.objective.name == "hinge"  # the game is the other run's
    (event,) = [event for event in run.events() if event["event"] == "initialised"]
    assert event["words"] == words


def test_a_checkpoint_may_be_chosen_and_a_run_is_found_by_its_name(place: Path, tmp_path: Path) -> None:
    run, words = start(place, tmp_path, **{"init.step": 5})
    assert "step 5:" in words
    assert torch.equal(
        weights(run, 0)["generator"]["layers.0.weight"],
        weights(Run(place / "runs" / "first"), 5)["generator"]["layers.0.weight"],
    )
    planned = plan(place / "others.npy", settings={"init.path": "first"}, runs=place / "runs")
    assert planned.init.path == str(place / "runs" / "first")
    with pytest.raises(UserError, match="has no checkpoint of step 7"):
        start(place, tmp_path, **{"init.step": 7})


def test_a_run_that_is_the_last_one_today_is_named_by_its_folder(place: Path) -> None:
    """As a sweep keeps it, whose trials are runs, too."""
    pinned = initial.pinned({"init.path": "first", "training.steps": 3}, place / "runs")
    assert pinned == {"init.path": str(place / "runs" / "first"), "init.step": 10, "training.steps": 3}
    assert initial.pinned(pinned) == pinned
    assert initial.pinned({"training.steps": 3}) == {"training.steps": 3}


def test_an_exported_generator_begins_without_its_discriminator(place: Path, tmp_path: Path) -> None:
    run, words = start(place, tmp_path, init="export")
    assert words.endswith(
        "all 5 layers of the generator are taken over; the discriminator begins anew, for there is none."
    )
    exported, now = ganatomy.load(place / "export").network.state_dict(), weights(run, 0)["generator"]
    assert all(torch.equal(tensor, now[name]) for name, tensor in exported.items())
    with pytest.raises(UserError, match=r"needs a discriminator, and .* is a generator alone"):
        start(place, tmp_path, init="export", **{"init.freeze": 1})


@pytest.mark.parametrize(
    ("data", "changes", "apart"),
    [
        ("grey.npy", {"data.channels": 1}, "generator layers.6, discriminator layers.0, for 1 channels instead of 3"),
        ("large.npy", {"data.size": 32}, "32×32 pixels instead of 16×16"),
        ("others.npy", {"prior.dimension": 9}, "generator layers.0, for 9 numbers in z instead of 8"),
    ],
)
def test_what_does_not_fit_begins_anew_and_is_named(
    place: Path, tmp_path: Path, data: str, changes: dict[str, Any], apart: str
) -> None:
    assert apart in start(place, tmp_path, data, **changes)[1]


def test_images_have_the_size_of_the_generators(place: Path, tmp_path: Path) -> None:
    run, words = start(place, tmp_path, "large.npy")
    assert run.config().data.size == (16, 16)
    assert "anew" not in words


def test_a_generator_learns_classes_that_it_did_not_have(place: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "pets.npz", images=waves(20, 16, 16), labels=np.repeat(["cat", "dog"], 10))
    first = quick(tmp_path / "pets.npz", tmp_path / "runs", "pets", prior__conditional=True, training__steps=1)
    _, words = start(tmp_path, tmp_path, "pets.npz", "pets")
    assert "of generator layers.0 what reads z is taken over" in words
    assert "all 4 layers of the discriminator" in words
    _, words = start(tmp_path, tmp_path, "pets.npz", "pets", **{"prior.conditional": True})
    assert "anew" not in words
    assert first.config().prior.classes == [10, 10]


def test_the_first_layers_of_the_discriminator_keep_their_weights(place: Path, tmp_path: Path) -> None:
    run, words = start(place, tmp_path, **{"init.freeze": 2, "training.steps": 3})
    assert words.endswith("; held fixed in the discriminator: layers.0, layers.2, layers.3.")
    before, after = (weights(run, step)["discriminator"] for step in (0, 3))
    moved = {name for name in before if not torch.equal(before[name], after[name]) and "running" not in name}
    assert moved == {"layers.5.weight", "layers.3.num_batches_tracked"}


@pytest.mark.parametrize("freeze", [0, 1])
def test_a_resumed_training_equals_one_that_never_stopped(place: Path, tmp_path: Path, freeze: int) -> None:
    """Also where what it started from has gone."""
    (tmp_path / "runs").mkdir()
    moved = place / "runs" / "moved"
    first = quick(place / "waves.npy", place / "runs", f"gone{freeze}", training__steps=1)
    init = {"init.path": str(first.path), "init.freeze": freeze, "diagnosis.on": False}
    whole = quick(place / "others.npy", tmp_path / "runs", "whole", training__steps=6, **init)
    part = quick(place / "others.npy", tmp_path / "runs", "part", training__steps=3, **init)
    first.path.rename(moved)
    go_on(part, training__steps=6)
    moved.rename(place / "runs" / f"moved{freeze}")
    assert_same_tensors(whole, part, 6)
    with pytest.raises(UserError, match="what a run starts from"):
        go_on(part, training__steps=9, init__freeze=2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"generator.family": "mlp"}, "has a generator of family dcgan: one of family mlp cannot start from it"),
        ({"generator.width": 5}, r"generator.width=4, and generator.width=5 makes other layers: leave that option out"),
        ({"discriminator.norm": "none"}, r"discriminator.norm=batch, and discriminator.norm=none makes other layers"),
        ({"init.freeze": 3}, "of 3 layers 3 cannot be held fixed"),
        ({"init.freeze": 1, "data.channels": 1}, "would hold layers.0 of the discriminator fixed, which begins anew"),
    ],
)
def test_what_cannot_start_from_there_is_refused(
    place: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        start(place, tmp_path, **changes)
    assert not list(tmp_path.iterdir())


def test_another_method_and_a_graph_are_refused(place: Path, tmp_path: Path) -> None:
    settings = {**tiny("vae"), "training.steps": 1, "init.path": str(place / "runs" / "first")}
    with pytest.raises(UserError, match="method=adversarial: method=vae cannot start from it"):
        train(place / "others.npy", recipe="vae", settings=settings, runs=tmp_path, console=Console(quiet=True))
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(UserError, match="an ONNX graph cannot be trained on"):
        start(tmp_path, tmp_path, init="model.onnx")
    with pytest.raises(UserError, match=r"needs init\.path"):
        plan(place / "others.npy", settings={"init.freeze": 1})


def test_a_recipe_gives_the_rest(place: Path) -> None:
    init = {"init.path": str(place / "runs" / "first")}
    planned = plan(place / "others.npy", recipe="auto", settings=init)
    assert planned.generator_optimiser == recipe("auto").generator_optimiser
    assert planned.objective.name == "hinge"  # by which the discriminator learnt
    assert (planned.generator, planned.prior.dimension) == (Run(place / "runs" / "first").config().generator, 8)
    assert planned.data.size == (16, 16)


def test_the_command_starts_from_a_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    options = [f"--set={name}={value}" for name, value in PLAIN.items()]
    printed = command("train", "others.npy", "--init", "first", "--steps", "1", "--name", "second", *options)
    assert "Starts from runs/first, step 10: all 5 layers" in printed
    printed = command("train", "others.npy", "--recipe", "auto", "--init", "second", "--minutes", "0.001", *options)
    assert "Starts from runs/second, step 1: all 5 layers" in printed
    assert "Networks of width" not in printed


def test_the_words_on_few_images_name_it() -> None:
    assert "--init RUN" in too_few(3)
    assert "--init RUN" in str(advice(100, 3))
    assert "--init" not in str(advice(100, 3, started=True))
