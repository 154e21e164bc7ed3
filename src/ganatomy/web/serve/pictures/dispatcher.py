"""Draws of the pictures that are sent, one after the other, as `ganatomy apply` does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import numpy as np
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ganatomy.data.decode import decode, opened
from ganatomy.data.items import ImageError
from ganatomy.errors import UserError
from ganatomy.generators.image_to_image import MOST, ImageToImage
from ganatomy.modalities.images import Pixels, encoded, picture
from ganatomy.web.serve.admission import MAX_HELD, OnDrawn, OneThread, OverloadedError, StreamedResponse, averaged

MAX_BODY = 16 * 2**20  # bytes of a picture's file
TYPES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}  # Pillow's names of what may be sent
SIDE = 64  # pixels of the picture by which the speed is measured
LEAST = 32**2  # pixels that a smaller picture counts as: it costs more than its pixels


class PictureDispatcher(OneThread):
    """Decodes, draws and encodes what it accepts, and answers each request within `seconds`.

    most                pixels that a picture may have
    seconds_per_pixel   of a given picture, a running average

    Raises UserError where a small picture takes more than half of `seconds`.
    """

    def __init__(self, sampler: ImageToImage, seconds: float, on_drawn: OnDrawn = lambda *_: None) -> None:
        super().__init__(seconds)
        self.sampler, self.on_drawn = sampler, on_drawn
        self.seconds_per_pixel = self.thread.submit(self._measured).result()
        if (taken := SIDE**2 * self.seconds_per_pixel) > seconds / 2:
            raise UserError(
                f"A picture of {SIDE}×{SIDE} pixels takes {taken:.1f} s on this machine: give --seconds "
                f"{2 * taken:.0f} or more."
            )
        self.most = min(MOST // sampler.scale**2, int(seconds / 2 / self.seconds_per_pixel))

    async def answer(self, request: Request) -> StreamedResponse:
        """The PNG that is drawn of the picture in a request's body.

        Raises OverloadedError, DeadlineError or ClientDisconnect; HTTPException for another type of content, and for a
        picture of too many pixels; UserError for one that cannot be read.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in TYPES:
            raise HTTPException(415, f"Send a picture, with the header Content-Type: {' or '.join(TYPES)}.")
        async with self._room(request):
            body = await request.body()
            given = await asyncio.to_thread(_opened, body)  # the head of a file may have any number of parts
            count = given.width * given.height
            if count > self.most:
                raise HTTPException(
                    413, f"The picture has {given.width}×{given.height} pixels: {self.most:,} are the most."
                )
            size = count * self.sampler.scale**2 * self.sampler.metadata.channels
            response = StreamedResponse(self, size, "image/png")
            work = partial(self._draw, given)
            return await self.drawn(request, max(count, LEAST), self.seconds_per_pixel, response, work)

    @asynccontextmanager
    async def _room(self, request: Request) -> AsyncIterator[None]:
        """Within the block a request's body counts as held; where there is no room, it is read and dropped."""
        size = int(request.headers.get("content-length", MAX_BODY))
        if self.held + size > MAX_HELD:
            async for _ in request.stream():  # a client that is still sending would not see the answer
                pass
            raise OverloadedError(self.seconds)
        self.held += size
        try:
            yield
        finally:
            self.held -= size

    def _draw(self, given: Image.Image, between: Callable[[], None]) -> bytes:
        between()
        began = time.perf_counter()
        with _readable():
            pixels = decode(given, self.sampler.metadata.channels)
        content = self._file(pixels)
        seconds, count = time.perf_counter() - began, pixels.shape[0] * pixels.shape[1]
        if count >= SIDE**2:
            self.seconds_per_pixel = averaged(self.seconds_per_pixel, seconds / count)
        self.on_drawn(1, 1, seconds)
        return content

    def _file(self, pixels: Pixels) -> bytes:
        """The file that `ganatomy apply` writes of a picture [h, w, C]."""
        return encoded(picture(self.sampler.apply_to(pixels[None])[0]), "PNG")

    def _measured(self) -> float:
        given = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, self.sampler.metadata.channels), np.uint8)
        for _ in range(2):  # the first time is slower: libraries are loaded, memory is taken
            began = time.perf_counter()
            self._file(given)
        return (time.perf_counter() - began) / SIDE**2


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except ImageError as reason:
        raise UserError(f"The picture cannot be read: {reason}.") from None


def _opened(body: bytes) -> Image.Image:
    """A picture, of which the head is read; not decoded."""
    with _readable():
        return opened(body, list(TYPES.values()))
