"""Which requests a server accepts: by Host, Origin, token, and by the size and duration of the body.

A web page that somebody has open elsewhere can send requests to 127.0.0.1, and after DNS rebinding it can read the
answers, because the browser takes the server for the page's own. It cannot choose the Host and Origin headers that the
browser sends, so these are checked on every route, method and WebSocket.
"""

import asyncio
import contextlib
import ipaddress
import json
import re
import secrets
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ganatomy.errors import UserError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "ganatomy_token_{}"  # of a port: a browser sends a cookie to all ports of a host
# No resources from other sites, no scripts, no frames; a page that needs more sends a policy of its own.
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Limits:
    """Limits of one request.

    body      bytes of its body
    seconds   until the whole body has arrived
    """

    body: int = 2**20
    seconds: float = 10.0


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` can be reached from this machine only."""
    return host in LOOPBACK


class Guard:
    """ASGI middleware that refuses a request, by one sentence of JSON {"error": …}, before the application sees it.

    403  unknown Host header, or a request from another site's page
    401  no valid token: `Authorization: Bearer TOKEN`, or once `?token=TOKEN`, which sets a cookie
    413  the body is too large
    408  the body takes too long
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        allow: Sequence[str] = (),
        token: str | None = None,
        limits: Limits | None = None,
        policy: str = POLICY,
    ) -> None:
        """host: the address that the server is bound to; allow: more host names to accept."""
        own = () if is_loopback(host) else (host, socket.gethostname())
        self.names = {name.lower() for name in (*LOOPBACK, *own, *allow)}
        # An IP address is not looked up in DNS, so there is nothing to rebind.
        self.any_address = not is_loopback(host)
        self.app, self.token, self.limits = app, token, limits or Limits()
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):  # start and stop of the server itself
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_sender(headers)
            redirect = self._check_token(scope, headers)
            await self._check_length(headers, receive)
        except HTTPException as error:
            await _refuse(scope, receive, self._with_headers(send), error)
            return
        if redirect is not None:
            await self._with_headers(send)({"type": "http.response.start", "status": 303, "headers": redirect})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] == "http":
            receive, send = self._limited(receive), self._with_headers(send)
        await self.app(scope, receive, send)

    def _check_sender(self, headers: Headers) -> None:
        """403 unless the request is addressed to this server, and comes from one of its own pages or from no page."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_known(hosts[0]):
            raise HTTPException(403, "Unknown Host header; start the server with `--allow NAME` to accept that name.")
        if any(re.sub("^https?://", "", origin.lower(), count=1) != hosts[0].lower() for origin in origins):
            raise HTTPException(403, "Pages of other sites may not send requests to this server.")
        # Images and scripts are fetched without an Origin; following a link is allowed.
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            raise HTTPException(403, "Pages of other sites may not embed content of this server.")

    def _is_known(self, host: str) -> bool:
        found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?", host.lower())
        if found is None:
            return False
        name = found[1] or found[2]
        return name in self.names or (self.any_address and _is_address(name))

    def _check_token(self, scope: Scope, headers: Headers) -> list[tuple[bytes, bytes]] | None:
        """401 without the token. If the address holds it: the headers of a redirect that moves it to a cookie."""
        if self.token is None:
            return None
        if _same(headers.get("authorization", ""), f"Bearer {self.token}"):
            return None
        own = f"{COOKIE.format((scope.get('server') or (None, 0))[1])}={self.token}"
        cookies = (pair.strip() for line in headers.getlist("cookie") for pair in line.split(";"))
        if any(_same(pair, own) for pair in cookies):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["type"] == "http" and scope["method"] == "GET" and _same(dict(query).get("token", ""), self.token):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            # The same page by a relative address: an absolute path such as //host would lead to another server.
            place = "./" + quote(scope["path"].rpartition("/")[2]) + (f"?{rest}" if rest else "")
            # Lax and not Strict: the page that opens the browser is a file, which counts as another site.
            cookie = f"{own}; Path=/; HttpOnly; SameSite=Lax"
            return [(b"location", place.encode()), (b"set-cookie", cookie.encode())]
        raise HTTPException(
            401,
            "A token is required: open the address that the server printed at its start, "
            "or send `Authorization: Bearer TOKEN`.",
        )

    async def _check_length(self, headers: Headers, receive: Receive) -> None:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length[:20]) > self.limits.body:
            raise await self._too_large(receive)

    def _limited(self, receive: Receive) -> Receive:
        """`receive` that raises when the body grows too large or does not arrive in time."""
        received, complete = 0, False
        until = asyncio.get_running_loop().time() + self.limits.seconds

        async def bounded() -> Message:
            nonlocal received, complete
            if complete:  # later messages only report that the client has disconnected
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(
                    408, f"The request did not arrive within {self.limits.seconds:g} seconds."
                ) from None
            received += len(message.get("body", b""))
            if received > self.limits.body:
                raise await self._too_large(receive)
            complete = not message.get("more_body", False)
            return message

        return bounded

    async def _too_large(self, receive: Receive) -> HTTPException:
        # Read the rest and drop it: a client that is still sending when the connection closes never sees the answer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.seconds):
                while (await receive()).get("more_body", False):
                    pass
        return HTTPException(
            413, f"The body of a request may have at most {self.limits.body:,} bytes.", {"connection": "close"}
        )

    def _with_headers(self, send: Send) -> Send:
        """`send` that adds the security headers which the application has not set itself."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                extra = [(name, value) for name, value in self.headers if name not in there]
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        return adding


async def _refuse(scope: Scope, receive: Receive, send: Send, error: HTTPException) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the handshake gets a 403
        return
    body = json.dumps({"error": error.detail}).encode()
    # The rest of the request's body is not read, so the connection has to end.
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    if error.status_code == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": error.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(), secret.encode())


def host_names(given: Iterable[str]) -> list[str]:
    """The values of --allow. Raises UserError for one that cannot be a host name."""
    names = list(given)
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            raise UserError(f"--allow {name}: give a host name alone, for example --allow faces.example.org.")
    return names
