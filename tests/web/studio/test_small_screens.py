"""The pages in a real browser: on a phone, in the dark, by keyboard, and what each shows of a game of the lab."""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browsing import NARROW, PHONE, WIDE, holds, opened, playwright, ready, shot
from PIL import Image
from visiting import studio

from ganatomy.experiments.claims.claim import catalogue
from ganatomy.runs.run import Run
from ganatomy.web.studio.lessons import THEMES
from ganatomy.web.studio.pages import PAGES, RUN_PAGES

CONTRAST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => numbers(colour).slice(0, 3).map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, i) => sum + [0.2126, 0.7152, 0.0722][i] * each, 0);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, words = texts.currentNode.textContent.trim();
    if (!words || !element.checkVisibility() || element.closest("script, noscript, option, :disabled")) continue;
    let ground = element;
    const clear = (each) => (numbers(getComputedStyle(each).backgroundColor)[3] ?? 1) === 0;
    while (ground.parentElement && clear(ground)) ground = ground.parentElement;
    const style = getComputedStyle(element), colour = element instanceof SVGElement ? style.fill : style.color;
    const [low, high] = [luminance(colour), luminance(getComputedStyle(ground).backgroundColor)].sort((a, b) => a - b);
    found.push([words, (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""
PIXELS = "(name) => document.querySelector(name).toDataURL()"
FIRST = "[data-panel=points] canvas"


@pytest.fixture(scope="module")
def address(trained: Run, lab_run: Run, swept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio of a finished run, of a game of the lab and of a sweep."""
    folder = tmp_path_factory.mktemp("small") / "runs"
    for run in (trained, lab_run):
        shutil.copytree(run.path, folder / run.name)
    shutil.copytree(swept, folder.parent / "sweeps")
    with studio(folder, "--no-token") as server:
        yield server.address


# --- runs of the lab --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page_of_run", ["", "/timeline"])
def test_a_game_of_the_lab_can_be_read_on_a_phone_and_is_dark_in_the_dark(
    browser: "playwright.Browser", address: str, page_of_run: str
) -> None:
    with opened(browser, f"{address}/run/ring{page_of_run}", NARROW) as page:
        page.emulate_media(color_scheme="dark")
        ready(page)
        holds(page, "document.querySelector('.plotted img')?.naturalWidth === 960")
        assert page.locator(".tabs a").all_inner_texts() == ["Live", "Timeline"]
        assert page.locator("text=Tile s is seed s").count() == page.locator("text=latent vectors").count() == 0
        # As large as it was drawn: its smallest letters are eleven pixels tall.
        assert page.evaluate("document.querySelector('.plotted img').clientWidth") >= 950
        assert page.evaluate("document.querySelector('.plotted').clientWidth") <= 400
        page.locator(".plotted").focus()
        page.keyboard.press("ArrowRight")
        holds(page, "document.querySelector('.plotted').scrollLeft > 0")
        with Image.open(io.BytesIO(page.locator(".plotted").screenshot())) as shown:
            assert np.median(np.asarray(shown.convert("L"))) < 60


def test_a_game_of_the_lab_leads_to_itself_in_the_lab_and_to_its_report(
    browser: "playwright.Browser", address: str
) -> None:
    with opened(browser, f"{address}/run/ring") as page:
        ready(page)
        page.wait_for_selector("text=The game at step 20.")
        assert (page.get_by_role("link", name="The report").get_attribute("href") or "").endswith("/report.html")
        page.get_by_role("link", name="Play this game in the lab").click()
        page.wait_for_url("**/lab?**")
        ready(page)
        assert page.get_by_label("Units per layer").input_value() == "8"
        assert page.get_by_label("Points per batch").input_value() == "32"
        assert page.get_by_label("Penalties").input_value() == "r1:0.5"


def test_an_address_without_a_page(browser: "playwright.Browser", address: str) -> None:
    page = browser.new_page()
    answer = page.goto(f"{address}/run/ring/walk")
    assert answer
    assert answer.status == 404
    assert "for images" in page.locator("main").inner_text()
    page.get_by_role("link", name="All runs").click()
    ready(page)
    page.close()


# --- on a desk ------------------------------------------------------------------------------------------------------


def test_generated_images_lie_beside_real_ones(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/waves", WIDE) as page:
        ready(page)
        generated = page.get_by_role("img", name="The newest samples").bounding_box()
        real = page.get_by_role("img", name="Real images").bounding_box()
        assert generated
        assert real
        assert generated["y"] == real["y"]
        assert generated["x"] + generated["width"] <= real["x"]


# --- on a phone -------------------------------------------------------------------------------------------------------


def test_the_drawn_image_is_seen_while_a_finger_drags(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/run/waves/walk", PHONE) as page:
        ready(page)
        plane = page.locator(".plane").bounding_box()
        assert plane
        assert plane["width"] >= 300
        assert plane["y"] + plane["height"] <= PHONE[1]
        drawn = "Number(document.querySelector('main').dataset.drawn)"
        page.mouse.move(plane["x"] + 30, plane["y"] + 30)
        page.mouse.down()
        page.mouse.move(plane["x"] + 200, plane["y"] + 250, steps=4)
        before = page.evaluate(drawn)
        page.mouse.move(plane["x"] + 250, plane["y"] + 300)
        holds(page, f"{drawn} > {before}")
        image = page.locator(".walker").bounding_box()
        assert image
        assert 0 <= image["y"] < image["y"] + image["height"] <= plane["y"]
        assert image["height"] >= 150
        page.mouse.up()
        page.locator(".slider input").first.scroll_into_view_if_needed()
        image = page.locator(".walker").bounding_box()
        assert image
        assert 0 <= image["y"] < PHONE[1] - image["height"]


def test_the_paper_comes_before_the_panels_which_wait_for_a_drawing(
    browser: "playwright.Browser", address: str
) -> None:
    with opened(browser, f"{address}/lab?target=drawn&width=8&batch=32", PHONE) as page:
        ready(page)
        box = page.locator(".paper canvas").bounding_box()
        assert box
        assert box["y"] + box["height"] <= PHONE[1]
        assert not page.locator(".boards").is_visible()
        assert page.locator(".problem").count() == 0
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 150, box["y"] + 120, steps=20)
        page.mouse.up()
        page.get_by_role("button", name="Play on this").click()
        page.wait_for_selector(".numbers:has-text('JSD')")
        panel = page.locator(FIRST).bounding_box()
        assert panel
        assert box["y"] < panel["y"]


def test_the_first_panel_is_in_sight_of_the_button_that_plays(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?width=8&batch=32", PHONE) as page:
        ready(page)
        panel, play = page.locator(FIRST).bounding_box(), page.locator(".primary").bounding_box()
        assert panel
        assert play
        assert 0 < play["y"] < panel["y"]
        assert panel["y"] + 0.8 * panel["height"] <= PHONE[1]


# --- by keyboard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["ring", "line"])
def test_the_arrow_keys_read_the_values_of_a_panel(browser: "playwright.Browser", address: str, target: str) -> None:
    with opened(browser, f"{address}/lab?target={target}&width=8&batch=32&moves=r4") as page:
        ready(page)
        readout = page.locator(".readout")
        for name in ("points", "discriminator", "optimal", "difference"):
            canvas = page.locator(f"[data-panel={name}] canvas")
            canvas.focus()
            page.keyboard.press("ArrowRight")
            before = readout.inner_text()
            assert before.startswith("x = (")
            assert "optimal D" in before
            page.keyboard.press("Shift+ArrowRight")
            assert readout.inner_text() != before
            assert page.locator(f"[data-panel={name}] .cursor").is_visible()
        page.locator("[data-panel=value] canvas").focus()
        page.keyboard.press("Shift+ArrowLeft")
        assert readout.inner_text().startswith("Move ")


def test_the_read_out_is_the_value_of_the_cell_under_the_cursor(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lab?target=line&width=8&batch=32") as page:
        ready(page)
        page.locator("[data-panel=points] canvas").focus()
        page.keyboard.press("ArrowRight")
        right = page.locator(".readout").inner_text()
        box = page.locator("[data-panel=points] canvas").bounding_box()
        assert box
        page.mouse.move(box["x"] + 0.5213 * box["width"], box["y"] + 0.5 * box["height"])
        assert page.locator(".readout").inner_text() == right


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser: "playwright.Browser", address: str, scheme: "playwright.ColorScheme") -> None:
    names = {"lessons": "minimum", "course": "forger", "sweep": "small"}
    paths = [page.path.replace("{name}", names.get(page.script, "")) for page in PAGES if page.path != "/compare"]
    paths += [page.path.replace("{name}", "ring" if page.of_lab else "waves") for page in RUN_PAGES]
    with opened(browser, "about:blank") as page:
        page.emulate_media(color_scheme=scheme)
        for path in [*paths, "/compare?run=waves&run=ring"]:
            page.goto(f"{address}{path}{'?width=8' if path == '/lab' else ''}")
            ready(page)
            found = page.evaluate(CONTRAST)
            assert len(found) > 5, path
            assert [each for each in found if each[1] < 4.5] == [], path
            shot(page, f"{path.strip('/').replace('/', '-')}-{scheme}")


# --- the first page, the lab and the lessons --------------------------------------------------------------------------


def test_a_game_plays_on_the_first_page_until_it_is_paused(browser: "playwright.Browser", address: str) -> None:
    rounds = "Number(document.querySelector('main').dataset.rounds)"
    with opened(browser, address, PHONE) as page:
        ready(page)
        holds(page, f"{rounds} > 0", seconds=40)
        before = page.evaluate(PIXELS, FIRST)
        done = page.evaluate(rounds)
        holds(page, f"{rounds} > {done}", seconds=40)
        assert page.evaluate(PIXELS, FIRST) != before
        assert page.locator(".primary").all_inner_texts() == ["❚❚ Pause"]
        box = page.locator(FIRST).bounding_box()
        assert box
        assert box["y"] + box["height"] <= PHONE[1]
        page.get_by_role("button", name="Pause").click()
        holds(page, "document.querySelector('main').dataset.playing === 'no'")
        assert page.locator(".primary").inner_text() == "▶ Play"
        done = page.evaluate(rounds)
        page.wait_for_timeout(500)
        assert page.evaluate(rounds) == done
        assert sorted(page.locator(".card h2").all_inner_texts()) == ["ring", "waves"]


def test_nothing_moves_for_somebody_who_asked_for_less_motion(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, "about:blank") as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto(address)
        ready(page)
        holds(page, "document.querySelector('main').dataset.rounds === '0'", seconds=40)
        page.wait_for_timeout(500)
        assert page.evaluate("document.querySelector('main').dataset.rounds") == "0"
        assert page.locator(".primary").inner_text() == "▶ Play"


def test_a_lab_has_one_prominent_button_and_a_first_panel_of_layers(
    browser: "playwright.Browser", address: str
) -> None:
    with opened(browser, f"{address}/lab?width=8&batch=32&moves=r3", WIDE) as page:
        ready(page)
        assert page.locator(".primary").all_inner_texts() == ["▶ Play"]
        sides = {name: page.locator(f"[data-panel={name}] canvas").bounding_box() for name in ("points", "value")}
        assert sides["points"]
        assert sides["value"]
        assert sides["points"]["width"] > 1.8 * sides["value"]["width"]
        looks = {page.evaluate(PIXELS, FIRST)}
        for name in ("real", "D(x)", "generated", "gradients"):
            page.locator(".layers").get_by_label(name).click()
            looks.add(page.evaluate(PIXELS, FIRST))
        assert len(looks) == 5
        for name in ("real", "D(x)", "generated", "gradients"):
            page.locator(".layers").get_by_label(name).click()
        assert page.evaluate(PIXELS, FIRST) in looks


def test_a_preset_is_a_game_of_a_lesson_and_says_what_it_shows(browser: "playwright.Browser", address: str) -> None:
    lesson = catalogue()["equilibrium"].lesson
    assert lesson
    with opened(browser, f"{address}/lab?width=8") as page:
        ready(page)
        presets = page.get_by_label("Presets")
        games = [each.lesson.lab for each in catalogue().values() if each.lesson and each.lesson.lab]
        assert [each.get_attribute("value") for each in presets.locator("option").all()][1:] == list(
            dict.fromkeys(games)
        )
        page.goto(f"{address}/lab?{lesson.lab.partition('&moves')[0]}&moves=r1")
        ready(page)
        assert page.locator(".notice").count() == 0
        page.get_by_label("Presets").select_option(lesson.lab)
        page.wait_for_url(f"**/lab?{lesson.lab}*")
        assert page.locator(".notice").first.inner_text() == lesson.see


def test_a_game_is_copied_as_a_link_and_kept_as_a_picture(
    browser: "playwright.Browser", address: str, tmp_path: Path
) -> None:
    with opened(browser, f"{address}/lab?width=8&batch=32&other=minimax&moves=r2") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        ready(page)
        page.get_by_role("button", name="Copy link").click()
        page.wait_for_selector(".notice")
        assert page.evaluate("navigator.clipboard.readText()") == page.url
        assert "moves=r2" in page.url
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as PNG").click()
        assert download.value.suggested_filename == "ganatomy-ring-2.png"
        download.value.save_as(tmp_path / "game.png")
    with Image.open(tmp_path / "game.png") as picture:
        assert picture.width > 2000
        assert picture.height > picture.width  # two games of two rows each
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 1000


def test_lessons_are_grouped_each_with_a_picture(browser: "playwright.Browser", address: str) -> None:
    with opened(browser, f"{address}/lessons") as page:
        ready(page)
        assert page.locator(".theme h2").all_inner_texts() == [title for _, title in THEMES.values()]
        assert page.locator(".theme .pictogram").count() == len(THEMES)
        links = [each.get_attribute("href") for each in page.locator(".lessons a").all()]
        assert links == [f"/lessons/{name}" for name, claim in catalogue().items() if claim.lesson]
