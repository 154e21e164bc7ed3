"""A training on sounds that starts from a generator of other sounds."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

import ganatomy
from ganatomy.errors import UserError
from ganatomy.generators import kinds
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from sounds import folder_of, sounding
from tiny import PLAIN, assert_same_tensors, go_on, quick

OWN = {name: value for name, value in PLAIN.items() if name.startswith(("runtime", "log"))}
ROLES = ("generator", "discriminator")


@pytest.fixture(scope="module", params=["wavegan", "specgan"])
def first(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four steps on notes of a tenth of a second, and another folder beside the run."""
    pytest.importorskip("soundfile")
    folder = tmp_path_factory.mktemp("first")
    folder_of(folder / "other", samples=1600)
    return sounding(folder, recipe=request.param, training__steps=4, diagnosis__on=False)


def start(first: Run, runs: Path, init: Path | None = None, **changes: Any) -> tuple[Run, str]:
    """A training on the other sounds from there, with what it says."""
    said = io.StringIO()
    settings = {**OWN, "training.steps": 1, "diagnosis.on": False, **changes, "init.path": str(init or first.path)}
    place = first.path.parent / "other"
    run = train(place, settings=settings, runs=runs, console=Console(file=said, width=1000), name="second")
    return run, said.getvalue()


def started(said: str) -> str:
    (line,) = [line for line in said.splitlines() if line.startswith("Starts from")]
    return line


def test_weights_rate_length_and_form_are_those_of_the_other_run(first: Run, tmp_path: Path) -> None:
    run, said = start(first, tmp_path)
    before, now = (checkpoint.load(each.checkpoint(step)) for each, step in ((first, 4), (run, 0)))
    for role in ROLES:
        assert all(torch.equal(tensor, before[role][name]) for name, tensor in now[role].items())
    assert started(said).startswith(f"Starts from {first.path}, step 4: all ")
    assert started(said).endswith(" layers of the discriminator are taken over.")
    assert "Data: 30 sounds of 0.1 s at 8,000 Hz, 2 classes" in said
    config, origin = run.config(), first.config()
    for part in ("recipe", "generator", "discriminator", "objective", "penalties"):
        assert getattr(config, part) == getattr(origin, part)
    assert (config.data.rate, config.data.seconds, config.data.form) == (8000, 0.1, origin.data.form)
    if origin.data.form == "spectrogram":  # each has the levels of its own sounds
        assert ganatomy.load(run).modality.levels != ganatomy.load(first).modality.levels


def test_another_length_and_classes_keep_what_fits(first: Run, tmp_path: Path) -> None:
    longer, said = start(first, tmp_path / "longer", **{"data.seconds": 0.2})
    assert "anew begin generator " in started(said)
    assert started(said).endswith(", for 0.2 s instead of 0.1.")
    assert ganatomy.load(longer).sample([0]).shape == (1, 1600)
    by_class, said = start(first, tmp_path / "classes", **{"prior.conditional": True})
    assert " what reads z is taken over." in started(said)
    now, before = (checkpoint.load(each.checkpoint(step)) for each, step in ((by_class, 0), (first, 4)))
    (read,) = [name for name in before["generator"] if now["generator"][name].shape != before["generator"][name].shape]
    dimension = first.config().prior.dimension
    there, here = (each["generator"][read] for each in (before, now))
    axis = list(there.shape).index(dimension)
    assert torch.equal(here.narrow(axis, 0, dimension), there)


def test_a_resumed_training_equals_one_that_never_stopped(first: Run, tmp_path: Path) -> None:
    """Also where what it started from has gone."""
    moved = first.path.with_name("moved")
    steady = {"log.keep": 0, **{f"{role}_optimiser.learning_rate": 1e-3 for role in ROLES}}  # of any budget
    whole, _ = start(first, tmp_path / "whole", **steady, **{"training.steps": 4})
    part, _ = start(first, tmp_path / "part", **steady, **{"training.steps": 2})
    first.path.rename(moved)
    try:
        go_on(part, training__steps=4)
    finally:
        moved.rename(first.path)
    assert_same_tensors(whole, part, 4)


def test_an_exported_generator_begins_without_its_discriminator(first: Run, tmp_path: Path) -> None:
    folder = ganatomy.export(first, out=tmp_path / "export").folder
    run, said = start(first, tmp_path, folder)
    assert "layers of the generator are taken over; the discriminator begins anew, for there is none." in said
    found = kinds.find(folder)
    assert found is not None
    exported = found.kind.read(folder).tensors
    now = checkpoint.load(run.checkpoint(0))["generator"]
    assert all(torch.equal(tensor, now[name]) for name, tensor in exported.items())


def test_what_cannot_start_from_it_is_refused_in_a_sentence(first: Run, images: Path, tmp_path: Path) -> None:
    own = first.config().data.form
    form, family = ("spectrogram", "dcgan") if own == "waveform" else ("waveform", "wave")
    other = {"data.form": form, **{f"{role}.family": family for role in ROLES}}
    for change, words in (
        ({"data.rate": 16000}, r"has data\.rate=8000: data\.rate=16000 cannot start from it"),
        (other, rf"has data\.form={own}: data\.form={form} cannot start from it"),
    ):
        with pytest.raises(UserError, match=words) as refusal:
            start(first, tmp_path, **change)
        assert "\n" not in str(refusal.value)
    drawing = quick(images, tmp_path / "images", "drawing", "dcgan", training__steps=1, diagnosis__on=False)
    with pytest.raises(UserError, match=r"draws images, and .* holds sounds"):
        start(first, tmp_path, drawing.path, **{"data.form": "spectrogram"})
    with pytest.raises(UserError, match=r"holds no sounds, and generator\.family="):
        train(images, settings={"init.path": str(first.path)}, runs=tmp_path, console=Console(quiet=True))
    assert [path.name for path in tmp_path.iterdir()] == ["images"]
