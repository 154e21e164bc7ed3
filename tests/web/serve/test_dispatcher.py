"""Overload, clients that leave, clients that do not read, and a server that is told to stop. Work is counted."""

import asyncio
import json
import re
import signal
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from clients import Client
from doubles import PROGRAM, Double
from servers import Server, serving, until
from starlette.requests import ClientDisconnect

from ganatomy.web.serve.admission import MAX_HELD, DeadlineError, OverloadedError, StreamedResponse
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.batch_invariance import BatchSize, BatchSizes
from ganatomy.web.serve.dispatcher import Dispatcher
from ganatomy.web.serve.encoding import FORMATS, Encoding
from ganatomy.web.serve.requests import LatentBatch
from ganatomy.web.serve.workers import WorkerPool

COUNT = 16  # images of a request
BYTES = 64 * 64 * 3  # of an image


@asynccontextmanager
async def dispatching(
    seconds_per_image: float = 0.0, image_bytes: int = BYTES, seconds: float = 2.0
) -> AsyncIterator[tuple[Double, Dispatcher]]:
    """A generator behind a closed gate, and its dispatcher, which takes the generator to be of that speed."""
    double = Double()
    pool = WorkerPool(double)
    pool.start()
    pool.batch_sizes, pool.seconds_per_image = BatchSizes([BatchSize(32, 1.0)]), seconds_per_image
    double.batches.clear()
    double.gate.clear()
    dispatcher = Dispatcher(pool, image_bytes, seconds)
    try:
        yield double, dispatcher
    finally:
        double.gate.set()
        await asyncio.to_thread(dispatcher.close)


def request(dispatcher: Dispatcher, count: int = COUNT, client: Client | None = None) -> "asyncio.Task[Any]":
    """A request for so many images, under way."""
    z, y = of_seeds(dispatcher.workers.backend.prior, range(count))
    answer = dispatcher.answer(LatentBatch(z, y, None), FORMATS["raw"], (client or Client()).request)
    return asyncio.create_task(answer)


async def send(response: StreamedResponse) -> None:
    """To a client that reads."""

    async def discard(message: Any) -> None:
        pass

    await response({"type": "http"}, Client().request.receive, discard)


async def settle() -> None:
    """Let all tasks run until none of them can go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_what_would_be_late_is_refused_at_once_and_the_rest_is_answered() -> None:
    async def story() -> None:
        async with dispatching(seconds_per_image=0.01, seconds=2.0) as (double, dispatcher):
            requests = [request(dispatcher) for _ in range(60)]
            await settle()
            assert double.batches == []  # nothing is drawn yet
            refused = [each.exception() for each in requests if each.done()]
            assert dispatcher.waiting == 96  # half of two seconds are 100 images, and 7 requests would be 112
            assert len(refused) == 60 - 96 // COUNT
            assert all(isinstance(each, OverloadedError) and each.seconds >= 1 for each in refused)
            double.gate.set()
            answered = [await each for each in requests if not each.done() or not each.exception()]
            assert [len(each.body) for each in answered] == [COUNT * BYTES] * 6
            assert dispatcher.waiting == 0
            assert dispatcher.held == 96 * BYTES
            for each in answered:
                await send(each)
            assert dispatcher.held == 0
            assert sum(size for size, _ in double.batches) == 96  # the refused ones cost the generator nothing

    asyncio.run(story())


def test_one_request_is_accepted_however_slow_the_generator_has_become() -> None:
    async def story() -> None:
        async with dispatching(seconds_per_image=100.0) as (double, dispatcher):
            only = request(dispatcher)
            await settle()
            double.gate.set()
            assert len((await only).body) == COUNT * BYTES

    asyncio.run(story())


def test_images_that_are_not_read_are_bounded() -> None:
    async def story() -> None:
        size = MAX_HELD // (3 * COUNT)  # of an image: three requests fill the memory
        async with dispatching(image_bytes=size) as (double, dispatcher):
            double.gate.set()
            unread = [await request(dispatcher) for _ in range(3)]
            with pytest.raises(OverloadedError):
                await request(dispatcher)
            await send(unread[0])
            assert await request(dispatcher)

    asyncio.run(story())


def test_images_of_a_client_that_has_left_are_not_drawn() -> None:
    async def story() -> None:
        async with dispatching() as (double, dispatcher):
            first = request(dispatcher, 32)
            while not double.begun:
                await asyncio.sleep(0.001)
            clients = [Client() for _ in range(8)]
            rest = [request(dispatcher, client=each) for each in clients]
            await settle()
            assert dispatcher.waiting == 32 + 8 * COUNT
            for client in clients:
                client.left.set()
            gone = await asyncio.gather(*rest, return_exceptions=True)
            assert [type(each) for each in gone] == [ClientDisconnect] * 8
            double.gate.set()
            await first
            assert [size for size, _ in double.batches] == [32]
            assert (dispatcher.waiting, dispatcher.held) == (0, 32 * BYTES)

    asyncio.run(story())


def test_a_client_that_leaves_while_its_images_are_encoded_gives_its_place_back() -> None:
    """At once, although the encoder goes on: others would be refused for images that nobody waits for."""
    encoding, gate = threading.Event(), threading.Event()

    def encode(pixels: Any) -> bytes:
        encoding.set()
        gate.wait(30)
        return b""

    async def story() -> None:
        async with dispatching(seconds_per_image=0.01, seconds=2.0) as (double, dispatcher):
            double.gate.set()
            z, y = of_seeds(dispatcher.workers.backend.prior, range(96))
            slow = Encoding("slow", "image/webp", encode)
            client = Client()
            walk = asyncio.create_task(dispatcher.answer(LatentBatch(z, y, None), slow, client.request))
            await asyncio.to_thread(encoding.wait, 30)
            dispatcher.workers.seconds_per_image = 0.01  # as before: 112 images are too many
            with pytest.raises(OverloadedError):
                await request(dispatcher)
            client.left.set()
            with pytest.raises(ClientDisconnect):
                await walk
            assert (dispatcher.waiting, dispatcher.held) == (0, 0)
            assert len((await request(dispatcher)).body) == COUNT * BYTES
            gate.set()

    try:
        asyncio.run(story())
    finally:
        gate.set()


def test_what_is_not_ready_in_time_is_given_up() -> None:
    async def story() -> None:
        async with dispatching(seconds=0.05) as (double, dispatcher):
            late = request(dispatcher)
            await asyncio.sleep(0.1)
            double.gate.set()
            with pytest.raises(DeadlineError):
                await late
            assert (dispatcher.waiting, dispatcher.held) == (0, 0)

    asyncio.run(story())


# --- a real server ----------------------------------------------------------------------------------------------------

SPEED, DEADLINE = 200, 5.0  # images a second, seconds to answer


@pytest.fixture(scope="module")
def slow_server() -> Iterator[Server]:
    with serving(PROGRAM, str(1 / SPEED), str(DEADLINE)) as running:
        yield running


def post(count: int, seed: int = 0) -> bytes:
    """A POST of /images for raw pixels, as it goes over the wire."""
    body = json.dumps({"seeds": [*range(seed, seed + count)], "format": "raw"}).encode()
    head = f"POST /images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def connect(server: Server, buffer: int | None = None) -> socket.socket:
    """A connection; buffer: bytes that it takes before somebody reads."""
    connection = socket.socket()
    if buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    return connection


def read(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of an answer after which the server closes the connection."""
    answer = b""
    while piece := connection.recv(2**16):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def idle(server: Server) -> None:
    until(lambda: not server.metric("waiting") and not server.metric("held_bytes"))


