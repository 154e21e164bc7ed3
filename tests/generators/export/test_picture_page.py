"""The page of a generator that is given images, in a real browser: it draws what `ganatomy apply` draws."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

import ganatomy
from ganatomy.generators.export import conversion, web
from ganatomy.runs.run import Run
from tiny import waves

SHOTS = os.environ.get("GANATOMY_SHOTS")
DROP = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(bytes)], name));
  for (const kind of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }));
  }
}"""
GIVEN = """() => {
  const canvas = document.getElementById("given");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, Array.from(data)];
}"""


@pytest.fixture(scope="module")
def page_of(
    package: None,
    given_run: Callable[[str], Run],
    graph_of: Callable[[str], Path],
    hosted: Callable[..., Page],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Page]:
    """page_of(recipe, …) → its page, once the blank one is drawn; the graph is exported once."""
    folders: dict[str, Path] = {}

    def show(recipe: str, **context: object) -> Page:
        if recipe not in folders:
            content = graph_of(recipe).read_bytes()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(conversion, "convert", lambda sampler: content)  # it takes long, and is the same
                made = ganatomy.export(given_run(recipe), "web", out=tmp_path_factory.mktemp("page"))
            assert "sliders" not in made.message
            folders[recipe] = made.folder
        page = hosted(folders[recipe], **context)
        done(page)
        return page

    return show


def done(page: Page, name: str = "drawing") -> None:
    """Waits until a picture of that name is drawn."""
    page.wait_for_function(
        "name => document.body.ariaBusy === 'false' && document.getElementById('download').download === name",
        arg=f"{name}-drawn.png",
    )


def downloaded(page: Page, name: str = "drawing") -> np.ndarray:
    """The pixels of the file that the link gives, int [H, W, 3]."""
    done(page, name)
    assert page.locator("#status").inner_text() == ""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"{name}-drawn.png"
    with Image.open(download.value.path()) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def given(page: Page) -> np.ndarray:
    """The pixels of the canvas, uint8 [H, W, 3]."""
    height, width, data = page.evaluate(GIVEN)
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


@pytest.mark.parametrize(("recipe", "times"), [("srgan", 4), ("pix2pix", 1), ("edsr", 4)])
def test_chosen_and_dropped_pictures_are_drawn_as_by_apply(
    recipe: str, times: int, page_of: Callable[..., Page], given_run: Callable[[str], Run], tmp_path: Path
) -> None:
    """To one grey level; of a size that is no multiple of anything; colours in grey where it knows no others."""
    page = page_of(recipe)
    own = waves(2, 13, 22)
    for number, pixels in enumerate(own):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    ganatomy.apply(given_run(recipe), tmp_path, out=tmp_path / "drawn")
    for number in (0, 1):
        content = (tmp_path / f"{number}.png").read_bytes()
        if number:
            page.evaluate(DROP, ["1.png", list(content)])
        else:
            page.get_by_label("Choose a picture").set_input_files(tmp_path / "0.png")
        drawn = downloaded(page, str(number))
        with Image.open(tmp_path / "drawn" / f"{number}.png") as expected:
            assert expected.mode == ("L" if recipe == "edsr" else "RGB")
            assert np.abs(drawn - np.asarray(expected.convert("RGB"))).max() <= 1
        assert drawn.std() > 10
        assert np.array_equal(given(page), own[number])
    assert page.locator("#given-size").inner_text() == "Given, 22×13"
    assert page.locator("#drawn-size").inner_text() == f"Drawn, {times * 22}×{times * 13}"
    page.close()


def test_a_drawing_is_translated_and_offline(page_of: Callable[..., Page], given_run: Callable[[str], Run]) -> None:
    page = page_of("pix2pix")
    page.context.set_offline(True)
    sampler = ganatomy.load(given_run("pix2pix"))

    def drawn_as_apply() -> np.ndarray:
        there = given(page)
        drawn = downloaded(page)
        assert np.abs(drawn - sampler.apply_to(there[None])[0]).max() <= 1
        return there

    assert (drawn_as_apply() == 255).all()
    page.locator("#brush").fill("#c00000")  # which may scroll
    page.locator("#given").scroll_into_view_if_needed()
    box = page.locator("#given").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.53)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.53, steps=5)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.9, steps=5)  # no longer held
    strokes = drawn_as_apply()
    assert strokes.shape == (16, 24, 3)
    red = (strokes == (0xC0, 0, 0)).all(2)
    assert red[8, 6:18].all()
    assert (strokes[[*range(7), *range(10, 16)]] == 255).all()
    page.locator("#paper").fill("#000000")
    page.get_by_role("button", name="Blank page").press("Enter")
    assert (drawn_as_apply() == 0).all()
    page.context.set_offline(False)
    page.close()


