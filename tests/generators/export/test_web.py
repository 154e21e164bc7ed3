"""The page in a real browser: a seed's image is the one that `ganatomy sample` draws."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch.testing import assert_close

import ganatomy
from ganatomy.gan import latent
from ganatomy.gan.priors import normal, spherical, truncated_normal, truncated_uniform, uniform
from ganatomy.generators import directions
from ganatomy.generators.export import conversion, web
from ganatomy.generators.export.api import Export
from ganatomy.runs.run import DIRECTIONS, Run

LAST_SEED = 2**32 - 1
PIXELS = """() => {
  const canvas = document.getElementById("image");
  return Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data);
}"""
DRAWN = 'address => document.getElementById("image").dataset.drawn === address'


@pytest.fixture(scope="module")
def shown(hosted: Callable[..., Page]) -> Callable[..., Page]:
    """shown(folder, …) → its page, once the first image is drawn."""

    def show(folder: Path, **context: Any) -> Page:
        page = hosted(folder, "#seed=0", **context)
        page.wait_for_function(DRAWN, arg="#seed=0")
        return page

    return show


@pytest.fixture(scope="module")
def folder(run: Run, package: None, exported: Export) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            conversion, "convert", lambda sampler: exported.file.read_bytes()
        )  # it takes long, and is the same
        return ganatomy.export(run, "web", title="This pet does not exist").folder


@pytest.fixture(scope="module")
def directed(run: Run, folder: Path, exported: Export, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the same generator with directions: two principal ones and one between seeds; classes mix classes."""
    home = tmp_path_factory.mktemp("directed")
    shutil.copytree(run.path, home / "pets", ignore=shutil.ignore_patterns("exports"))
    ganatomy.directions(home / "pets", 2, classes=True, some=[1, 2], others=[3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "convert", lambda sampler: exported.file.read_bytes())
        made = ganatomy.export(home / "pets", "web")
    assert "\n2 of its 5 directions go with it; 3 mix classes, and a graph takes one class an image.\n" in made.message
    return made.folder


@pytest.fixture(scope="module")
def page(folder: Path, shown: Callable[[Path], Page]) -> Page:
    return shown(folder)


@pytest.fixture(scope="module")
def sampler(run: Run) -> Any:
    return ganatomy.load(run)


def drawn(page: Page, address: str | None = None) -> np.ndarray:
    """What the page shows, int [H, W, 3]; address: what to draw, `#seed=…`."""
    if address is not None:
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_function(DRAWN, arg=address)
    height, width = page.evaluate("[height, width]")
    return np.array(page.evaluate(PIXELS)).reshape(height, width, 4)[..., :3]


def at(page: Page) -> dict[str, str]:
    """Where the page is, once that is drawn."""
    page.wait_for_function('() => !busy && !again && document.getElementById("image").dataset.drawn === location.hash')
    return dict(part.split("=") for part in page.evaluate("location.hash")[1:].split("&"))


def test_a_seeds_image_is_the_librarys(page: Page, sampler: Any) -> None:
    for seed in (0, 17, 123_456_789, LAST_SEED):
        for options, given in (
            ("", {}),
            ("&class=1", {"labels": "dog"}),
            ("&truncation=0.5", {"truncation": 0.5}),
            ("&class=0&truncation=0.05", {"labels": "cat", "truncation": 0.05}),
        ):
            expected = sampler.sample([seed], **given)[0].astype(int)
            assert np.abs(drawn(page, f"#seed={seed}{options}") - expected).max() <= 2
    assert np.abs(drawn(page, "#seed=0") - drawn(page, "#seed=17")).mean() > 10


def test_a_walk_is_the_librarys(page: Page, sampler: Any) -> None:
    codes = latent.walk(sampler.prior, sampler.latents([3, 4], "dog"), 8)  # four steps there, four back
    for step, share in ((1, "0.2500"), (3, "0.7500")):
        expected = sampler.images(codes[step : step + 1])[0].astype(int)
        assert np.abs(drawn(page, f"#seed=3&share={share}&class=1") - expected).max() <= 2


@pytest.mark.parametrize(
    ("start", "end"),
    [([2, 0, 1], [1, -1, 3]), ([2, 0, 1], [-4, 0, -2]), ([2, 0, 1], [4, 0, 2]), ([0, 0, 0], [3, 4, 0])],
)
def test_a_way_is_the_librarys(page: Page, start: list[int], end: list[int]) -> None:
    """Of any two vectors, of opposite and parallel ones, and from zero."""
    share = torch.linspace(0, 1, 7, dtype=torch.float64)
    found = [page.evaluate("(given) => PRIORS.normal.between(...given)", [start, end, each]) for each in share.tolist()]
    vectors = [torch.tensor(each, dtype=torch.float64) for each in (start, end)]
    assert_close(torch.tensor(found, dtype=torch.float64), spherical(*vectors, share), rtol=0, atol=1e-9)


def test_styles_are_truncated_as_in_the_library(converted, folder: Path, tmp_path: Path, shown: Any) -> None:
    sampler, content = converted("stylegan2")
    (tmp_path / "model.onnx").write_bytes(content)
    (tmp_path / "index.html").write_text(web.page(sampler.metadata))
    for name in web.RUNTIME:
        (tmp_path / name).symlink_to(folder / name)
    page = shown(tmp_path)
    for options, psi in (("", None), ("&truncation=0.3", 0.3)):
        expected = sampler.sample([5], psi)[0].astype(int)
        assert np.abs(drawn(page, f"#seed=5{options}") - expected).max() <= 2
    page.close()


def test_sliders_move_the_image_along_the_runs_directions(directed: Path, shown: Any) -> None:
    page = shown(directed)
    sampler = ganatomy.load(directed.parents[1])
    found = directions.read(directed.parents[1].joinpath(*DIRECTIONS), sampler)
    code = sampler.latents([5])

    def expected(*units: float, truncation: float | None = None) -> np.ndarray:
        moved = code + sum(each * row for each, row in zip(units, found.values, strict=False))
        return sampler.images(moved, truncation=truncation)[0].astype(int)

    assert np.abs(drawn(page, "#seed=5&move1=-2.5&move2=0.5") - expected(-2.5, 0.5)).max() <= 2
    assert np.abs(drawn(page, "#seed=5&truncation=0.5&move1=3") - expected(3, truncation=0.5)).max() <= 2
    before = drawn(page, "#seed=5")
    assert np.abs(before - expected()).max() <= 2
    assert np.abs(before - expected(-2.5)).max() > 10

    slider = page.get_by_role("slider", name="Direction 2")
    slider.fill("1")
    assert at(page) == {"seed": "5", "move2": "1"}
    assert np.abs(drawn(page) - expected(0, 1)).max() <= 2
    assert "moved" in page.locator("#status").inner_text()
    slider.press("ArrowRight")
    assert at(page) == {"seed": "5", "move2": "1.1"}
    assert slider.get_attribute("aria-valuetext") == "+1.1"
    page.get_by_role("button", name="Reset directions").press("Enter")
    assert at(page) == {"seed": "5"}
    assert np.array_equal(drawn(page), before)
    assert slider.input_value() == "0"
    for nonsense in ("move1=9", "move1=x", "move3=1"):
        page.evaluate("address => { location.hash = address }", f"#seed=5&{nonsense}")
        page.wait_for_timeout(50)
        assert at(page) == {"seed": "5"}
    page.close()


def test_on_a_phone_the_image_stays_in_sight_of_the_sliders(directed: Path, shown: Any) -> None:
    page = shown(directed, viewport={"width": 375, "height": 700}, has_touch=True)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.get_by_role("slider", name="Direction 2").focus()  # which was behind the image, and is led out of there
    slider = page.get_by_role("slider", name="Direction 2").bounding_box()
    image = page.locator("figure").bounding_box()
    assert image
    assert slider
    assert 0 <= image["y"] < image["y"] + image["height"] <= slider["y"] < 700
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.touchscreen.tap(slider["x"] + 0.9 * slider["width"], slider["y"] + slider["height"] / 2)
    page.wait_for_function("() => units[1] > 2")
    assert float(at(page)["move2"]) > 2
    page.close()


def test_without_directions_there_are_no_sliders(page: Page, folder: Path) -> None:
    assert not page.locator("#directions").is_visible()
    assert page.get_by_role("button", name="Reset directions").count() == 0
    assert "directions" not in json.loads((folder / "metadata.json").read_text())


def test_every_colour_of_the_page_is_in_it(folder: Path) -> None:
    index = (folder / "index.html").read_text()
    assert set(re.findall(r"var\(--([\w-]+)", index)) <= set(re.findall(r"--([\w-]+)[\":]", index))


def test_it_is_used_by_mouse_keyboard_and_offline(page: Page) -> None:
    page.context.set_offline(True)
    before = drawn(page, "#seed=41")
    page.get_by_role("button", name="Another one").click()
    assert 0 <= int(at(page)["seed"]) <= LAST_SEED
    assert not np.array_equal(drawn(page), before)

    page.get_by_role("spinbutton", name="Seed").fill("41")
    page.keyboard.press("Enter")
    page.wait_for_function(DRAWN, arg="#seed=41")
    assert np.array_equal(drawn(page), before)
    assert "Seed 41, class" in page.locator("#status").inner_text()

    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    assert at(page) == {"seed": "41", "share": "0.0500"}
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    assert at(page) == {"seed": "40", "share": "0.9500"}
    page.keyboard.press("ArrowRight")
    assert at(page) == {"seed": "41"}
    assert np.array_equal(drawn(page), before)

    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 10 + box["width"] * 0.4, box["y"] + 30, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    there = at(page)
    assert (there["seed"], float(there["share"])) == ("41", pytest.approx(0.4, abs=0.01))

    page.get_by_role("combobox", name="Class").select_option("dog")
    page.get_by_role("slider", name="Truncation").fill("0.5")
    assert at(page).items() >= {"class": "1", "truncation": "0.5"}.items()
    page.context.set_offline(False)


def test_it_is_dragged_by_a_finger(folder: Path, shown: Callable[..., Page]) -> None:
    page = shown(folder, has_touch=True)
    drawn(page, "#seed=41")
    box = page.locator("canvas").bounding_box()
    assert box is not None
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": box["x"] + across * box["width"], "y": box["y"] + up * box["height"]} for across, up in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.2, 0.5))
    for step in range(1, 9):
        touch("touchMove", (0.2 + 0.05 * step, 0.5))
    touch("touchEnd")
    there = at(page)
    assert (there["seed"], float(there["share"])) == ("41", pytest.approx(0.4, abs=0.05))
    page.close()


def test_addresses_that_lead_nowhere_are_no_harm(page: Page) -> None:
    for nonsense in ("seed=-1", "seed=4294967296", "seed=x&class=9", "seed=0&share=2&truncation=x", "<script>"):
        page.evaluate("address => { location.hash = address }", f"#{nonsense}")
        page.wait_for_timeout(50)
        there = at(page)
        assert 0 <= int(there["seed"]) <= LAST_SEED
        assert there.keys() <= {"seed"}


def test_latent_vectors_are_torchs(page: Page) -> None:
    for name, draw in (("normal", normal), ("uniform", uniform)):
        for seed in (0, 1, 2**31, LAST_SEED):
            for dimension in (1, 2, 7, 8, 15, 16, 17, 31, 32, 100, 700):  # around the blocks of sixteen
                prior = {"name": name, "dimension": dimension}
                own = page.evaluate("([seed, prior]) => Array.from(latentOf(seed, prior))", [seed, prior])
                expected = draw(1, dimension, torch.Generator().manual_seed(seed))[0]
                assert torch.allclose(torch.tensor(own), expected, rtol=0, atol=2e-6), prior


def test_the_page_draws_from_the_priors_that_it_claims_to(page: Page) -> None:
    assert page.evaluate("Object.keys(PRIORS)") == list(web.PRIORS)


def test_truncation_and_classes_are_the_librarys(page: Page, sampler: Any) -> None:
    z = normal(1, 512, torch.Generator().manual_seed(5))[0]
    for name, cut in (("normal", truncated_normal), ("uniform", truncated_uniform)):
        for bound in (0.05, 0.5, 1.5, 3.0):
            own = page.evaluate(
                "([name, z, bound]) => Array.from(PRIORS[name].truncate(Float32Array.from(z), bound))",
                [name, z.tolist(), bound],
            )
            assert torch.allclose(torch.tensor(own), cut(z, bound), rtol=0, atol=3e-6)
    own = page.evaluate("Array.from({ length: 1000 }, (_, seed) => classOf(seed, metadata.prior))")
    assert own == sampler.prior.split(sampler.latents(range(1000)))[1].argmax(1).tolist()


def test_the_folder_is_whole_and_says_nothing_private(folder: Path, run: Run) -> None:
    assert {path.name for path in folder.iterdir()} == {
        *("index.html", "model.onnx", "onnxruntime.js", "onnxruntime.wasm"),
        *("README.md", "samples.png", "metadata.json"),
    }
    index = (folder / "index.html").read_text()
    assert "<h1>This pet does not exist</h1>" in index
    assert "http" not in index.replace("http.server", "").replace("http://localhost:8000", "")
    assert str(run.path.parent) not in index
    assert json.loads(index.split('type="application/json">')[1].split("</script>")[0])["classes"] == ["cat", "dog"]


def test_as_a_file_it_says_what_to_do(folder: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    assert "python3 -m http.server" in page.get_by_role("status").inner_text()
    page.close()
