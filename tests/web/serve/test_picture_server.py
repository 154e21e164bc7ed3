"""A real server of a generator that is given images: it answers what `ganatomy apply` writes, and its page."""

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import schemathesis
from described import tried
from hypothesis import strategies as st
from PIL import Image
from schemathesis import GenerationMode
from servers import Server, serving
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.runs.run import Run
from ganatomy.web.serve.pictures.dispatcher import MAX_BODY
from pairs import rich
from tiny import waves

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOTS = os.environ.get("GANATOMY_SHOTS")
PNG = {"content-type": "image/png"}


@pytest.fixture(scope="module")
def enlarging(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return rich(tmp_path_factory.mktemp("served"), "srgan")


@pytest.fixture(scope="module")
def picture_server(enlarging: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(enlarging.path), "--port=0", "--device=cpu") as running:
        yield running


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def claiming(height: int, width: int) -> bytes:
    """A PNG whose head says that it is so large."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_answers_are_the_files_that_apply_writes(picture_server: Server, enlarging: Run, tmp_path: Path) -> None:
    colours = Image.fromarray(waves(1, 13, 22)[0])
    turned = Image.Exif()
    turned[0x0112] = 6
    transparent = colours.copy()
    transparent.putalpha(Image.linear_gradient("L").resize(colours.size))
    sent = {
        "a.png": file_of(colours),
        "b.jpeg": file_of(colours, "JPEG", exif=turned),
        "c.webp": file_of(colours, "WEBP"),
        "d.png": file_of(transparent),
        "e.png": file_of(colours.convert("L")),
    }
    for name, content in sent.items():
        (tmp_path / name).write_bytes(content)
    ganatomy.apply(enlarging, tmp_path, out=tmp_path / "drawn", device="cpu")

    def ask(name: str) -> bytes:
        kind = {"content-type": f"image/{name[2:]}; charset=binary"}
        answer = picture_server.client.post("/apply", content=sent[name], headers=kind)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        return answer.content

    names = [*sent] * 3
    with ThreadPoolExecutor(4) as pool:
        for name, content in zip(names, pool.map(ask, names), strict=True):
            assert content == (tmp_path / "drawn" / f"{name[0]}.png").read_bytes(), name


@pytest.mark.parametrize(
    ("content", "kind", "status", "words"),
    [
        (b"", "image/png", 400, "cannot be read: empty file"),
        (b"no picture", "image/png", 400, "cannot be read: not an image"),
        (file_of(Image.new("RGB", (40, 40)))[:60], "image/png", 400, "cannot be read"),
        (file_of(Image.new("L", (4, 4)), "GIF"), "image/png", 400, "cannot be read: not an image"),
        (
            file_of(Image.new("L", (4, 4))),
            "application/json",
            415,
            "Content-Type: image/png or image/jpeg or image/webp",
        ),
        (file_of(Image.new("L", (4, 4))), "multipart/form-data; boundary=x", 415, "Send a picture, with the header"),
        (claiming(7000, 9000), "image/png", 413, "The picture has 9000×7000 pixels: "),
        (claiming(70_000, 70_000), "image/png", 400, "megapixels"),
        (bytes(MAX_BODY + 1), "image/png", 413, f"at most {MAX_BODY:,} bytes"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused_in_one_sentence(
    picture_server: Server, content: bytes, kind: str, status: int, words: str
) -> None:
    answer = picture_server.client.post("/apply", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert answer.json()["error"][-1] == "."


def test_the_rest_is_as_for_images(picture_server: Server) -> None:
    assert picture_server.client.get("/healthz").text == "ok\n"
    before = picture_server.metric("pictures_total")
    picture_server.client.post("/apply", content=file_of(Image.new("L", (4, 4))), headers=PNG)
    assert picture_server.metric("pictures_total") == before + 1
    assert picture_server.metric("waiting") == picture_server.metric("held_bytes") == 0
    page = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
    described = picture_server.client.get("/openapi.json").json()
    assert "those of `ganatomy apply`" in described["info"]["description"]
    with picture_server.stranger() as client:
        for path, operations in described["paths"].items():
            method = next(iter(operations)).upper()
            assert path in page
            assert client.request(method, path).status_code == 401
            other = picture_server.client.request(method, path, headers={"host": "evil.example"})
            assert other.status_code == 403


def test_its_answers_are_those_of_its_description(picture_server: Server) -> None:
    """The description says of what type a picture is; that its bytes are one, it says in words."""
    own = st.sampled_from([file_of(Image.fromarray(pixels)) for pixels in (*waves(2, 5, 7), *waves(2, 9, 4))])
    for kind in ("png", "jpeg", "webp"):
        schemathesis.openapi.media_type(f"image/{kind}", own)
    assert tried(picture_server, GenerationMode.POSITIVE, 6) >= 8
    assert 'status="5' not in picture_server.client.get("/metrics").text


def test_an_exported_graph_is_served(enlarging: Run, tmp_path: Path) -> None:
    file = ganatomy.export(enlarging, out=tmp_path / "graph").file
    content = file_of(Image.fromarray(waves(1, 13, 22)[0]))
    with serving("-m", "ganatomy", "serve", str(file), "--port=0") as running:
        drawn = running.client.post("/apply", content=content, headers=PNG).content
    with Image.open(io.BytesIO(drawn)) as picture:
        own = ganatomy.load(enlarging).apply_to(waves(1, 13, 22))[0].astype(int)
        assert np.abs(np.asarray(picture) - own).max() <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--on=ray"], "--on goes with images from seeds"),
        (["--backend=onnx"], "has no ONNX graph yet"),
        (["--step=7"], "no checkpoint of step 7"),
        (["--set=diffusion.sampling_steps=3"], "diffusion.sampling_steps"),
    ],
)
def test_options_that_do_not_fit_are_refused(enlarging: Run, options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["serve", str(enlarging.path), "--port=0", *options])
    assert words in str(result.exception)


def test_a_person_sees_what_is_drawn_of_a_picture(
    picture_server: Server, enlarging: Run, browser: "Browser", tmp_path: Path
) -> None:
    Image.fromarray(waves(1, 40, 64)[0]).save(tmp_path / "waves.jpg")
    Image.fromarray(waves(1, 9, 6)[0]).save(tmp_path / "small.gif")
    ganatomy.apply(enlarging, tmp_path / "waves.jpg", out=tmp_path / "drawn", device="cpu")
    for name, width, scheme in (("wide", 1300, "light"), ("narrow", 375, "light"), ("dark", 1300, "dark")):
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        console: list[str] = []
        page.on("console", lambda message, console=console: console.append(message.text))
        page.on("pageerror", lambda error, console=console: console.append(str(error)))
        page.goto(f"{picture_server.address}/?token={picture_server.token}")

        def done(name: str, page=page) -> None:
            page.wait_for_selector(f"body[aria-busy=false] #download[download={name}-drawn\\.png]")

        done("drawing")
        page.get_by_label("Choose a picture").set_input_files(tmp_path / "waves.jpg")
        done("waves")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert Path(download.value.path()).read_bytes() == (tmp_path / "drawn" / "waves.png").read_bytes()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/served-{name}.png", full_page=True)
        assert not console
        page.context.close()

    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(f"{picture_server.address}/?token={picture_server.token}")
    page.get_by_label("Choose a picture").set_input_files(tmp_path / "small.gif")  # which the server does not take
    page.wait_for_selector("body[aria-busy=false] #download[download=small-drawn\\.png]")
    assert page.locator("#drawn-size").inner_text() == "Drawn, 24×36"
    box = page.locator("#given").bounding_box()
    assert box
    before = page.locator("#drawn").get_attribute("src")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("before => document.getElementById('drawn').src !== before", arg=before)
    page.context.close()


def test_the_page_refuses_what_the_server_would(picture_server: Server, browser: "Browser", tmp_path: Path) -> None:
    limits = json.loads(picture_server.client.get("/").text.split('type="application/json">')[1].split("</script>")[0])
    side = int((limits["most"] / 16) ** 0.5) + 1
    Image.new("L", (side, side)).save(tmp_path / "large.png")
    page = browser.new_page()
    page.goto(f"{picture_server.address}/?token={picture_server.token}")
    page.wait_for_selector("body[aria-busy=false]")
    page.get_by_label("Choose a picture").set_input_files(tmp_path / "large.png")
    page.wait_for_selector("#status.failed")
    assert "this page takes up to" in page.locator("#status").inner_text()
    page.context.close()