def test_what_is_no_picture_or_too_large_is_said(page_of: Callable[..., Page], tmp_path: Path) -> None:
    page = page_of("srgan")
    before = downloaded(page)
    Image.new("L", (1000, 251)).save(tmp_path / "large.png")
    (tmp_path / "notes.txt").write_text("no picture")
    for name, words in (
        ("notes.txt", "notes.txt is no picture that this browser can read."),
        ("large.png", f"large.png has 1000×251 pixels, and this page takes up to {web.MOST // 16:,}: make it smaller."),
    ):
        page.get_by_label("Choose a picture").set_input_files(tmp_path / name)
        page.wait_for_function("words => document.getElementById('status').textContent === words", arg=words)
    page.evaluate("show('')")
    assert np.array_equal(downloaded(page), before)
    assert f"up to {web.MOST // 16:,} pixels, and a blank page has 6×4" in page.locator(".hint").inner_text()
    page.close()


def test_other_forms_of_files_are_read_as_the_library_reads_them(
    page_of: Callable[..., Page], given_run: Callable[[str], Run], tmp_path: Path
) -> None:
    """Grey, a palette, transparency on white, and a photograph that lies on its side."""
    page = page_of("srgan")
    colours = Image.fromarray(waves(1, 12, 20)[0])
    turned = Image.Exif()
    turned[0x0112] = 6
    transparent = colours.copy()
    transparent.putalpha(Image.linear_gradient("L").resize(colours.size))
    for number, (picture, options) in enumerate(
        ((colours.convert("L"), {}), (colours.quantize(16), {}), (transparent, {}), (colours, {"exif": turned}))
    ):
        picture.save(tmp_path / f"{number}.png", **options)
    ganatomy.apply(given_run("srgan"), tmp_path, out=tmp_path / "drawn")
    for number in range(4):
        page.get_by_label("Choose a picture").set_input_files(tmp_path / f"{number}.png")
        drawn = downloaded(page, str(number))
        with Image.open(tmp_path / "drawn" / f"{number}.png") as expected:
            bound = 3 if number == 2 else 1  # browsers round what lies on white otherwise than Pillow
            assert np.abs(drawn - np.asarray(expected)).max() <= bound, number
    page.close()


def test_it_is_pleasant_at_every_width(page_of: Callable[..., Page], tmp_path: Path) -> None:
    Image.fromarray(waves(1, 40, 64)[0]).save(tmp_path / "waves.png")
    for name, width, scheme in (("wide", 1300, "light"), ("narrow", 375, "light"), ("dark", 1300, "dark")):
        page = page_of("srgan", viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.get_by_label("Choose a picture").set_input_files(tmp_path / "waves.png")
        done(page, "waves")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        left, right = (page.locator(f"#{each}").bounding_box() for each in ("given", "drawn"))
        assert left
        assert right
        assert abs(left["width"] - right["width"]) < 1  # both at one size
        assert (right["x"] > left["x"] + left["width"]) == (width > 375)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/pictures-{name}.png", full_page=True)
        page.close()


def test_the_page_says_nothing_private(page_of: Callable[..., Page], given_run: Callable[[str], Run]) -> None:
    page = page_of("pix2pix")
    text = page.content()
    assert str(given_run("pix2pix").path.parent) not in text
    known = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert known == {"given": {"scale": 1, "multiple": 4}, "size": [16, 24], "channels": 3, "most": web.MOST}
    assert page.title() == "Translate a picture"
    page.close()


def test_the_page_stays_alive_while_a_picture_is_drawn(page_of: Callable[..., Page]) -> None:
    page = page_of("pix2pix")
    ticks = page.evaluate("""async () => {
      const given = tensor("uint8", new Uint8Array(256 * 256 * 3), [1, 256, 256, 3]);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 0);
      await session.run({ given }, ["pixels"]);
      clearInterval(timer);
      return ticks;
    }""")
    assert ticks > 0
    page.close()