@pytest.mark.slow
def test_under_ten_times_its_load_every_request_is_answered_or_refused(slow_server: Server) -> None:
    """Open loop: requests keep coming, whatever becomes of those before."""
    seconds, gap = 3.0, COUNT / (10 * SPEED)
    answers: list[tuple[int, bool]] = []
    waiting: list[float] = []

    async def one(seed: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", slow_server.port)
        writer.write(post(COUNT, seed))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"content-length: (\d+)", head)
        assert found
        await reader.readexactly(int(found[1]))
        writer.close()
        answers.append((int(head.split()[1]), re.search(r"retry-after: [1-9]", head) is not None))

    async def storm() -> None:
        tasks = []
        for i in range(int(seconds / gap)):
            tasks.append(asyncio.create_task(one(i)))
            if i % 25 == 0:
                waiting.append(await asyncio.to_thread(slow_server.metric, "waiting"))
            await asyncio.sleep(gap)
        await asyncio.gather(*tasks)

    before = slow_server.metric("images_total")
    asyncio.run(storm())
    kinds = Counter(status for status, _ in answers)
    assert set(kinds) == {200, 429}, kinds  # no 503: what was accepted was ready in time, by the server's own clock
    assert sum(kinds.values()) == int(seconds / gap)
    assert all(patient == (status == 429) for status, patient in answers)
    assert max(waiting) <= SPEED * DEADLINE  # images; the measured speed may be above the nominal one
    assert slow_server.metric("images_total") - before == COUNT * kinds[200]
    idle(slow_server)


def test_clients_that_do_not_read_hold_nobody_up(slow_server: Server) -> None:
    idle(slow_server)
    stalled = []
    for i in range(20):
        stalled.append(connect(slow_server, buffer=4096))
        stalled[-1].sendall(post(COUNT, i)[: None if i % 2 else -5])  # some do not even finish their request
    until(lambda: slow_server.metric("held_bytes"))
    for seed in range(20):
        assert slow_server.client.get(f"/image.png?seed={seed}").status_code in (200, 429)
    until(lambda: not slow_server.metric("waiting"))
    assert slow_server.client.get("/image.png?seed=1").status_code == 200
    for connection in stalled:
        connection.close()
    idle(slow_server)


def test_clients_that_have_left_are_counted_and_not_drawn_for(slow_server: Server) -> None:
    idle(slow_server)
    before, gone = slow_server.metric("images_total"), slow_server.metric("gone_total")
    for i in range(9):
        with connect(slow_server) as connection:
            connection.sendall(post(COUNT, 100 * i))
    until(lambda: slow_server.metric("gone_total") - gone == 9)
    idle(slow_server)
    assert slow_server.metric("images_total") - before <= 2 * 32  # of 144: what was being drawn when they left


def test_told_to_stop_it_finishes_what_it_accepted(slow_server: Server) -> None:
    idle(slow_server)
    unused = connect(slow_server)
    connections = [connect(slow_server) for _ in range(5)]
    for i, connection in enumerate(connections):
        connection.sendall(post(COUNT, i))
    until(lambda: slow_server.metric("waiting") > COUNT)
    slow_server.process.send_signal(signal.SIGTERM)
    for connection in connections:
        head, body = read(connection)
        assert head.startswith(b"HTTP/1.1 200"), head
        assert len(body) == COUNT * BYTES
        connection.close()
    unused.close()
    assert slow_server.process.wait(timeout=400) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", slow_server.port))
