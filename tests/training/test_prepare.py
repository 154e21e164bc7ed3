"""What a training is told about its images before the first step, and which classes it learns."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import ganatomy
from ganatomy.errors import UserError
from ganatomy.system.runtime import Runtime
from ganatomy.training.api import plan
from ganatomy.training.prepare import Prepared, prepare_training
from tiny import TINY, quick, waves


def said(data: Path, **changes: Any) -> tuple[str, Prepared]:
    """What the console is told of the images, in one line, and what the training gets."""
    page = io.StringIO()
    planned = plan(data, settings={**TINY, "training.steps": 2, **changes})
    prepared = prepare_training(planned, Runtime(), Console(file=page, width=1000, no_color=True))
    return " ".join(page.getvalue().split()), prepared


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Five ants, five cats that cannot be read, five dogs, each of its own grey."""
    root = tmp_path / "pets"
    for kind in ("ant", "cat", "dog"):
        (root / kind).mkdir(parents=True)
        for i, pixels in enumerate(waves(5, 16, 16)):
            file = root / kind / f"{i}.png"
            file.write_bytes(b"none") if kind == "cat" else Image.fromarray(pixels // (1 + (kind == "dog"))).save(file)
    return root


def test_classes_without_an_image_are_named_and_not_trained(pets: Path, tmp_path: Path) -> None:
    words, prepared = said(pets, **{"prior.conditional": True})
    assert "No image is there of the class cat: left out." in words
    assert prepared.config.prior.classes == [5, 5]
    assert prepared.images.classes == ["ant", "dog"]
    assert prepared.images.labels is not None
    assert prepared.images.labels.tolist() == [0] * 5 + [1] * 5
    run = quick(pets, tmp_path / "runs", prior__conditional=True)
    assert ganatomy.load(run).classes == ["ant", "dog"]
    with pytest.raises(UserError, match="no class called 'cat'"):
        ganatomy.sample(run, label="cat")
    again = ganatomy.resume(run, settings={"training.steps": 12}, console=Console(quiet=True))
    assert again.config().prior.classes == [5, 5]


def test_a_run_that_was_started_with_empty_classes_keeps_them(pets: Path) -> None:
    words, prepared = said(pets, **{"prior.conditional": True, "prior.classes": [5, 0, 5]})
    assert prepared.config.prior.classes == [5, 0, 5]
    assert prepared.images.classes == ["ant", "cat", "dog"]
    assert "left out" not in words


@pytest.mark.parametrize(
    ("first", "sentence", "classes"),
    [
        (4, "data.first=4: the first 4 of 9 images are used, 5 left out, among them all of the class c.", [3, 1]),
        (2, "the first 2 of 9 images are used, 7 left out, among them all of the classes b and c.", [2]),
        (7, "data.first=7: the first 7 of 9 images are used, 2 left out.", [3, 3, 1]),
        (9, "", [3, 3, 3]),
    ],
)
def test_what_data_first_leaves_out_is_said(tmp_path: Path, first: int, sentence: str, classes: list[int]) -> None:
    np.savez(tmp_path / "set.npz", images=waves(9, 16, 16), labels=np.repeat(["a", "b", "c"], 3))
    words, prepared = said(tmp_path / "set.npz", **{"data.first": first, "prior.conditional": True})
    assert sentence in words
    assert ("left out" in words) == bool(sentence)
    assert prepared.config.prior.classes == classes


def test_held_out_images_have_the_classes_of_the_training(tmp_path: Path) -> None:
    train, test = waves(30, 16, 16), waves(40, 16, 16)[30:]
    np.savez(
        tmp_path / "set.npz",
        x_train=train,
        y_train=np.repeat(["b", "d"], 15),
        x_test=test,
        y_test=np.repeat(["a", "b", "c", "d", "e"], 2),
    )
    _, prepared = said(tmp_path / "set.npz", **{"prior.conditional": True})
    assert prepared.held_out is not None
    assert prepared.held_out.labels is not None
    assert prepared.held_out.labels.tolist() == [0, 0, 1, 1]
    assert (prepared.held_out.pixels == test[[2, 3, 6, 7]]).all()
    _, plain = said(tmp_path / "set.npz")
    assert plain.held_out is not None
    assert len(plain.held_out) == 10
