"""Sliders along the directions of a run, in a real browser: by mouse, key and finger, on a phone and on a desk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from browsing import PHONE, WIDE, holds, opened, playwright, ready, shot
from visiting import studio

import ganatomy
from ganatomy.generators import directions
from ganatomy.runs.run import DIRECTIONS, Run

DRAWN = "Number(document.querySelector('main').dataset.drawn)"
SHOWN = """async () => {
  const image = document.querySelector('.walker');
  await image.decode();
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  return [height, width, Array.from(context.getImageData(0, 0, width, height).data)];
}"""


@pytest.fixture(scope="module")
def folder(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with directions, without, with a damaged file of them, and with a link to those of another folder."""
    folder = tmp_path_factory.mktemp("sliders") / "runs"
    for name in ("named", "plain", "damaged", "linked"):
        shutil.copytree(trained.path, folder / name)
    ganatomy.directions(folder / "named", 3, some=[1, 2], others=[3])
    damaged = folder / "damaged" / DIRECTIONS[0]
    damaged.mkdir()
    (damaged / DIRECTIONS[1]).write_bytes(b"nonsense")
    shutil.copytree(folder / "named" / DIRECTIONS[0], folder.parent / "outside")
    (folder / "linked" / DIRECTIONS[0]).symlink_to(folder.parent / "outside")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with studio(folder, "--no-token") as server:
        yield server.address


def image(page: "playwright.Page") -> np.ndarray:
    """What the page shows, int [H, W, 3]."""
    height, width, values = page.evaluate(SHOWN)
    return np.array(values).reshape(height, width, 4)[..., :3]


def moved(folder: Path, units: dict[str, float]) -> np.ndarray:
    """The library's image, [H, W, C], in the middle of the first four seeds, where the page begins, moved by units."""
    sampler, half = ganatomy.load(folder / "named"), torch.tensor([0.5])
    found = directions.read(folder.joinpath("named", *DIRECTIONS), sampler)
    codes, between = sampler.latents([0, 1, 8, 9]), sampler.prior.between
    code = between(between(codes[0], codes[1], half)[0], between(codes[2], codes[3], half)[0], half)
    return sampler.images(code + sum(found.shift(*each) for each in units.items()))[0].astype(int)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_a_slider_moves_the_image_along_its_direction(
    browser: "playwright.Browser", address: str, folder: Path, size: tuple[int, int]
) -> None:
    with opened(browser, f"{address}/run/named/walk", size) as page:
        ready(page)
        sliders = page.locator(".directions input")
        labels = page.locator(".directions .field > span").all_inner_texts()
        assert [label.split(" (")[0] for label in labels] == [
            "Direction 1",
            "Direction 2",
            "Direction 3",
            "with 0.0 units",
        ]
        assert "% of the variance) 0.0 units" in labels[0]
        assert page.get_by_role("button", name="Find the principal directions").count() == 0
        before = image(page)
        np.testing.assert_allclose(before, moved(folder, {}), atol=1)

        drawn = page.evaluate(DRAWN)
        page.get_by_label("Direction 2").fill("2.5")
        holds(page, f"{DRAWN} > {drawn}")
        np.testing.assert_allclose(image(page), moved(folder, {"2": 2.5}), atol=1)
        assert page.get_by_label("Direction 2").get_attribute("aria-valuetext") == "+2.5 units"

        drawn = page.evaluate(DRAWN)
        page.get_by_label("with").press("ArrowLeft")  # a step of the slider: 0.1
        holds(page, f"{DRAWN} > {drawn}")
        np.testing.assert_allclose(image(page), moved(folder, {"2": 2.5, "with": -0.1}), atol=1)

        shown = page.locator(".walker").bounding_box()
        assert shown
        assert shown["y"] >= 0
        assert shown["y"] + shown["height"] <= size[1]  # in sight while the sliders are moved
        holds(page, f"document.documentElement.scrollWidth <= {size[0]}")
        shot(page, f"sliders-{size[0]}")

        drawn = page.evaluate(DRAWN)
        page.get_by_role("button", name="Reset directions").press("Enter")
        holds(page, f"{DRAWN} > {drawn}")
        np.testing.assert_array_equal(image(page), before)
        assert [each.input_value() for each in sliders.all()] == ["0"] * 4


def test_a_finger_moves_a_slider(browser: "playwright.Browser", address: str) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/run/named/walk")
    ready(page)
    slider = page.get_by_label("Direction 1")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    assert box["height"] >= 16
    before = image(page)
    drawn = page.evaluate(DRAWN)
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    holds(page, f"{DRAWN} > {drawn}")
    assert float(slider.input_value()) > 2
    assert not np.array_equal(image(page), before)
    context.close()


@pytest.mark.parametrize("run", ["plain", "linked"])
def test_without_directions_the_page_names_the_command_and_finds_principal_ones(
    browser: "playwright.Browser", address: str, run: str
) -> None:
    with opened(browser, f"{address}/run/{run}/walk") as page:
        ready(page)
        assert page.locator(".directions pre").inner_text() == f"ganatomy directions {run}"
        assert page.locator(".directions input").count() == 0
        page.get_by_role("button", name="Find the principal directions").click()
        before, drawn = image(page), page.evaluate(DRAWN)
        page.get_by_label("Direction 1").fill("3")
        holds(page, f"{DRAWN} > {drawn}")
        assert not np.array_equal(image(page), before)
        shot(page, "sliders-found")
        drawn = page.evaluate(DRAWN)
        page.get_by_role("button", name="Reset directions").click()
        holds(page, f"{DRAWN} > {drawn}")
        np.testing.assert_array_equal(image(page), before)


def test_a_damaged_file_of_directions_is_told_and_the_walk_goes_on(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/damaged/walk") as page:
        ready(page)
        assert "is no safetensors file" in page.locator(".directions .problem").inner_text()
        assert page.locator(".walker").evaluate("image => image.naturalWidth") > 0
