"""Overload of a server of rows: what is refused, what is late, and clients that leave. So are sounds drawn."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from clients import Client
from starlette.requests import ClientDisconnect

from ganatomy.errors import UserError
from ganatomy.generators.rows import RowSampler
from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.web.serve.admission import MAX_HELD, DeadlineError, OverloadedError
from ganatomy.web.serve.blocks.dispatcher import BlockDispatcher
from ganatomy.web.serve.blocks.requests import BlockJob


class Gated(BlockJob):
    """Rows that are drawn while a gate is open."""

    def draw(self, between: Any) -> DrawnSamples:
        GATE.wait()
        between()
        return super().draw(between)


GATE = threading.Event()
SIZE = 100  # bytes of a row


def encode(rows: DrawnSamples) -> bytes:
    return b"x"


@asynccontextmanager
async def dispatching(sampler: RowSampler, seconds: float, pace: float) -> AsyncIterator[BlockDispatcher]:
    """A dispatcher behind a closed gate, which takes the generator to be of that speed, in seconds a sample."""
    dispatcher = BlockDispatcher(sampler, SIZE, encode, 60.0)
    dispatcher.seconds, dispatcher.seconds_per_sample = seconds, pace
    GATE.clear()
    try:
        yield dispatcher
    finally:
        GATE.set()
        await asyncio.to_thread(dispatcher.close)


def ask(dispatcher: BlockDispatcher, client: Client | None = None, count: int = 64) -> "asyncio.Task[Any]":
    job = Gated(dispatcher.sampler, range(count))
    return asyncio.create_task(dispatcher.answer(job, encode, "text/csv", (client or Client()).request))


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_what_would_be_late_is_refused_and_the_rest_is_answered(people_sampler: RowSampler) -> None:
    async def story() -> None:
        async with dispatching(people_sampler, seconds=20.0, pace=0.05) as dispatcher:
            requests = [ask(dispatcher) for _ in range(10)]
            await settle()
            assert dispatcher.waiting == 3 * 64  # half of 20 seconds are 200 rows
            refused = [each.exception() for each in requests if each.done()]
            assert len(refused) == 7
            assert all(isinstance(each, OverloadedError) and each.seconds >= 1 for each in refused)
            GATE.set()
            answers = [await each for each in requests if not each.done() or not each.exception()]
            assert [answer.body for answer in answers] == [b"x"] * 3
            assert dispatcher.waiting == 0
            assert dispatcher.held == 3 * 64 * dispatcher.sample_bytes

    asyncio.run(story())


def test_what_is_late_is_given_up_and_so_is_a_client_that_has_left(people_sampler: RowSampler) -> None:
    async def story() -> None:
        async with dispatching(people_sampler, seconds=0.2, pace=0.0) as dispatcher:
            late, client = ask(dispatcher), Client()
            gone = ask(dispatcher, client)
            await settle()
            client.left.set()
            with pytest.raises(ClientDisconnect):
                await gone
            await asyncio.sleep(0.3)
            GATE.set()
            with pytest.raises(DeadlineError):
                await late
            assert dispatcher.waiting == dispatcher.held == 0

    asyncio.run(story())


def test_rows_that_are_not_read_are_bounded(people_sampler: RowSampler) -> None:
    async def story() -> None:
        async with dispatching(people_sampler, seconds=20.0, pace=0.0) as dispatcher:
            dispatcher.sample_bytes = MAX_HELD // 100
            first, second = ask(dispatcher), ask(dispatcher)
            await settle()
            assert isinstance(second.exception(), OverloadedError)
            GATE.set()
            assert (await first).body == b"x"

    asyncio.run(story())


def test_a_generator_that_is_too_slow_is_refused(people_sampler: RowSampler) -> None:
    with pytest.raises(UserError, match=r"64 rows, which are drawn together, take .* s on this machine: give"):
        BlockDispatcher(people_sampler, SIZE, encode, 1e-6)
