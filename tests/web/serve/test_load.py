"""More than it can do, clients that leave, clients that do not read, and being told to stop."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import HERE, Server, serving

SPEED, DEADLINE = 200, 2.0  # images a second, seconds to answer
COUNT = 16  # images a request


def slow(speed: float = SPEED, deadline: float = DEADLINE) -> tuple[str, str, str]:
    return (str(HERE / "doubles.py"), str(1 / speed), str(deadline))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(*slow()) as running:
        yield running


def request(count: int, seed: int = 0) -> bytes:
    """A POST of /images for raw pixels, as it goes over the wire."""
    body = json.dumps({"seeds": [*range(seed, seed + count)], "format": "raw"}).encode()
    head = f"POST /images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def resident(process: subprocess.Popen[str]) -> float:
    """MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def quiet(server: Server, seconds: float = 10.0) -> None:
    """Until nothing waits."""
    until = time.monotonic() + seconds
    while server.figure("waiting") or server.figure("held_bytes"):
        assert time.monotonic() < until, "something still waits"
        time.sleep(0.05)


def test_at_ten_times_what_it_can_do_it_answers_some_in_time_and_the_others_at_once(server: Server) -> None:
    """Open loop: requests come at ten times the speed, whatever became of those before."""
    seconds, gap = 3.0, COUNT / (10 * SPEED)
    answers: list[tuple[int, float, bool]] = []
    sizes: list[float] = []

    async def one(seed: int) -> None:
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(COUNT, seed))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"content-length: (\d+)", head)
        assert found
        await reader.readexactly(int(found[1]))
        writer.close()
        status, later = int(head.split()[1]), re.search(r"retry-after: [1-9]", head)
        answers.append((status, time.perf_counter() - began, status == 200 or later is not None))

    async def storm() -> None:
        tasks = []
        began = time.perf_counter()
        for i in range(int(seconds / gap)):
            tasks.append(asyncio.create_task(one(i)))
            if i % 25 == 0:
                sizes.append(resident(server.process))
            await asyncio.sleep(max(0.0, began + i * gap - time.perf_counter()))
        assert time.perf_counter() - began < 1.5 * seconds  # else it was no storm
        await asyncio.gather(*tasks)

    asyncio.run(storm())
    kinds = Counter(status for status, _, _ in answers)
    assert set(kinds) == {200, 429}, kinds
    assert kinds[429] > 5 * kinds[200]
    assert kinds[200] * COUNT >= 0.5 * SPEED * seconds  # most of what it can do, it does
    assert all(patient for _, _, patient in answers)
    assert max(taken for status, taken, _ in answers if status == 200) <= DEADLINE + 0.5  # the client has work too
    assert max(sizes[len(sizes) // 4 :]) - sizes[len(sizes) // 4] < 32, sizes
    quiet(server)


def test_work_whose_client_has_gone_never_reaches_the_generator(server: Server) -> None:
    quiet(server)
    before, gone = server.figure("images_total"), server.figure("gone_total")
    first = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(9)]
    for i, connection in enumerate(first):
        connection.sendall(request(COUNT, 100 * i))
    time.sleep(0.1)
    for connection in first:
        connection.close()
    quiet(server)
    drawn = server.figure("images_total") - before
    assert drawn <= 2 * 32, drawn  # of 144: what was being drawn when they left
    assert server.figure("gone_total") - gone == 9


def test_clients_that_do_not_read_hold_nobody_up(server: Server) -> None:
    quiet(server)
    slow_ones = []
    for i in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(request(COUNT, i)[: None if i % 2 else -5])  # some do not even finish asking
        slow_ones.append(connection)
    time.sleep(0.3)
    took = []
    for seed in range(20):
        began = time.perf_counter()
        assert server.client.get(f"/image.png?seed={seed}").status_code == 200
        took.append(time.perf_counter() - began)
    for connection in slow_ones:
        connection.close()
    assert sorted(took)[10] < 0.25, took
    quiet(server)


def test_told_to_stop_it_finishes_what_it_accepted(server: Server) -> None:
    quiet(server)
    idle = socket.create_connection(("127.0.0.1", server.port))
    connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    for i, connection in enumerate(connections):
        connection.sendall(request(COUNT, i))
    time.sleep(0.1)
    server.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    time.sleep(0.15)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    for connection in connections:
        answer = b""
        while piece := connection.recv(2**16):
            answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        assert len(body) == COUNT * 64 * 64 * 3
        connection.close()
    idle.close()
    assert server.process.wait(timeout=10) == 0
    assert time.monotonic() - began < DEADLINE + 5
