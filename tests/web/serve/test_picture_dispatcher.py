"""Overload of a server of pictures: what is refused, what is late, and clients that leave."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from clients import Client
from starlette.requests import ClientDisconnect

import ganatomy
from ganatomy.errors import UserError
from ganatomy.generators.image_to_image import ImageToImage
from ganatomy.modalities.images import encoded, picture
from ganatomy.web.serve.admission import MAX_HELD, DeadlineError, OverloadedError
from ganatomy.web.serve.pictures.dispatcher import LEAST, SIDE, PictureDispatcher
from pairs import rich
from tiny import waves

GIVEN = encoded(picture(waves(1, 32, 40)[0]), "PNG")


@pytest.fixture(scope="module")
def sampler(tmp_path_factory: pytest.TempPathFactory) -> ImageToImage:
    folder: Path = tmp_path_factory.mktemp("enlarging")
    return ganatomy.load(rich(folder, "srgan"))


@asynccontextmanager
async def dispatching(sampler: ImageToImage, seconds: float, pace: float) -> AsyncIterator[PictureDispatcher]:
    """A dispatcher that draws once `gate` is open, and takes the generator to be of that speed, in seconds a pixel."""
    dispatcher = PictureDispatcher(sampler, 60.0)
    dispatcher.seconds, dispatcher.seconds_per_pixel = seconds, pace
    dispatcher.gate = threading.Event()
    dispatcher.thread.submit(dispatcher.gate.wait)
    try:
        yield dispatcher
    finally:
        dispatcher.gate.set()
        await asyncio.to_thread(dispatcher.close)


def sent(body: bytes = GIVEN, length: int | None = None) -> Client:
    return Client({"content-type": "image/png", "content-length": str(length or len(body))}, body)


def ask(dispatcher: PictureDispatcher, client: Client | None = None) -> "asyncio.Task[Any]":
    return asyncio.create_task(dispatcher.answer((client or sent()).request))


async def accepted(dispatcher: PictureDispatcher, tasks: "list[asyncio.Task[Any]]", pixels: int) -> None:
    """Waits until so many pixels wait, and all other tasks are done."""
    count = pixels // (32 * 40)
    while dispatcher.waiting != pixels or sum(not each.done() for each in tasks) != count:
        await asyncio.sleep(0.01)


def test_what_would_be_late_is_refused_and_the_rest_is_answered(sampler: ImageToImage) -> None:
    async def story() -> None:
        async with dispatching(sampler, seconds=20.0, pace=10 / (3 * 32 * 40)) as dispatcher:
            requests = [ask(dispatcher) for _ in range(7)]
            await accepted(dispatcher, requests, 3 * 32 * 40)  # what half of 20 seconds suffice for
            refused = [each.exception() for each in requests if each.done()]
            assert len(refused) == 4
            assert all(isinstance(each, OverloadedError) and each.seconds >= 1 for each in refused)
            dispatcher.gate.set()
            answers = [await each for each in requests if not each.done() or not each.exception()]
            drawn = encoded(picture(sampler.apply_to(waves(1, 32, 40))[0]), "PNG")
            assert [answer.body for answer in answers] == [drawn] * 3
            assert dispatcher.waiting == 0
            assert dispatcher.held == 3 * 16 * 32 * 40 * 3  # drawn and not sent

    asyncio.run(story())


def test_a_small_picture_counts_as_one_of_a_thousand_pixels(sampler: ImageToImage) -> None:
    async def story() -> None:
        async with dispatching(sampler, seconds=20.0, pace=0.0) as dispatcher:
            request = ask(dispatcher, sent(encoded(picture(waves(1, 5, 7)[0]), "PNG")))
            while not dispatcher.waiting:
                await asyncio.sleep(0.01)
            assert dispatcher.waiting == LEAST
            dispatcher.gate.set()
            await request
            assert dispatcher.seconds_per_pixel == 0.0  # too small to tell of the speed

    asyncio.run(story())


def test_what_is_late_is_given_up_and_so_is_a_client_that_has_left(sampler: ImageToImage) -> None:
    async def story() -> None:
        async with dispatching(sampler, seconds=0.5, pace=0.0) as dispatcher:
            client = sent()
            late, gone = ask(dispatcher), ask(dispatcher, client)
            await accepted(dispatcher, [late, gone], 2 * 32 * 40)
            client.left.set()
            with pytest.raises(ClientDisconnect):
                await gone
            await asyncio.sleep(0.6)
            dispatcher.gate.set()
            with pytest.raises(DeadlineError):
                await late
            assert dispatcher.waiting == dispatcher.held == 0

    asyncio.run(story())


def test_files_that_arrive_are_bounded(sampler: ImageToImage) -> None:
    async def story() -> None:
        async with dispatching(sampler, seconds=20.0, pace=0.0) as dispatcher:
            first = ask(dispatcher, sent(length=MAX_HELD - 16 * 32 * 40 * 3))  # what is drawn is held, too
            await accepted(dispatcher, [first], 32 * 40)
            client = sent()
            with pytest.raises(OverloadedError):
                await ask(dispatcher, client)
            assert not client.messages  # read and dropped, so that the client sees the answer
            dispatcher.gate.set()
            await first

    asyncio.run(story())


def test_a_generator_that_is_too_slow_is_refused(sampler: ImageToImage) -> None:
    with pytest.raises(UserError, match=rf"A picture of {SIDE}×{SIDE} pixels takes .* s on this machine: give --sec"):
        PictureDispatcher(sampler, 1e-6)
