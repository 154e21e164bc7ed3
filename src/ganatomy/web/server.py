"""A server that cannot be held up by slow visitors, and that ends what it began when it is told to stop."""

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

from ganatomy.errors import UserError

PATIENCE = 30.0  # seconds that a connection may stand still
CONNECTIONS = 4096  # at once; one more is closed unheard


class Connection(H11Protocol):
    """A connection that ends when nobody asks for anything on it, or nobody reads what it answers."""

    def __init__(self, *args: Any, patience: float = PATIENCE, **named: Any) -> None:
        super().__init__(*args, **named)
        self.patience = patience
        self.next_look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._look(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.next_look is not None:
            self.next_look.cancel()

    def _look(self, before: object) -> None:
        """Every `patience` seconds: an end to silence, and to an answer that nobody reads on."""
        unread = self.transport.get_write_buffer_size()
        now = (self.cycle, unread)
        at_work = self.cycle is not None and not self.cycle.response_complete and not unread
        if now == before and not at_work:
            self.transport.abort()
        else:
            self.next_look = self.loop.call_later(self.patience, self._look, now)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, or asyncio leaves its delay on: every answer in two parts would wait 40 ms for an acknowledgement.
    place = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((host, port))
    except OSError as error:
        place.close()
        raise UserError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}; try another --port."
        ) from None
    place.listen(1024)
    return place


def address(place: socket.socket) -> str:
    """http://HOST:PORT of a listening socket."""
    host, port = place.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: ASGIApp, place: socket.socket, seconds_to_finish: int, patience: float = PATIENCE) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted, for `seconds_to_finish` at most, and return.

    A second Ctrl-C ends it at once.
    """
    _allow_connections()
    config = uvicorn.Config(
        app,
        http=partial(Connection, patience=patience),  # type: ignore[arg-type]
        ws="none",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # what a stranger says of where it comes from is not believed
        timeout_keep_alive=int(max(1, patience)),
        timeout_graceful_shutdown=seconds_to_finish,
    )
    server = uvicorn.Server(config)
    # Uvicorn raises the signal again once it has finished, for whoever handled it before: nobody, so it is success.
    with _deaf():
        server.run(sockets=[place])


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _allow_connections() -> None:
    """As many open files as the connections need, where the system lets us."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = CONNECTIONS + 256
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard < 0 else min(wanted, hard), hard))
