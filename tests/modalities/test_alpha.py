"""Images with transparency: how they are laid on white, and a generator of such images from end to end."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch.testing import assert_close

import ganatomy
from ganatomy.evaluation.evaluator import Evaluator
from ganatomy.evaluation.features import make
from ganatomy.evaluation.features.perceptual import distance_for
from ganatomy.modalities.alpha import on_white, seen_on_white, without_hidden_colours
from ganatomy.modalities.images import to_float
from ganatomy.runs.run import Run
from ganatomy.web.studio import tiles
from tiny import quick

DRAWN = 40


def test_it_is_porter_and_duffs_over() -> None:
    pixels = np.array([[10, 200, 30, 255], [10, 200, 30, 0], [0, 255, 100, 51], [255, 255, 255, 9]], np.uint8)
    # 0.2 · c + 0.8 · 255
    expected = [[10, 200, 30], [255, 255, 255], [204, 255, 224], [255, 255, 255]]
    assert on_white(pixels).tolist() == expected
    every = np.stack(np.meshgrid(*[np.arange(256, dtype=np.uint8)] * 2), -1)
    colour, alpha = every[..., :1].astype(float), every[..., 1:].astype(float)
    exact = (colour * alpha + 255 * (255 - alpha)) / 255
    found = on_white(np.concatenate([np.repeat(every[..., :1], 3, 2), every[..., 1:]], 2))
    assert np.abs(found - exact).max() <= 0.5
    for others in (pixels[:, :3], pixels[:, :1]):
        assert on_white(others) is others
        assert without_hidden_colours(others) is others


def test_floats_are_laid_on_white_as_pixels_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 6, 4), np.uint8)
    images = to_float(torch.from_numpy(pixels)).double().requires_grad_()
    laid = seen_on_white(images)
    assert_close(laid[:, 3], images[:, 3])
    assert_close(laid[:, :3], to_float(torch.from_numpy(on_white(pixels))).double(), atol=1.01 / 255, rtol=0)
    assert torch.autograd.gradcheck(seen_on_white, images[:1])


def drawn(count: int, noise: bool) -> np.ndarray:
    """Discs of any colour on nothing, [N, 16, 16, 4]; noise: where nobody sees it."""
    random, found = np.random.default_rng(0), []
    for _ in range(count):
        image = Image.new("RGBA", (16, 16))
        corner, colour = random.integers(1, 6, 2), random.integers(0, 256, 3)
        ImageDraw.Draw(image).ellipse([*map(int, corner), *map(int, corner + 8)], fill=(*map(int, colour), 255))
        found.append(np.array(image))
    pixels, hidden = np.stack(found), random.integers(0, 256, (count, 16, 16, 3))
    pixels[..., :3] = np.where(noise & (pixels[..., 3:] == 0), hidden, pixels[..., :3])
    return pixels


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("discs")
    for number, pixels in enumerate(drawn(DRAWN, noise=True)):
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def run(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return quick(discs, tmp_path_factory.mktemp("runs"), data__channels=4)


def test_colours_that_nobody_sees_are_not_trained_on(discs: Path) -> None:
    images = ganatomy.prepare(discs, channels=4)
    assert np.array_equal(images.pixels, without_hidden_colours(drawn(DRAWN, noise=False)))
    assert images.former is not None  # a run of earlier pixels is told so when it is resumed
    assert ganatomy.prepare(discs).former is None
    assert np.array_equal(ganatomy.prepare(discs).pixels, on_white(images.pixels))


def test_a_generator_of_transparent_images(run: Run, discs: Path, tmp_path: Path) -> None:
    generator = ganatomy.load(run)
    pixels = generator.sample(range(4))
    assert pixels.shape == (4, 16, 16, 4)
    assert len(np.unique(pixels[..., 3])) > 1
    folder = ganatomy.sample(run, range(4), out=tmp_path / "drawn")
    with Image.open(folder / "seed-000002.png") as image:
        assert np.array_equal(np.asarray(image), pixels[2])
    for path in (run.path / "reals.png", *run.snapshots().values()):
        with Image.open(path) as sheet:
            assert sheet.mode == "RGBA"
    with Image.open(ganatomy.walk(run, range(2), 8, out=tmp_path / "walk.webp")) as frames:
        assert frames.convert("RGBA").getextrema()[3][0] < 255
    card = (generator.save_pretrained(tmp_path / "weights") / "README.md").read_text()
    assert "16×16 pixels, colour with alpha" in card
    assert np.array_equal(ganatomy.load(tmp_path / "weights").sample(range(4)), pixels)


def test_scores_see_images_on_white(discs: Path) -> None:
    images = ganatomy.prepare(discs, channels=4)
    white = ganatomy.prepare(discs)
    made = np.random.default_rng(1).integers(0, 256, (30, 16, 16, 4), np.uint8)
    extractor = make("random")
    (laid, _), (opaque, _) = (
        Evaluator(each, extractor, 30, ["fd", "swd"]).measure([batch])
        for each, batch in ((images, made), (white, on_white(made)))
    )
    assert laid == opaque
    protocol = Evaluator(images, extractor, 30, ["fd"]).protocol
    assert (protocol["transparency"], protocol["size"]) == ("on white", [16, 16, 3])
    assert "transparency" not in Evaluator(white, extractor, 30, ["fd"]).protocol


def test_a_run_is_measured_on_white(run: Run) -> None:
    card = ganatomy.evaluate(run, n=30, metrics=["fd"])
    assert card.protocol["transparency"] == "on white"
    assert card.terms.endswith(", both on white")
    (page,) = (run.path / "eval").glob("*-nearest.html")
    assert "data:image/png" in page.read_text()


def test_what_nobody_sees_makes_no_distance() -> None:
    clean, noisy = (to_float(torch.from_numpy(drawn(4, noise))) for noise in (False, True))
    assert_close(distance_for(None, (4, 16, 16))(clean, noisy), torch.zeros(4))
    real = without_hidden_colours(drawn(DRAWN, noise=False))
    assert tiles.nearest(real, drawn(DRAWN, noise=True)[7], 1) == [(7, 0.0)]
    moved = clean.clone()
    moved[:, 3] = 1  # what was transparent is black now
    assert (distance_for(None, (4, 16, 16))(clean, moved) > 0.1).all()
