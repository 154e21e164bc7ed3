"""Ways to ask a studio: its application, and a server of it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ganatomy.web.guard import Guard
from ganatomy.web.studio import app
from ganatomy.web.studio.run_store import RunStore

ADDRESS = "http://127.0.0.1:8050"


class Visitor:
    """Asks a studio of a folder, without a network."""

    def __init__(self, runs: Path, may_start: bool = True) -> None:
        self.app = Guard(app.build(RunStore(runs), may_start), "127.0.0.1", policy=app.POLICY)
        self.token = token_of(self.get("/"))

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.ask("GET", path, **request)

    def order(self, path: str, wanted: Any, token: str | None = None, **request: Any) -> httpx.Response:
        headers = {"x-studio-token": self.token if token is None else token, **request.pop("headers", {})}
        return self.ask("POST", path, json=wanted, headers=headers, **request)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS) as client:
                return await client.request(method, path, **request)

        return asyncio.run(once())


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="token" content="([^"]+)"', page.text)
    assert found
    return found[1]


@contextmanager
def serving(runs: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A studio's process: its address; told to stop in the end, which it must do with status 0 and no traceback."""
    command = [sys.executable, "-m", "ganatomy", "studio", str(runs), "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        address = process.stderr.readline().strip()
        assert address.startswith("http"), address + process.stderr.read()
        yield address, process
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        said = process.stderr.read()
        process.stderr.close()
    assert "Traceback" not in said, said
