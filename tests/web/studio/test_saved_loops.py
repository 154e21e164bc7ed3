"""A walk and a game as a loop to download, in a real browser: whole files that Pillow reads, of the right frames."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from browsing import WIDE, holds, opened, playwright, ready, shot
from PIL import Image, ImageSequence
from visiting import studio

import ganatomy
from ganatomy.gan import latent
from ganatomy.runs.run import Run

PATIENCE = 180_000  # milliseconds: a frame takes as long as the machine is busy


@pytest.fixture(scope="module")
def address(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("loops") / "runs"
    shutil.copytree(trained.path, folder / "waves")
    with studio(folder, "--no-token") as server:
        yield server.address


def saved(page: "playwright.Page", folder: Path) -> tuple[str, Path]:
    """The name of the loop that the page gives, and where it was put."""
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Save as loop").click()
    download.value.save_as(folder / "loop.webp")
    return download.value.suggested_filename, folder / "loop.webp"


def test_a_walk_is_saved_as_a_loop_of_the_librarys_frames(
    browser: "playwright.Browser", address: str, trained: Run, tmp_path: Path
) -> None:
    with opened(browser, f"{address}/run/waves/walk") as page:
        ready(page)
        page.get_by_label("Seeds of the path").fill("3, 9")
        page.get_by_label("Truncation").fill("1.5")
        name, file = saved(page, tmp_path)
        assert page.locator(".problem").count() == 0
        page.get_by_label("Seeds of the path").fill("3")
        page.get_by_role("button", name="Save as loop").click()
        assert "at least two seeds" in page.locator(".problem").inner_text()
    assert name == "waves-walk-3-9.webp"
    sampler = ganatomy.load(trained)
    with Image.open(file) as loop:
        assert (loop.format, loop.info["loop"]) == ("WEBP", 0)
        frames, durations = [], []
        for frame in ImageSequence.Iterator(loop):
            frames.append(np.asarray(frame.convert("RGB")).astype(int))
            durations.append(frame.info["duration"])
    assert sum(durations) == pytest.approx(2 * 2500, abs=len(frames))  # milliseconds, from seed to seed
    codes = latent.walk(sampler.prior, sampler.latents([3, 9]), len(frames))
    expected = sampler.images(codes, truncation=1.5).astype(int)
    times = frames[0].shape[0] // expected.shape[1]
    assert times * max(expected.shape[1:3]) > 200
    for frame, image in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame, frame[::times, ::times].repeat(times, 0).repeat(times, 1))
        np.testing.assert_allclose(frame[::times, ::times], image, atol=1)


def test_a_game_is_saved_as_a_loop_from_its_start(browser: "playwright.Browser", address: str, tmp_path: Path) -> None:
    with opened(browser, f"{address}/lab?width=8&batch=32&moves=r3.d2.g1", WIDE) as page:
        ready(page)
        before, kept = page.locator(".numbers").inner_text(), page.url
        name, file = saved(page, tmp_path)
        holds(page, "document.querySelector('.caption').innerText.startsWith('Move')", seconds=120)
        assert page.locator(".numbers").inner_text() == before  # the game is where it was
        assert page.url == kept
        shot(page, "loop")
    assert name == "ganatomy-ring-6.webp"
    with Image.open(file) as loop:
        assert (loop.format, loop.info["loop"], loop.n_frames) == ("WEBP", 0, 7)  # the start, and six moves
        frames = [np.asarray(frame.convert("L")).astype(int) for frame in ImageSequence.Iterator(loop)]
        assert loop.width > 1000
    for earlier, later in pairwise(frames):
        assert np.abs(later - earlier).max() > 50


def test_a_game_without_moves_says_what_a_loop_shows(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?width=8&batch=32") as page:
        ready(page)
        page.get_by_role("button", name="Save as loop").click()
        assert page.locator(".problem").inner_text().startswith("Play first")
