"""An HTTP server that closes stalled connections and finishes the requests that it accepted before it stops."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ganatomy.errors import UserError
from ganatomy.web.strict_http import StrictConnection

STALL_TIMEOUT = 30.0  # seconds without progress after which a connection is closed
MAX_CONNECTIONS, FEWEST_CONNECTIONS = 4096, 64  # at once; for more, idle ones are closed, the oldest first
BACKLOG = 1024  # connections that may be accepted at once
OTHER_FILES = 256  # that a server may have open beside its connections


@dataclass
class Crowd:
    """The connections of one server.

    most   at once
    idle   those without a request, the one that has been idle for longest first; the values mean nothing
    """

    most: int = MAX_CONNECTIONS
    idle: dict["Connection", None] = field(default_factory=dict)


class Connection(H11Protocol):
    """An HTTP/1.1 connection that is closed when no request comes, or when the client stops reading its answer.

    Where there are too many connections, those without a request make room: they hold up nobody who has one.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        stall_timeout: float = STALL_TIMEOUT,
        crowd: Crowd | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = StrictConnection()
        self.stall_timeout, self.crowd = stall_timeout, crowd or Crowd()
        self.next_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.crowd.most:
            oldest = next(iter(self.crowd.idle), self)
            oldest._leave()
            if oldest is self:
                return
        self.crowd.idle[self] = None
        self._check_progress(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.crowd.idle.pop(self, None)
        if self.next_check is not None:
            self.next_check.cancel()

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self.crowd.idle.pop(self, None)

    def on_response_complete(self) -> None:
        if not self.transport.is_closing():
            self.crowd.idle.pop(self, None)
            self.crowd.idle[self] = None
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what h11 or `StrictConnection` could not read, by one sentence of JSON."""
        if self.cycle is not None and not self.cycle.response_complete:  # of a body, which the application waits for
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        error = sys.exc_info()[1]
        status, sentence = getattr(error, "error_status_hint", 400), str(error).rstrip(".")
        body = json.dumps({"error": f"{sentence or msg}."}).encode()
        head = f"HTTP/1.1 {status} \r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self.transport.write(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def _leave(self) -> None:
        """Close the connection, and count it no more from now on."""
        self.connections.discard(self)
        self.crowd.idle.pop(self, None)
        self.transport.abort()

    def _check_progress(self, before: object) -> None:
        """Every `stall_timeout` seconds: close the connection if it is idle, or if its answer is not being read."""
        unread = self.transport.get_write_buffer_size()
        now = (self.cycle, unread)
        working = self.cycle is not None and not self.cycle.response_complete and not unread
        if now == before and not working:
            self.transport.abort()
        else:
            self.next_check = self.loop.call_later(self.stall_timeout, self._check_progress, now)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free port. Raises UserError where host and port cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, or asyncio leaves Nagle's delay on: an answer in two parts would wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UserError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}; try another --port."
        ) from None
    listener.listen(1024)
    return listener


def address(listener: socket.socket) -> str:
    """http://HOST:PORT of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: ASGIApp, listener: socket.socket, shutdown_seconds: int, stall_timeout: float = STALL_TIMEOUT) -> None:
    """Answer until SIGTERM or Ctrl-C, finish accepted requests for at most `shutdown_seconds`, and return.

    A second Ctrl-C ends it at once.
    """
    crowd = Crowd(_allow_connections())
    config = uvicorn.Config(
        app,
        http=partial(Connection, stall_timeout=stall_timeout, crowd=crowd),  # type: ignore[arg-type]
        ws="none",
        loop="asyncio",
        backlog=BACKLOG,
        log_level="error",  # not what clients send wrongly: a stranger could fill the log
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client could claim any address in them
        timeout_keep_alive=int(max(1, stall_timeout)),
        timeout_graceful_shutdown=shutdown_seconds,
    )
    server = uvicorn.Server(config)
    # Uvicorn raises the signal again once it has finished; ignored here, so that the process exits with status 0.
    with _signals_ignored():
        server.run(sockets=[listener])


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _allow_connections() -> int:
    """Raise the limit of open files to what the connections need; returns how many of them the system then permits."""
    rest = BACKLOG + OTHER_FILES
    limit = MAX_CONNECTIONS + rest
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < limit:
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(FEWEST_CONNECTIONS, limit - rest)
