"""What is accepted: requests that can be answered in time and fit the memory, as long as their client stays."""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Result = TypeVar("Result")
WhileConnected = Callable[["asyncio.Future[Any]"], Awaitable[Any]]

MAX_HELD = 256 * 2**20  # bytes of samples that are being drawn, encoded or sent
CHUNK = 2**16  # bytes
MEMORY = 0.9  # weight of the past in a running average of seconds
OnDrawn = Callable[[int, int, float], None]  # called with how many were drawn, how many asked for, the seconds


def averaged(before: float, now: float) -> float:
    """A running average of seconds, with what was measured last."""
    return MEMORY * before + (1 - MEMORY) * now


class DeadlineError(Exception):
    """What was asked for could not be drawn in time."""


class OverloadedError(Exception):
    """Too much is waiting; `seconds`: when to try again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, math.ceil(seconds))


class Admission:
    """Answers each request that it accepts within `seconds`.

    A request is accepted only if, at the speed measured so far, it would be ready in half that time; the other half
    is a reserve.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.waiting = 0  # samples that are not ready
        self.held = 0  # bytes of samples that are not sent

    def close(self) -> None:
        """Draw what was accepted, and end the threads."""

    @asynccontextmanager
    async def admitted(
        self, request: Request, count: int, pace: float, response: "StreamedResponse"
    ) -> AsyncIterator[tuple[float, WhileConnected]]:
        """Within the block a request waits for `count` samples, each of which takes `pace` seconds.

        response: what it will be answered with. Yields the deadline, by `time.monotonic`, and a function that awaits
        work while the client is connected. Raises OverloadedError, DeadlineError or ClientDisconnect.
        """
        wait, limit = (self.waiting + count) * pace, self.seconds / 2
        if self.waiting and wait > limit:
            raise OverloadedError(wait - limit)
        if self.held + response.size > MAX_HELD:
            raise OverloadedError(self.seconds)
        self.waiting += count
        response.hold()
        deadline = time.monotonic() + self.seconds
        disconnect = asyncio.ensure_future(_disconnected(request))
        try:
            yield deadline, lambda work: _while_connected(disconnect, work)
            if time.monotonic() > deadline:
                raise DeadlineError
        except BaseException:
            response.release()
            raise
        finally:
            disconnect.cancel()
            self.waiting -= count


class StreamedResponse(Response):
    """A response whose samples count as held until the last chunk is on its way.

    Sent in chunks, because a transport buffers whatever it is given, however slowly the client reads.
    """

    def __init__(
        self, admission: Admission, size: int, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """size: bytes to count as held."""
        super().__init__(media_type=media_type, headers=headers)
        self.admission, self.size, self.held = admission, size, 0

    def hold(self) -> None:
        """Count its samples as held."""
        self.held = self.size
        self.admission.held += self.held

    def with_content(self, content: bytes) -> "StreamedResponse":
        """This response, with its body."""
        self.body = content
        self.headers["content-length"] = str(len(content))
        return self

    def release(self) -> None:
        """Count nothing as held any more."""
        self.admission.held -= self.held
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(self.body), CHUNK):
                chunk = self.body[start : start + CHUNK]
                await send({"type": "http.response.body", "body": chunk, "more_body": start + CHUNK < len(self.body)})
        finally:
            self.release()


class OneThread(Admission):
    """Admission to one thread, in which one request after the other is drawn."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.thread = ThreadPoolExecutor(1, "drawing")

    async def drawn(
        self,
        request: Request,
        count: int,
        pace: float,
        response: StreamedResponse,
        work: Callable[[Callable[[], None]], bytes],
    ) -> StreamedResponse:
        """The response with what `work` makes, in the thread; the other arguments and the errors: as for `admitted`.

        work: calls what it is given at first, and now and then, which raises where nobody waits any more.
        """
        gone = threading.Event()
        async with self.admitted(request, count, pace, response) as (deadline, while_connected):

            def between() -> None:
                if gone.is_set():
                    raise ClientDisconnect
                if time.monotonic() > deadline:
                    raise DeadlineError

            try:
                content = await while_connected(asyncio.get_running_loop().run_in_executor(self.thread, work, between))
            finally:
                gone.set()
        return response.with_content(content)

    def close(self) -> None:
        """Draw what was accepted, and end the thread."""
        self.thread.shutdown()


async def _disconnected(request: Request) -> None:
    """Returns when the client has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _while_connected(disconnect: asyncio.Future[None], work: asyncio.Future[Result]) -> Result:
    """What `work` results in. Cancels it and raises ClientDisconnect as soon as the client has disconnected."""
    try:
        await asyncio.wait((disconnect, work), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise ClientDisconnect
    finally:
        work.cancel()
