"""An HTTP server that closes stalled connections and finishes the requests that it accepted before it stops."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ganatomy.errors import UserError

STALL_TIMEOUT = 30.0  # seconds without progress after which a connection is closed
MAX_CONNECTIONS = 4096  # at once; further ones are closed without an answer


class Connection(H11Protocol):
    """An HTTP/1.1 connection that is closed when no request comes, or when the client stops reading its answer."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        stall_timeout: float = STALL_TIMEOUT,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.stall_timeout = stall_timeout
        self.next_check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._check_progress(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.next_check is not None:
            self.next_check.cancel()

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
    _allow_connections()
    config = uvicorn.Config(
        app,
        http=partial(Connection, stall_timeout=stall_timeout),  # type: ignore[arg-type]
        ws="none",
        loop="asyncio",
        log_level="warning",
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


def _allow_connections() -> None:
    """Raise the limit of open files to what the connections need, where the system permits it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MAX_CONNECTIONS + 256
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
