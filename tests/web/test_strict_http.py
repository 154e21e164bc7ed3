"""Requests that no client of ours sends: of another version, with too many headers, or of two lengths."""

import json
import re
import socket
from collections.abc import Iterator

import pytest
from servers import Server, serving

PROGRAM = """
import sys
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from ganatomy.web import server
from ganatomy.web.guard import Guard

async def echo(request):
    return PlainTextResponse(await request.body())

async def gone(request, error):
    return Response(status_code=499)

listener = server.bind("127.0.0.1", 0)
print(server.address(listener), "ready", sep="\\n", file=sys.stderr, flush=True)
app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])], exception_handlers={ClientDisconnect: gone})
server.run(Guard(app, "127.0.0.1"), listener, 1)
"""
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def echoing() -> Iterator[Server]:
    with serving("-c", PROGRAM) as running:
        yield running


def answer(server: Server, request: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer to raw bytes; 0 where the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        received, wanted = b"", 1
        while len(received) < wanted and (piece := connection.recv(2**16)):
            received += piece
            head, end, _ = received.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            wanted = len(head) + 4 + int(length[1] if length else 0) if end else len(received) + 1
        head, _, body = received.partition(b"\r\n\r\n")
        return (int(head.split()[1]), body) if head else (0, b"")


@pytest.mark.parametrize(
    ("request_", "status", "words"),
    [
        (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "HTTP/1.1 only"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1 only"),
        (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505, "HTTP/1.1 only"),
        (GET + b"".join(b"X-%d: 1\r\n" % i for i in range(10_000)) + b"\r\n", 431, "at most"),
        (GET + b"".join(b"X-%d: 1\r\n" % i for i in range(100)) + b"\r\n", 431, "at most 100 headers"),
        (GET + b"X: " + b"x" * 2**15 + b"\r\n\r\n", 431, ""),
        (b"GET /?" + b"x" * 2**15 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 431, ""),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "a path"),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "a path"),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "a path"),
        (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "either"),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, "either"),
        (b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "either"),
        (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd\r\n", 400, ""),
        (POST + b"Content-Length: 3, 4\r\n\r\nabcd\r\n", 400, ""),
        (POST + b"Content-Length: -3\r\n\r\n", 400, ""),
        (POST + b"Content-Length: +3\r\n\r\nabc\r\n", 400, ""),
        (POST + b"Content-Length: \xd9\xa3\r\n\r\nabc\r\n", 400, ""),
        (POST + b"Content-Length: 99999999999999999999999999\r\n\r\n", 400, ""),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, ""),
        (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, ""),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, ""),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n", 400, ""),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", 400, ""),
        (b"GET / HTTP/1.1\r\n\r\n", 400, ""),
        (GET + b"Host: evil.example\r\n\r\n", 400, ""),
        (b"GET / HTTP/1.0\r\n\r\n", 403, "Host"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "Host"),
        (b"GET /\r\n\r\n", 400, ""),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, ""),
        (GET + b"X\x00: 1\r\n\r\n", 400, ""),
        (GET + b"X: 1\x00\r\n\r\n", 400, ""),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(
    echoing: Server, request_: bytes, status: int, words: str
) -> None:
    found, body = answer(echoing, request_)
    assert found == status, body
    sentence = json.loads(body)["error"]
    assert words in sentence
    assert sentence.endswith(".")
    assert echoing.client.get("/").status_code == 200


def test_what_clients_send_is_read(echoing: Server) -> None:
    assert answer(echoing, b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")[0] == 200
    assert answer(echoing, GET + b"".join(b"X-%d: 1\r\n" % i for i in range(90)) + b"\r\n")[0] == 200
    assert answer(echoing, POST + b"Content-Length: 3\r\n\r\nabc") == (200, b"abc")
    assert answer(echoing, POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n") == (200, b"abc")
    assert echoing.client.post("/", content=b"x" * 2**20).content == b"x" * 2**20
    two = (GET + b"\r\n") * 2
    with socket.create_connection(("127.0.0.1", echoing.port), timeout=30) as connection:
        connection.sendall(two)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            received += connection.recv(2**16)


def test_a_refused_body_ends_its_connection(echoing: Server) -> None:
    """What follows it is not read as another request."""
    smuggled = POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET + b"\r\n"
    with socket.create_connection(("127.0.0.1", echoing.port), timeout=30) as connection:
        connection.sendall(smuggled)
        received = b""
        while piece := connection.recv(2**16):
            received += piece
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 400")
