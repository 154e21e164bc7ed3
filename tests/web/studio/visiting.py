"""A studio without a network, and one as a process of its own."""

import asyncio
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
from servers import Server, serving

from ganatomy.web.guard import Guard
from ganatomy.web.studio import app
from ganatomy.web.studio.run_store import RunStore

ADDRESS = "http://127.0.0.1:8050"


class Visitor:
    """Sends requests to the studio of a folder, as its pages do."""

    def __init__(self, runs: Path, may_start: bool = True) -> None:
        self.app = Guard(app.build(RunStore(runs), may_start), "127.0.0.1", policy=app.POLICY)
        self.token = token_of(self.get("/"))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"x-studio-token": self.token if token is None else token, **options.pop("headers", {})}
        return self.request("POST", path, json=body, headers=headers, **options)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ADDRESS) as client:
                return await client.request(method, path, **options)

        return asyncio.run(once())


def token_of(page: httpx.Response) -> str:
    """The token in a page."""
    found = re.search(r'name="token" content="([^"]+)"', page.text)
    assert found
    return found[1]


def studio(runs: Path, *options: str) -> AbstractContextManager[Server]:
    """A process of `ganatomy studio`."""
    return serving("-m", "ganatomy", "studio", str(runs), "--port", "0", *options)
