"""What h11 leaves open in the head of a request: its version, its size, its address, and where its body ends."""

import h11

MAX_HEADERS = 100
MAX_HEAD = 2**15  # bytes of the address and all headers together
VERSIONS = (b"1.0", b"1.1")


class StrictConnection(h11.Connection):
    """The server's side of HTTP/1.1.

    A request is refused that two programs could read differently: one that calls itself HTTP/2, gives two lengths, or
    names another server in its address (RFC 9112, sections 2.3, 3.2 and 6.3).
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEAD)

    def next_event(self) -> "h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]":
        """The next event. Raises h11.RemoteProtocolError for a request that is refused, with the status to answer."""
        event = super().next_event()
        if isinstance(event, h11.Request):
            _check(event)
        return event


def _check(request: h11.Request) -> None:
    names = [name for name, _ in request.headers]
    size = len(request.target) + sum(len(name) + len(value) + 4 for name, value in request.headers)
    if request.http_version not in VERSIONS:
        raise h11.RemoteProtocolError("This server speaks HTTP/1.1 only", 505)
    if len(names) > MAX_HEADERS:
        raise h11.RemoteProtocolError(f"A request may have at most {MAX_HEADERS} headers", 431)
    if size > MAX_HEAD:
        raise h11.RemoteProtocolError(f"The head of a request may have at most {MAX_HEAD:,} bytes", 431)
    if not request.target.startswith(b"/"):
        raise h11.RemoteProtocolError("The address of a request has to be a path: /…")
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version == b"1.0"):
        raise h11.RemoteProtocolError("A body has either a Content-Length or, in HTTP/1.1, a Transfer-Encoding")
