"""Between HTTP and the generator: accepts what can be answered in time, and gives up requests whose client has left."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ganatomy.modalities.images import Pixels
from ganatomy.web.serve.encoding import Encoding
from ganatomy.web.serve.requests import LatentBatch
from ganatomy.web.serve.workers import DeadlineError, DrawingPool

Result = TypeVar("Result")

MAX_HELD = 256 * 2**20  # bytes of images that are being drawn, encoded or sent
CHUNK = 2**16  # bytes
SMALL = 2**14  # bytes of pixels that take less time to encode than to hand to a thread
MEMORY = 0.9  # weight of the past in the running average of the time to encode an image


class OverloadedError(Exception):
    """Too many images are waiting; `seconds`: when to try again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, math.ceil(seconds))


class Dispatcher:
    """Passes requests to the workers, and answers each that it accepts within `seconds`.

    A request is accepted only if, at the speed measured so far, it would be ready in half that time; the other half
    is a reserve.
    """

    def __init__(self, workers: DrawingPool, image_bytes: int, seconds: float) -> None:
        """image_bytes: size of one image as pixels."""
        self.workers, self.image_bytes, self.seconds = workers, image_bytes, seconds
        self.waiting = 0  # images that are not ready
        self.held = 0  # bytes of images that are not sent
        self._encoding: defaultdict[str, float] = defaultdict(float)  # seconds per image, by format
        self._encoders = ThreadPoolExecutor(thread_name_prefix="encoder")

    async def answer(
        self, batch: LatentBatch, encoding: Encoding, request: Request, headers: Mapping[str, str] | None = None
    ) -> "StreamedResponse":
        """The images of a request, encoded. Raises OverloadedError, DeadlineError or ClientDisconnect."""
        count = len(batch.z)
        self._admit(count, encoding)
        self.waiting += count
        response = StreamedResponse(self, count * self.image_bytes, encoding.media_type, headers)
        deadline = time.monotonic() + self.seconds
        disconnect = asyncio.ensure_future(_disconnected(request))
        try:
            drawn = self.workers.submit(batch.z, batch.y, batch.truncation, deadline)
            pixels = await _while_connected(disconnect, drawn)
            if pixels.nbytes <= SMALL:
                content, spent = _timed(encoding, pixels)
            else:
                encoded = asyncio.get_running_loop().run_in_executor(self._encoders, _timed, encoding, pixels)
                content, spent = await _while_connected(disconnect, encoded)
            average = self._encoding[encoding.name]
            self._encoding[encoding.name] = MEMORY * average + (1 - MEMORY) * spent / count
            if time.monotonic() > deadline:
                raise DeadlineError
            return response.with_content(content)
        except BaseException:
            response.release()
            raise
        finally:
            disconnect.cancel()
            self.waiting -= count

    def close(self) -> None:
        """Draw what was accepted, and end the threads."""
        self.workers.close()
        self._encoders.shutdown()

    def _admit(self, count: int, encoding: Encoding) -> None:
        pace = self.workers.seconds_per_image + self._encoding[encoding.name]
        wait, limit = (self.waiting + count) * pace, self.seconds / 2
        if self.waiting and wait > limit:
            raise OverloadedError(wait - limit)
        if self.held + count * self.image_bytes > MAX_HELD:
            raise OverloadedError(self.seconds)


class StreamedResponse(Response):
    """A response whose images count as held until the last chunk is on its way.

    Sent in chunks, because a transport buffers whatever it is given, however slowly the client reads.
    """

    def __init__(self, dispatcher: Dispatcher, held: int, media_type: str, headers: Mapping[str, str] | None) -> None:
        """held: bytes to count as held."""
        super().__init__(media_type=media_type, headers=headers)
        self.dispatcher, self.held = dispatcher, held
        dispatcher.held += held

    def with_content(self, content: bytes) -> "StreamedResponse":
        """This response, with its body."""
        self.body = content
        self.headers["content-length"] = str(len(content))
        return self

    def release(self) -> None:
        """Count nothing as held any more."""
        self.dispatcher.held -= self.held
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(self.body), CHUNK):
                chunk = self.body[start : start + CHUNK]
                await send({"type": "http.response.body", "body": chunk, "more_body": start + CHUNK < len(self.body)})
        finally:
            self.release()


def _timed(encoding: Encoding, pixels: Pixels) -> tuple[bytes, float]:
    """Encoded images, and the seconds it took."""
    began = time.perf_counter()
    return encoding.encode(pixels), time.perf_counter() - began


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
