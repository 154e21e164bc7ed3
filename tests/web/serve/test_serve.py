"""A real server of a real run: what it draws, and what it refuses."""

import io
import socket
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from servers import Server

from ganatomy.cli import app
from ganatomy.generators import api as sampling
from ganatomy.runs.run import Run


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def post(server: Server, **body: Any) -> httpx.Response:
    return server.client.post("/images", json=body)


def several(answer: httpx.Response) -> list[bytes]:
    """The files of a zip, in order."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"{i:04d}{Path(n).suffix}" for i, n in enumerate(archive.namelist())]
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.parametrize("truncation", [None, 0.5])
def test_a_seeds_image_is_that_of_sample(server: Server, trained: Run, truncation: float | None) -> None:
    query = {"truncation": truncation} if truncation else {}
    sampler = sampling.load(trained, truncation=truncation)
    expected = sampler.images(sampler.latents([3, 2**32 - 1])).astype(int)
    for seed, wanted in zip([3, 2**32 - 1], expected, strict=True):
        answer = server.client.get("/image.png", params={"seed": seed, **query})
        assert answer.headers["image-seed"] == str(seed)
        assert np.abs(pixels(answer.content) - wanted).max() <= 1


def test_the_same_seed_is_the_same_bytes_whatever_it_is_drawn_with(server: Server) -> None:
    """Each seed alone, then all at once from 16 threads and among others in one request."""

    def get(seed: int) -> bytes:
        content: bytes = server.client.get(f"/image.png?seed={seed}").content
        return content

    alone = [get(seed) for seed in range(48)]
    with ThreadPoolExecutor(16) as crowd:
        assert list(crowd.map(get, range(48))) == alone
    assert several(post(server, seeds=list(range(48)))) == alone
    assert len(set(alone)) == 48


def test_all_formats_hold_the_same_pixels(server: Server) -> None:
    raw = post(server, seeds=[1, 2, 3], format="raw")
    assert raw.headers["image-shape"] == "3,16,16,3"
    expected = np.frombuffer(raw.content, np.uint8).reshape(3, 16, 16, 3)
    for kind in ("png", "webp"):
        images = several(post(server, seeds=[1, 2, 3], format=kind))
        assert np.array_equal(np.stack([pixels(image) for image in images]), expected)


def test_latent_vectors_are_drawn(server: Server, trained: Run) -> None:
    z = sampling.load(trained).latents([5, 6])
    assert post(server, latents=z.tolist()).content == post(server, seeds=[5, 6]).content


def test_a_walk_begins_at_its_first_seed(server: Server) -> None:
    answer = server.client.get("/walk.webp?seeds=4,9&frames=6")
    walk = Image.open(io.BytesIO(answer.content))
    assert walk.n_frames == 6  # type: ignore[attr-defined]
    first = pixels(server.client.get("/image.png?seed=4").content)
    assert np.array_equal(np.asarray(walk.convert("RGB"))[::8, ::8], first)


def test_the_page_shows_a_new_image_at_every_visit(server: Server) -> None:
    pages = {server.client.get("/").text for _ in range(3)}
    assert len(pages) == 3
    page = pages.pop()
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")  # nothing from elsewhere
    page = server.client.get("/?truncation=0.5&seed=7&class=").text
    assert 'src="image.png?seed=7&amp;truncation=0.5"' in page
    assert server.client.get("/?truncation=<script>").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/image.png?seed=-1", None, 400),
        ("GET", "/image.png?class=0", None, 400),
        ("GET", "/walk.webp", None, 400),
        ("POST", "/images", b"{", 400),
        ("POST", "/images", b'{"latents": [[NaN]]}', 400),
        ("POST", "/images", b" " * (2**20 + 1), 413),
        ("GET", "/images", None, 405),
        ("GET", "/nothing", None, 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", None, 404),
    ],
)
def test_invalid_requests_are_refused_in_one_sentence(
    server: Server, method: str, path: str, body: bytes | None, status: int
) -> None:
    answer = server.client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_a_body_must_be_declared_as_json(server: Server) -> None:
    """Pages of other sites can send forms and plain text."""
    answer = server.client.post("/images", content=b'{"seeds": [1]}', headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def test_no_route_answers_under_a_strange_host_or_origin(server: Server) -> None:
    for path in server.client.get("/openapi.json").json()["paths"]:
        for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}):
            for method in ("GET", "POST", "OPTIONS"):
                assert server.client.request(method, path, headers=headers).status_code == 403


def test_the_documentation_has_every_route(server: Server) -> None:
    page = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
    for path in server.client.get("/openapi.json").json()["paths"]:
        assert path in page


def test_an_upgrade_to_a_websocket_is_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert connection.recv(12) == b"HTTP/1.1 403"


def test_the_metrics_can_be_read(server: Server) -> None:
    before = server.metric("images_total")
    post(server, seeds=[1, 2, 3, 4, 5])
    assert server.metric("images_total") == before + 5
    assert server.metric("waiting") == 0
    assert server.metric("held_bytes") == 0
    text = server.client.get("/metrics").text
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"ganatomy_requests", "ganatomy_request_seconds", "ganatomy_batch_images"} <= families


def test_invalid_options_are_refused_in_one_sentence(server: Server, trained: Run, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    file, short = tmp_path / "model.onnx", tmp_path / "short"
    short.write_text("short")
    short.chmod(0o600)
    for arguments, words in [
        ([str(trained.path), f"--port={server.port}"], "Cannot listen"),
        ([str(trained.path), "--backend=tensorflow"], "valid: onnx, torch"),
        ([str(file), "--backend=torch"], "leave --backend out"),
        ([str(file), "--raw"], "no file"),
        ([str(trained.path), f"--token-file={short}"], "16 to 128"),
        ([str(trained.path), f"--token-file={short}", "--no-token"], "Give one of these"),
        ([str(trained.path), "--allow=http://x"], "host name alone"),
        ([str(trained.path), "--host=192.0.2.1", "--port=0"], "Cannot listen"),
        ([str(trained.path), "--replicas=2"], "--replicas goes with --on"),
        ([str(trained.path), "--on=ray", "--replicas=8-1"], "--replicas 8-1: expected a number"),
    ]:
        result = CliRunner().invoke(app, ["serve", *arguments, "--device=cpu"])
        assert words in str(result.exception), arguments


def test_the_command_loads_no_torch_to_say_what_it_takes() -> None:
    code = "import sys; from ganatomy.cli import app; assert not {'torch', 'starlette'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_account_draws_nothing_with_a_server(server: Server) -> None:
    assert server.token
    with server.stranger() as client:
        for path in server.client.get("/openapi.json").json()["paths"]:
            for method in ("GET", "POST"):
                assert client.request(method, path).status_code == 401
        client.follow_redirects = True
        answer = client.get(f"/image.png?seed=3&token={server.token}")
        assert answer.content == server.client.get("/image.png?seed=3").content
