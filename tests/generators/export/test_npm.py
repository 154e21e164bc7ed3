"""onnxruntime-web's package: fetched from a registry, known by its hash, kept."""

import base64
import hashlib
import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ganatomy.errors import UserError
from ganatomy.generators.export import npm


def package() -> bytes:
    """A package of one file, and one that lies outside of it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in {"package/dist/a.js": b"alert(1)", "../../evil": b"evil"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


PACKAGE = package()
HASH = base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode()


@pytest.fixture
def requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A registry of one package under /mirror/, and the paths that were requested."""
    paths: list[str] = []

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PACKAGE)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{server.server_port}/mirror/")
        monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
        yield paths
        server.shutdown()


def test_a_package_is_fetched_once(requested: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        assert npm.files(["a.js"], HASH) == {"a.js": b"alert(1)"}
    assert requested == [f"/mirror/onnxruntime-web/-/onnxruntime-web-{npm.VERSION}.tgz"]
    assert [path.name for path in (tmp_path / "npm").iterdir()] == [npm.NAME]
    assert not list(tmp_path.parent.glob("evil"))


def test_another_package_is_refused_and_not_kept(requested: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"its hash is another\. Try again"):
        npm.files(["a.js"])
    assert not (tmp_path / "npm").exists()
    (tmp_path / "npm").mkdir()
    (tmp_path / "npm" / npm.NAME).write_bytes(PACKAGE + b"!")
    with pytest.raises(UserError, match=r"its hash is another\. Remove"):
        npm.files(["a.js"], HASH)


def test_where_there_is_no_registry_it_says_where_to_put_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:  # bound, but nobody listens
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"http://127.0.0.1:{free.getsockname()[1]}")
        monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
        with pytest.raises(UserError, match=f"put it at {tmp_path / 'npm' / npm.NAME}, and export again"):
            npm.files(["a.js"])


def test_the_registry_is_npms_own_choice() -> None:
    assert npm.registry({}) == "https://registry.npmjs.org"
    assert npm.registry({"npm_config_registry": "https://mirror.example/npm/"}) == "https://mirror.example/npm"
