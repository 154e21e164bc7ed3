"""Image translation: trainings on pairs that are halves of images, or images of two folders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import ganatomy
from ganatomy.errors import UserError
from ganatomy.evaluation.pairs.of_run import evaluate_run
from ganatomy.runs.run import Run
from ganatomy.training.api import plan
from tiny import assert_same_tensors, go_on, quick, waves

CHANGES = {"diagnosis__every": 2, "diagnosis__samples": 16, "log__checkpoint": 3, "log__keep": 0, "training__steps": 6}


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six steps on 24 of 40 images whose right half is the negative of the left one; only read."""
    folder = tmp_path_factory.mktemp("translation")
    left = waves(40, 16, 24)
    np.save(folder / "both.npy", np.concatenate([left, 255 - left], axis=2))
    return quick(folder / "both.npy", folder, recipe="pix2pix", data__given="left", data__first=24, **CHANGES)


def test_a_run_is_of_halves(halves: Run) -> None:
    config = halves.config()
    assert config.data.size == (16, 24)
    assert {"penalty/l1", "signals/auc", "signals/auc_unseen"} <= set(halves.records()[-1])
    with Image.open(halves.at("reals.png")) as reals, Image.open(halves.snapshots()[6]) as drawn:
        assert reals.size[0] / (8 * 26 + 2) == reals.size[1] / (2 * 18 + 2)
        assert drawn.size[0] / (8 * 26 + 2) == drawn.size[1] / (3 * 18 + 2)


def test_it_resumes_exactly(halves: Run, tmp_path: Path) -> None:
    path = halves.config().data.path
    run = quick(
        path, tmp_path, recipe="pix2pix", data__given="left", data__first=24, **{**CHANGES, "training__steps": 3}
    )
    assert_same_tensors(go_on(run, training__steps=6), halves, 6)


def test_it_applies_to_images_of_any_size_and_is_measured_beside_the_given_ones(halves: Run) -> None:
    generator = ganatomy.load(halves.path)
    drawn = generator.apply_to(waves(2, 21, 18))
    assert drawn.shape == (2, 21, 18, 3)
    assert drawn.dtype == np.uint8
    found = evaluate_run(halves, metrics=["psnr"])
    ours, given = found.cards
    assert ours.protocol["pairs"]["unseen"]
    assert ours.protocol["pairs"]["count"] == 16
    assert given.subject == {"images": "the given image"}
    both = np.load(halves.config().data.path)[24:].astype(float)
    error = ((both[:, :, :24] - both[:, :, 24:]) ** 2).mean((1, 2, 3))
    assert given.scores["psnr"].value == pytest.approx((10 * np.log10(255**2 / error)).mean())


def test_two_folders_with_their_tests(tmp_path: Path) -> None:
    """The given images of both splits are those of the same names."""
    photos, sketches = tmp_path / "photos", tmp_path / "sketches"
    images = waves(32, 16, 16)
    for split, chosen in (("train", images[:20]), ("test", images[20:])):
        for place, some in ((photos, chosen), (sketches, 255 - chosen)):
            (place / split).mkdir(parents=True)
            for number, image in enumerate(some):
                Image.fromarray(image).save(place / split / f"{number:02}.png")
    run = quick(photos, tmp_path, recipe="pix2pix", data__given=str(sketches), **CHANGES)
    assert "signals/auc_unseen" in run.records()[-1]
    card = evaluate_run(run, metrics=["psnr"]).cards[1]
    assert (card.protocol["pairs"]["count"], card.protocol["pairs"]["unseen"]) == (12, True)
    chosen = images[20:].astype(float)
    error = ((chosen - (255 - chosen)) ** 2).mean((1, 2, 3))
    assert card.scores["psnr"].value == pytest.approx((10 * np.log10(255**2 / error)).mean())
    with pytest.raises(UserError, match="put both into folders `test` beside `train`"):
        evaluate_run(run, held_out=photos)
    (sketches / "test" / "05.png").unlink()
    with pytest.raises(UserError, match=r"12 images of the split test .* no pairs: test/05 is alone"):
        quick(photos, tmp_path, "other", recipe="pix2pix", data__given=str(sketches), **CHANGES)


def test_arrays_in_memory_are_halved_too(tmp_path: Path) -> None:
    settings = {"training.steps": 1, "data.given": "right", "generator.width": 4, "discriminator.width": 4}
    both = np.concatenate([waves(20, 16, 16), waves(20, 16, 16)], axis=2)
    small = {"discriminator.layers": 1, "data.size": (16, 16), "generator.levels": 2, "diagnosis.on": False}
    quiet = Console(quiet=True)
    run = ganatomy.train(both, recipe="pix2pix", settings={**settings, **small}, runs=tmp_path, console=quiet)
    assert run.config().data.size == (16, 16)
    with Image.open(run.at("reals.png")) as reals:  # given images above, targets below
        assert reals.size[0] / (8 * 18 + 2) == reals.size[1] / (2 * 18 + 2)


def test_what_is_given_must_be_said() -> None:
    with pytest.raises(UserError, match=r"data\.given would change nothing here"):
        plan("digits", "dcgan", settings={"data.given": "left"})


@pytest.fixture(scope="module")
def unpaired(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six steps from 30 negatives to 24 images, others than theirs; only read."""
    folder = tmp_path_factory.mktemp("unpaired")
    images = waves(60, 16, 24)
    np.save(folder / "drawn.npy", images[:36])
    np.save(folder / "given.npy", 255 - images[36:])
    given = str(folder / "given.npy")
    return quick(folder / "drawn.npy", folder, recipe="cut", data__given=given, data__first=20, **CHANGES)


def test_two_sets_are_no_pairs(unpaired: Run) -> None:
    assert {"penalty/nce", "signals/auc", "signals/auc_unseen"} <= set(unpaired.records()[-1])
    with Image.open(unpaired.snapshots()[6]) as drawn:  # given images and drawn ones, without targets
        assert drawn.size[0] / (4 * 26 + 2) == drawn.size[1] / (2 * 18 + 2)
    found = evaluate_run(unpaired, features="random")
    assert list(found.cards[0].scores) == ["fd_random"]
    assert found.cards[0].scores["fd_random"].floor is not None
    with pytest.raises(UserError, match=r"psnr compares with a target, and data\.paired=false has none"):
        evaluate_run(unpaired, metrics=["psnr"])


def test_two_sets_resume_exactly(unpaired: Run, tmp_path: Path) -> None:
    data, changes = unpaired.config().data, {**CHANGES, "training__steps": 3}
    run = quick(data.path, tmp_path, recipe="cut", data__given=data.given, data__first=20, **changes)
    assert_same_tensors(go_on(run, training__steps=6), unpaired, 6)


def test_what_needs_targets_is_refused() -> None:
    for settings, words in (
        ({"penalties.l1": 1.0}, r"penalties\.l1=0"),
        ({"method": "regression"}, "method=regression learns from targets"),
        ({"generator.family": "pix2pix", "penalties.nce": 1.0}, "a generator that compares patches"),
    ):
        with pytest.raises(UserError, match=words):
            plan("digits", "cut", settings={"data.given": "elsewhere", **settings})
