"""What a training is told about its images before the first step, and which classes it learns."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

import ganatomy
from command import ganatomy as ganatomy_command
from ganatomy.config.settings import change
from ganatomy.data import cache_folder
from ganatomy.errors import UserError
from ganatomy.system.runtime import Runtime
from ganatomy.training.api import plan
from ganatomy.training.prepare import Prepared, device_kept, prepare_training
from tiny import TINY, go_on, quick, waves


def said(data: Path, **changes: Any) -> tuple[str, Prepared]:
    """What the console is told of the images, in one line, and what the training gets."""
    page = io.StringIO()
    classes = {"prior.classes": changes.pop("prior.classes")} if "prior.classes" in changes else {}  # as recorded
    planned = change(plan(data, settings={**TINY, "training.steps": 2, **changes}), classes)
    prepared = prepare_training(planned, Runtime(), Console(file=page, width=1000, no_color=True))
    return " ".join(page.getvalue().split()), prepared


@pytest.mark.parametrize(("count", "copies"), [(15, True), (200, True), (201, False)])
def test_of_few_images_copies_are_the_likely_result(tmp_path: Path, count: int, copies: bool) -> None:
    np.save(tmp_path / "set.npy", waves(count, 16, 16))
    words, _ = said(tmp_path / "set.npy")
    assert (f"Only {count} images: copies of them are the likely result." in words) == copies
    assert ("put some into a folder `test`" in words) == copies
    assert "cannot work" not in words
    known, _ = said(tmp_path / "set.npy", **{"data.first": count - 1})  # one is left to tell copies by
    assert "put some into a folder `test`" not in known


def test_fewer_than_fifteen_images_are_refused_unless_a_person_insists(tmp_path: Path) -> None:
    np.save(tmp_path / "set.npy", waves(14, 16, 16))
    quiet, settings = Console(quiet=True), {**TINY, "training.steps": 1}
    for chosen in ("dcgan", "auto"):
        with pytest.raises(UserError, match=r"14 images are too few to learn from.*--anyway"):
            ganatomy.train(
                tmp_path / "set.npy", recipe=chosen, settings={"training.steps": 1}, runs=tmp_path, console=quiet
            )
    run = ganatomy.train(tmp_path / "set.npy", settings=settings, anyway=True, runs=tmp_path, console=quiet)
    assert run.info()["step"] == 1
    assert go_on(run, training__steps=2).info()["step"] == 2  # what was begun goes on


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


def test_why_images_have_no_classes_is_said_by_the_training_too(tmp_path: Path) -> None:
    root = tmp_path / "zoo"
    for i, folder in enumerate(("animals/cat", "animals/dog", "vehicles/car")):
        (root / folder).mkdir(parents=True)
        Image.fromarray(waves(3, 16, 16)[i]).save(root / folder / f"{i}.png")
    (root / "notes.svg").write_text("")
    words, prepared = said(root)
    assert "not read are 1 .svg" in words
    assert prepared.images.labels is None
    with pytest.raises(UserError, match="choose by --classes-from 1 or --classes-from 2"):
        said(root, **{"prior.conditional": True})
    for level, counts in ((1, [2, 1]), (2, [1, 1, 1])):
        _, prepared = said(root, **{"prior.conditional": True, "data.classes_from": level})
        assert prepared.config.prior.classes == counts
    (root / "labels.csv").write_text("0.jpg,a\n")
    with pytest.raises(UserError, match=r"\(first: 0.jpg\).* 3 of 3 images have no label in labels.csv"):
        said(root, **{"prior.conditional": True})


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


def stamps(folder: Path) -> Path:
    folder.mkdir()
    for i, pixels in enumerate(waves(6, 20, 40)):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    Image.new("RGBA", (20, 20), (1, 2, 3, 0)).save(folder / "clear.png")
    return folder


def test_cropping_and_transparency_are_said_before_the_first_step(tmp_path: Path) -> None:
    words, _ = said(stamps(tmp_path / "stamps"), **{"data.size": 16})
    assert "1 image is transparent: it is laid on white; --channels 4 keeps transparency." in words
    assert "6 of 7 images are cropped, by 50% of the picture; --fit pad or --fit stretch keeps all of it." in words


def test_the_range_is_said_and_recorded(tmp_path: Path) -> None:
    np.save(tmp_path / "set.npy", np.float32(waves(20, 16, 16)) / 127.5 - 1)
    words, prepared = said(tmp_path / "set.npy")
    assert "Values: float32 from -1 to " in words
    assert "read as -1 (black) to 1 (white)" in words
    assert prepared.config.data.range == (-1, 1)
    run = quick(tmp_path / "set.npy", tmp_path / "runs")
    assert run.info()["data"]["values"].endswith("read as -1 (black) to 1 (white)")
    go_on(run, training__steps=12)  # the recorded range is that of the set
    assert not [event for event in run.events() if event["event"] == "changed" and "data.range" in event]
    _, masks = said(tmp_path / "set.npy", **{"data.range": "-2,2"})
    assert masks.config.data.range == (-2, 2)
    assert masks.images.pixels.max() < 200


def test_a_run_on_images_of_the_first_format_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "jpegs"
    folder.mkdir()
    for i, pixels in enumerate(waves(20, 80, 80)):
        Image.fromarray(pixels).save(folder / f"{i}.jpg")
    run = quick(folder, tmp_path / "runs", data__size=16)
    former = ganatomy.prepare(folder, size=16).former
    assert former is not None
    run.update(data={**run.info()["data"], "fingerprint": former})
    with pytest.raises(UserError, match="as an earlier version prepared them, and they come out otherwise now: start"):
        go_on(run, training__steps=12)
    place = cache_folder() / "data" / former  # what the earlier version left there
    shutil.copytree(cache_folder() / "data" / ganatomy.prepare(folder, size=16).fingerprint, place)
    manifest = json.loads((place / "manifest.json").read_text())
    del manifest["crc32"], manifest["sha256"]
    (place / "manifest.json").write_text(json.dumps({**manifest, "fingerprint": former}))
    with pytest.raises(UserError, match=f"`ganatomy train --resume {run.address} prepared:{former}` goes on with them"):
        go_on(run, training__steps=12)
    quiet = Console(quiet=True)
    assert (
        ganatomy.resume(run, data=f"prepared:{former}", settings={"training.steps": 12}, console=quiet).info()["step"]
        == 12
    )


def test_what_was_prepared_is_what_is_trained(tmp_path: Path) -> None:
    folder = stamps(tmp_path / "stamps")
    ganatomy_command("data", "prepare", folder, "--size", "16x20", "--fit", "pad", "--channels", 4)
    words, prepared = said(folder)
    assert "Prepared as `ganatomy data prepare` was told: size 16×20, channels 4, fit pad" in words
    assert "7 images, 16×20, colour with alpha" in words
    assert (prepared.config.data.fit, prepared.config.data.channels) == ("pad", 4)
    words, prepared = said(folder, **{"data.size": 32})  # what is said to `train` counts, the rest stays
    assert prepared.images.pixels.shape == (7, 32, 32, 4)
    assert "Prepared as `ganatomy data prepare` was told: channels 4, fit pad " in words
    assert "6 of 7 images are padded" in words
    ganatomy_command("data", "prepare", folder, "--size", 24, "--split", "train")
    assert said(folder)[1].images.pixels.shape == (7, 24, 24, 3)
    ganatomy_command("data", "prepare", folder)
    assert said(folder)[1].config.data.fit == "crop"


def test_config_keeps_a_gpu_that_was_asked_for_by_number() -> None:
    second = Runtime(torch.device("cuda", 1))
    assert device_kept("cuda:1", second) == "cuda:1"
    assert device_kept("cuda", second) == "cuda"  # of several processes, each of which has its own
    assert device_kept("auto", second) == "cuda"
    assert device_kept("auto", Runtime()) == "cpu"
