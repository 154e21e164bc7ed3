"""Clients without a network."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request


class Client:
    """A request's client, which may leave; with headers, it sends a body first."""

    def __init__(self, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.left = asyncio.Event()
        self.messages = [] if headers is None else [{"type": "http.request", "body": body, "more_body": False}]
        named = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        self.request = Request({"type": "http", "headers": named}, self._receive)

    async def _receive(self) -> dict[str, Any]:
        if self.messages:
            return self.messages.pop()
        await self.left.wait()
        return {"type": "http.disconnect"}
