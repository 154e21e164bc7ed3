"""Between the requests and the generator: lets in what can be answered in time, and gives up what nobody waits for."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ganatomy.modalities.images import Pixels
from ganatomy.web.serve.encoding import Encoding
from ganatomy.web.serve.orders import Order
from ganatomy.web.serve.worker import LateError, Worker

ROOM = 256 * 2**20  # bytes of images between the first thought of them and the last byte read
PIECE = 2**16  # bytes
SMALL = 2**14  # bytes of pixels that are encoded in less time than it takes to ask a thread
MEMORY = 0.9  # how much of a measured pace a new measurement leaves as it was


class BusyError(Exception):
    """Too much is waiting already; `seconds`: when to ask again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1, math.ceil(seconds))


class GoneError(Exception):
    """Whoever asked is not there any more."""


class Desk:
    """Takes orders for a worker, and promises an answer within `seconds`.

    An order is taken only if, at the pace that is measured all along, it would be ready in half that time: the other
    half is for what cannot be foreseen.
    """

    def __init__(self, worker: Worker, image_bytes: int, seconds: float) -> None:
        """image_bytes: of one image as pixels."""
        self.worker, self.image_bytes, self.seconds = worker, image_bytes, seconds
        self.waiting = 0  # images that are not ready
        self.held = 0  # bytes of images that are not read
        self._encoding: defaultdict[str, float] = defaultdict(float)  # seconds an image, by format
        self._encoders = ThreadPoolExecutor(thread_name_prefix="encoder")

    async def answer(
        self, order: Order, encoding: Encoding, request: Request, headers: Mapping[str, str] | None = None
    ) -> "Parcel":
        """The images of an order, encoded. Raises BusyError, LateError or GoneError."""
        count = len(order.z)
        self._admit(count, encoding)
        self.waiting += count
        parcel = Parcel(self, count * self.image_bytes, encoding.media_type, headers)
        until = time.monotonic() + self.seconds
        leaving = asyncio.ensure_future(_departure(request))
        try:
            drawn = self.worker.submit(order.z, order.y, order.truncation, until)
            leaving.add_done_callback(lambda _: drawn.cancel())
            pixels = await drawn
            if pixels.nbytes <= SMALL:
                content, spent = _timed(encoding, pixels)
            else:
                loop = asyncio.get_running_loop()
                content, spent = await loop.run_in_executor(self._encoders, _timed, encoding, pixels)
            pace = self._encoding[encoding.name]
            self._encoding[encoding.name] = MEMORY * pace + (1 - MEMORY) * spent / count
            if time.monotonic() > until:
                raise LateError
            return parcel.of(content)
        except BaseException as error:
            parcel.put_down()
            if isinstance(error, asyncio.CancelledError) and leaving.done():
                raise GoneError from None
            raise
        finally:
            leaving.cancel()
            self.waiting -= count

    def close(self) -> None:
        """Draw what was accepted, and end the threads."""
        self.worker.close()
        self._encoders.shutdown()

    def _admit(self, count: int, encoding: Encoding) -> None:
        pace = self.worker.seconds_per_image + self._encoding[encoding.name]
        wait, bearable = (self.waiting + count) * pace, self.seconds / 2
        if self.waiting and wait > bearable:
            raise BusyError(wait - bearable)
        if self.held + count * self.image_bytes > ROOM:
            raise BusyError(self.seconds)


class Parcel(Response):
    """An answer that counts as held until the last of it is on its way.

    Sent piece by piece, because a transport takes whatever it is given, however slowly it is read.
    """

    def __init__(self, desk: Desk, size: int, media_type: str, headers: Mapping[str, str] | None) -> None:
        super().__init__(media_type=media_type, headers=headers)
        self.desk, self.size = desk, size
        desk.held += size

    def of(self, content: bytes) -> "Parcel":
        """With its content."""
        self.body = content
        self.headers["content-length"] = str(len(content))
        return self

    def put_down(self) -> None:
        """Hold it no longer."""
        self.desk.held -= self.size
        self.size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for start in range(0, len(self.body), PIECE):
                piece = self.body[start : start + PIECE]
                await send({"type": "http.response.body", "body": piece, "more_body": start + PIECE < len(self.body)})
        finally:
            self.put_down()


def _timed(encoding: Encoding, pixels: Pixels) -> tuple[bytes, float]:
    """Encoded images, and the seconds it took."""
    began = time.perf_counter()
    return encoding.encode(pixels), time.perf_counter() - began


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
