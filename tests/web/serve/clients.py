"""Clients without a network."""

import asyncio
from typing import Any

from starlette.requests import Request


class Client:
    """A request's client, which may leave."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.request = Request({"type": "http"}, self._receive)

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}
