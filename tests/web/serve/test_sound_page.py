"""The page of a server of sounds, as a person sees and hears it."""

import base64
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from servers import Server

from ganatomy.generators.sounds import SoundSampler
from ganatomy.modalities.sounds import files

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def heard(page: str) -> list[bytes]:
    """The files of the players on a page."""
    return [base64.b64decode(each) for each in re.findall(r'src="data:audio/wav;base64,([^"]*)"', page)]


def test_the_page_plays_other_sounds_at_every_visit(sound_server: Server, note_sampler: SoundSampler) -> None:
    get = sound_server.client.get
    assert len({tuple(heard(get("/").text)) for _ in range(3)}) == 3
    page = get("/", params={"seed": 60, "class": "", "truncation": "0.9"}).text
    assert "<script" not in page
    link = html.unescape(re.findall(r'href="(sounds\.zip[^"]*)"', page)[0])
    assert link == "sounds.zip?n=8&seed=60&truncation=0.9"
    links = [html.unescape(each) for each in re.findall(r'href="(sound\.wav[^"]*)"', page)]
    assert links == [f"sound.wav?seed={seed}&truncation=0.9" for seed in range(60, 68)]
    assert heard(page) == [get(f"/{each}").content for each in links]
    captions = re.findall(r"<figcaption><a [^>]*>(.*?)</a>", page)
    names = [note_sampler.names[label] for label in note_sampler.labels(range(60, 68))]
    assert captions == [f"Seed {seed}: {name}" for seed, name in zip(range(60, 68), names, strict=True)]
    named = get("/", params={"seeds": "3,70", "class": "A4"}).text
    assert heard(named) == [files.encoded(wave, 8000) for wave in note_sampler.sample([3, 70], "A4")]
    assert re.findall(r"<figcaption><a [^>]*>(.*?)</a>", named) == ["Seed 3", "Seed 70"]
    refused = get("/", params={"class": "<script>"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert "<script>" not in refused.text


def test_a_person_hears_sounds_in_a_browser(sound_server: Server, browser: "Browser", tmp_path: Path) -> None:
    page, said = browser.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{sound_server.address}/?token={sound_server.token}")
    players = page.locator("audio")
    assert players.count() == page.locator("figure img").count() == 8
    page.wait_for_function("[...document.querySelectorAll('audio')].every((each) => each.readyState >= 1)")
    assert players.evaluate_all("all => all.map((each) => each.duration)") == [0.1] * 8
    assert all(page.locator("figure img").evaluate_all("all => all.map((each) => each.naturalWidth > 0)"))

    def sources() -> Any:
        return players.evaluate_all("all => all.map((each) => each.src)")

    first = sources()
    page.get_by_role("button", name="Other sounds").click()
    page.wait_for_load_state()
    assert sources() != first
    page.get_by_label("Class").select_option("A4")
    page.get_by_role("button", name="Other sounds").click()
    page.wait_for_url("**class=A4*")
    assert page.get_by_label("Class").input_value() == "A4"
    with page.expect_download() as download:
        page.locator("figcaption a").first.click()
    download.value.save_as(tmp_path / "sound.wav")
    assert re.fullmatch(r"seed-\d{6,}\.wav", download.value.suggested_filename)
    assert [(tmp_path / "sound.wav").read_bytes()] == heard(f'src="{sources()[0]}"')
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert not said  # the policy lets all of it in
    page.close()
