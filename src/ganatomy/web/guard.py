"""Who may talk to a server on this machine, and how much they may say.

A web page that a person has open somewhere else can send requests to 127.0.0.1 too, and after DNS rebinding it can read
the answers, because the browser takes the server for the page's own. It cannot choose the Host and Origin that the
browser sends, so these are compared with a list, at every route, method and WebSocket.
"""

import asyncio
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
COOKIE = "ganatomy_token"
# Nothing from elsewhere, no script, no frame; a page that needs more says so itself.
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Limits:
    """Of one request.

    body      bytes of its body
    seconds   until its body has arrived
    """

    body: int = 2**20
    seconds: float = 10.0


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` can be reached from this machine only."""
    return host in LOOPBACK


def token_for(host: str, given: str | None) -> str | None:
    """What a visitor must know: nothing on this machine alone; else the given token, or a new one of 128 bits."""
    if given is not None and not re.fullmatch(r"[\w.~-]{16,128}", given, re.ASCII):
        raise UserError("--token: 16 to 128 letters, digits, dots, dashes, underscores or tildes, hard to guess.")
    return given or (None if is_loopback(host) else secrets.token_urlsafe(16))


class Guard:
    """An application with a doorkeeper: refuses by one sentence of JSON, {"error": …}, before the application is asked.

    403  the Host is not one of ours, or the request comes from another site's page
    401  the token is missing: `Authorization: Bearer TOKEN`, or `?token=TOKEN` once, which leaves a cookie
    413  the body is too large
    408  the body takes too long
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        names: Sequence[str] = (),
        token: str | None = None,
        limits: Limits | None = None,
        policy: str = POLICY,
    ) -> None:
        """host: what the server is bound to; names: other names that it may be called by."""
        own = () if is_loopback(host) else (host, socket.gethostname())
        self.names = {name.lower() for name in (*LOOPBACK, *own, *names)}
        # A page at a bare address needs no DNS, so there is nothing to rebind.
        self.addresses = not is_loopback(host)
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
        if scope["type"] not in ("http", "websocket"):  # the server's own start and stop
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_sender(headers)
            moved = self._check_token(scope, headers)
            self._check_length(headers)
        except HTTPException as error:
            await _refuse(scope, receive, self._covered(send), error)
            return
        if moved is not None:
            await self._covered(send)({"type": "http.response.start", "status": 303, "headers": moved})
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["type"] == "http":
            receive, send = self._limited(receive), self._covered(send)
        await self.app(scope, receive, send)

    def _check_sender(self, headers: Headers) -> None:
        """403 unless the request is addressed to this server, and comes from one of its own pages or from no page."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            raise HTTPException(403, "This server does not go by that Host; `--allow NAME` lets it.")
        if any(re.sub("^https?://", "", origin.lower(), count=1) != hosts[0].lower() for origin in origins):
            raise HTTPException(403, "Pages of other sites may not ask this server for anything.")
        # Pictures and scripts are fetched without an Origin; following a link is what sites are for.
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            raise HTTPException(403, "Pages of other sites may not use what this server draws.")

    def _is_ours(self, host: str) -> bool:
        found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?", host.lower())
        if found is None:
            return False
        name = found[1] or found[2]
        return name in self.names or (self.addresses and _is_address(name))

    def _check_token(self, scope: Scope, headers: Headers) -> list[tuple[bytes, bytes]] | None:
        """401 without the token; with it in the address, where to go on without it and the cookie to do so with."""
        if self.token is None:
            return None
        if _same(headers.get("authorization", ""), f"Bearer {self.token}"):
            return None
        cookies = (pair.strip() for line in headers.getlist("cookie") for pair in line.split(";"))
        if any(_same(pair, f"{COOKIE}={self.token}") for pair in cookies):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["type"] == "http" and scope["method"] == "GET" and _same(dict(query).get("token", ""), self.token):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            # The same page by a relative address: an absolute path such as //host would lead elsewhere.
            place = "./" + quote(scope["path"].rpartition("/")[2]) + (f"?{rest}" if rest else "")
            cookie = f"{COOKIE}={self.token}; Path=/; HttpOnly; SameSite=Lax"
            return [(b"location", place.encode()), (b"set-cookie", cookie.encode())]
        raise HTTPException(401, "Say the token: add ?token=TOKEN once, or send `Authorization: Bearer TOKEN`.")

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length[:20]) > self.limits.body:
            raise self._too_large()

    def _limited(self, receive: Receive) -> Receive:
        """`receive` that ends a body which grows too large, or has not come in time."""
        received, whole = 0, False
        until = asyncio.get_running_loop().time() + self.limits.seconds

        async def bounded() -> Message:
            nonlocal received, whole
            if whole:  # from here on it only says when the client goes
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"The request was not there within {self.limits.seconds:g} seconds.") from None
            received += len(message.get("body", b""))
            if received > self.limits.body:
                raise self._too_large()
            whole = not message.get("more_body", False)
            return message

        return bounded

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"A request's body may have {self.limits.body:,} bytes.", {"connection": "close"})

    def _covered(self, send: Send) -> Send:
        """`send` that adds the security headers, save those that the application has set itself."""

        async def cover(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                extra = [(name, value) for name, value in self.headers if name not in there]
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        return cover


async def _refuse(scope: Scope, receive: Receive, send: Send, error: HTTPException) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the handshake gets a 403
        return
    body = json.dumps({"error": error.detail}).encode()
    # Whatever of its body is still under way is not read: the connection ends.
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


def listed(names: Iterable[str]) -> list[str]:
    """Names for `Guard` as a person gives them; UserError for one that cannot be a host's."""
    names = list(names)
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            raise UserError(f"--allow {name}: give a host's name alone, as in --allow faces.example.org.")
    return names
