"""The server under all applications: sockets, addresses, and connections that stall."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from servers import Server, serving, until

from ganatomy.errors import UserError
from ganatomy.web import server

PROGRAM = """
import sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from ganatomy.web import server

async def many(request):
    return Response(b"x" * 2**26)

listener = server.bind("127.0.0.1", 0)
print(server.address(listener), "ready", sep="\\n", file=sys.stderr, flush=True)
server.run(Starlette(routes=[Route("/", many)]), listener, 1, stall_timeout=0.2)
"""


CROWDED = """
import asyncio, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from ganatomy.web import server

server.MAX_CONNECTIONS = server.FEWEST_CONNECTIONS = 8
gate = asyncio.Event()

async def answer():
    yield "begun "
    await gate.wait()
    yield "ended"

async def wait(request):
    return StreamingResponse(answer())

async def go(request):
    gate.set()
    return PlainTextResponse("gone")

listener = server.bind("127.0.0.1", 0)
print(server.address(listener), "ready", sep="\\n", file=sys.stderr, flush=True)
server.run(Starlette(routes=[Route("/wait", wait), Route("/go", go)]), listener, 1)
"""


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    """A server that closes connections after 0.2 to 0.4 seconds without progress."""
    with serving("-c", PROGRAM) as running:
        yield running


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x"], ids=["idle", "half a request"])
def test_a_connection_without_a_request_is_closed(impatient: Server, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=30) as connection:
        connection.sendall(sent)
        assert connection.recv(1) == b""


def test_idle_connections_hold_up_nobody() -> None:
    """A crowd of them makes room for a request, and costs no request that is being answered."""

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", crowded.port), timeout=30)

    def is_closed(connection: socket.socket) -> bool:
        connection.settimeout(0.01)
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    with serving("-c", CROWDED) as crowded, ExitStack() as stack:
        busy = stack.enter_context(connect())
        busy.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while b"begun" not in answer:
            answer += busy.recv(2**16)
        idle = [stack.enter_context(connect()) for _ in range(40)]
        until(lambda: sum(not is_closed(each) for each in idle) <= 7)
        assert not is_closed(idle[-1]), "the oldest leave first"
        assert crowded.client.get("/go").text == "gone"
        while piece := busy.recv(2**16):
            answer += piece
        assert b"ended" in answer


def test_an_answer_that_nobody_reads_is_given_up(impatient: Server) -> None:
    def open_files() -> int:
        return len(list(Path(f"/proc/{impatient.process.pid}/fd").iterdir()))

    before = open_files()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.connect(("127.0.0.1", impatient.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: open_files() > before)
        until(lambda: open_files() == before)
        received = 0
        with suppress(ConnectionResetError):
            while piece := connection.recv(2**16):
                received += len(piece)
        assert received < 2**26
    assert len(impatient.client.get("/").content) == 2**26  # a client that reads gets all of it


def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    with server.bind("127.0.0.1", 0) as taken, pytest.raises(UserError, match="Cannot listen on"):
        server.bind("127.0.0.1", taken.getsockname()[1])


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="There is no IPv6 here.")
def test_an_ipv6_address_has_brackets() -> None:
    with server.bind("::1", 0) as listener:
        assert server.address(listener) == f"http://[::1]:{listener.getsockname()[1]}"
