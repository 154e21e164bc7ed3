"""A training on pairs of images: what its run folder holds, and what every verb makes of it."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.generators.image_to_image import MOST, ImageToImage
from ganatomy.modalities.images import to_float, to_uint8
from ganatomy.report import page
from ganatomy.runs.run import Run
from ganatomy.training.api import plan, resume
from pairs import enlarging
from tiny import assert_same_tensors, go_on, quick, waves

DIAGNOSED = {"data__first": 24, "diagnosis__every": 2, "diagnosis__samples": 16, "log__checkpoint": 3, "log__keep": 0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six steps on the first 24 of 40 images; only read."""
    return enlarging(tmp_path_factory.mktemp("pairs"), training__steps=6, **DIAGNOSED)


def read_picture(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def printed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments)
    return " ".join(f"{result.output} {result.exception or ''}".split())


def test_what_pairs_cannot_have_is_refused() -> None:
    planned = plan("digits", "srgan", settings={"training.steps": 1})
    assert planned.modality == "pairs"
    for settings, words in (
        ({"augmentation.policies": ["cutout"]}, "for images alone, and not for pairs"),
        ({"prior.conditional": True}, "draws of the image that it is given"),
        ({"prior.dimension": 7}, "draws of the image that it is given"),
        ({"training.pack": 2}, r"training\.pack=1"),
        ({"evaluation.every": 5}, "evaluation.every is not for pairs"),
        ({"privacy.noise": 1.0}, "needs images that are drawn of no other image"),
        ({"penalties.l1": 1.0, "training.simultaneous": True, "training.share_fakes": False}, "simultaneous=false"),
        ({"generator.family": "dcgan"}, "choose families of one kind"),
        ({"discriminator.family": "edsr"}, "discriminator.family must be one of"),
    ):
        with pytest.raises(UserError, match=words):
            plan("digits", "srgan", settings=settings)
    with pytest.raises(UserError, match=r"data\.scale would change nothing here: it needs a generator that is given"):
        plan("digits", "dcgan", settings={"data.scale": 4})
    with pytest.raises(UserError, match=r"penalties\.l1 would change nothing here"):
        plan("digits", "dcgan", settings={"penalties.l1": 4})


def test_the_run_folder_shows_given_images_drawn_ones_and_targets(run: Run) -> None:
    config = run.config()
    assert (config.data.size, config.data.channels, config.data.scale) == ((16, 24), 3, 4)
    assert run.info()["data"]["images"] == 24
    with Image.open(run.at("reals.png")) as reals, Image.open(run.snapshots()[6]) as drawn:
        assert reals.size[0] / (8 * 26 + 2) == reals.size[1] / (2 * 18 + 2)
        assert drawn.size[0] / (8 * 26 + 2) == drawn.size[1] / (3 * 18 + 2)
    assert not run.at("walk.webp").exists()


def test_records_are_finite_and_signals_are_those_of_pairs(run: Run) -> None:
    record = run.records()[-1]
    assert all(math.isfinite(value) for value in record.values())
    assert {"penalty/l1", "signals/auc", "signals/distance", "signals/auc_unseen"} <= set(record)
    assert not {"signals/copies", "signals/class_accuracy"} & set(record)


def test_a_resumed_training_equals_one_that_never_stopped(run: Run, tmp_path: Path) -> None:
    other = enlarging(tmp_path, training__steps=3, **DIAGNOSED)
    go_on(other, training__steps=6)
    assert_same_tensors(run, other, 6)
    with pytest.raises(UserError, match="was trained on other pairs than"):
        resume(other, settings={"data.downscaling": "area", "training.steps": 7}, console=Console(quiet=True))


def test_a_game_may_start_from_a_regression(tmp_path: Path) -> None:
    before = enlarging(tmp_path, "before", "edsr", training__steps=3, diagnosis__on=False)
    assert set(before.records()[-1]) >= {"loss/generator", "gradient_norm/generator"}
    after = enlarging(tmp_path, "after", training__steps=1, init__path=str(before.path), diagnosis__on=False)
    words = next(event["words"] for event in after.events() if event["event"] == "initialised")
    assert "all 7 layers of the generator are taken over; the discriminator begins anew" in words


def test_a_loaded_generator_applies_to_images_of_any_size(run: Run) -> None:
    generator = ganatomy.load(run)
    assert isinstance(generator, ImageToImage)
    given = waves(3, 5, 7)
    drawn = generator.apply_to(given)
    assert drawn.shape == (3, 20, 28, 3)
    assert_array_equal(generator.apply_to(given[1:2])[0], drawn[1])
    with torch.no_grad():
        images = generator.network(torch.zeros(3, 1), to_float(torch.from_numpy(given)))
    assert np.abs(to_uint8(images).astype(int) - drawn).max() <= 1
    for wrong, words in (
        (given[..., :1], r"must be uint8 \[N, H, W, 3\]"),
        (given.astype(float), "not float64"),
        (np.zeros((1, 2000, MOST // 16 // 2000 + 1, 3), np.uint8), "cut the picture into parts"),
    ):
        with pytest.raises(UserError, match=words):
            generator.apply_to(wrong)


def test_pictures_are_applied_to_and_what_is_not_is_said(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(waves(1, 9, 6)[0]).save(folder / "small.png")
    Image.fromarray(waves(1, 4, 8)[0, ..., 0]).save(folder / "small.bmp")
    (folder / "broken.png").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    said = printed("apply", str(run.path), str(folder), "--out", str(tmp_path / "out"))
    assert f"2 images in {tmp_path / 'out'}; 1 cannot be read (first: {folder / 'broken.png'}: not an image)" in said
    assert "1 other files are left out" in said
    sizes = {path.name: read_picture(path).shape for path in (tmp_path / "out").iterdir()}
    assert sizes == {"small.png": (16, 32, 3), "small-2.png": (36, 24, 3)}
    picture = ganatomy.load(run).apply_to(waves(1, 9, 6))[0]
    assert_array_equal(read_picture(tmp_path / "out" / "small-2.png"), picture)
    for arguments, words in (
        ([str(folder / "broken.png")], "None of 1 pictures can be read"),
        ([str(tmp_path / "none.png")], "There is no file or folder"),
        ([str(tmp_path)], "holds no images"),
    ):
        assert words in printed("apply", str(run.path), *arguments)


@pytest.mark.parametrize("verb", ["sample", "walk", "directions", "project"])
def test_verbs_that_draw_of_seeds_refuse(run: Run, verb: str, tmp_path: Path) -> None:
    Image.fromarray(waves(1, 9, 6)[0]).save(tmp_path / "small.png")
    more = [str(tmp_path / "small.png")] if verb == "project" else []
    assert "This generator is given an image and draws of no seed" in printed(verb, str(run.path), *more)


def test_a_generator_that_draws_of_seeds_applies_to_nothing(images: Path, tmp_path: Path) -> None:
    run = quick(images, tmp_path, training__steps=1, diagnosis__on=False)
    assert "is given no image: `ganatomy sample" in printed("apply", str(run.path), str(images))
    with pytest.raises(UserError, match="is given no image"):
        ganatomy.load(run).apply_to(waves(1, 16, 16))


def test_the_report_speaks_of_pairs(run: Run) -> None:
    text = page.text(run)
    assert "24 pairs from" in text
    assert "Training pairs." in text
    assert "ganatomy apply" in text
    assert "ganatomy walk" not in text
    assert "latent" not in text.partition("<script")[0].replace("prior", "")
