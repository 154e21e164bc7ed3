"""Which requests are accepted: by Host, Origin and token, and by the size and duration of the body."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ganatomy.errors import UserError
from ganatomy.web.guard import Guard, Limits, host_names

TOKEN = "a-token-that-is-hard-to-guess"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.query}:{len(await request.body())}")


def guarded(**options: Any) -> Guard:
    routes = [Route("/", echo, methods=METHODS), Route("/deep/page", echo)]
    return Guard(Starlette(routes=routes), **{"host": "127.0.0.1", **options})


def request(guard: Guard, method: str = "GET", path: str = "/", **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, **options)

    return asyncio.run(once())


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8000", "LocalHost:8000"])
def test_the_servers_own_names_are_accepted(host: str) -> None:
    assert request(guarded(), headers={"host": host}).status_code == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1:8000@evil.example",
        "localhost:8000:1",
        "192.168.0.7",
        "0.0.0.0:8000",
        "127.0.0.1 ",
        "",
    ],
)
def test_a_rebinding_request_is_refused(method: str, host: str) -> None:
    assert request(guarded(), method, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "file://", "http://127.0.0.1", ""]
)
def test_a_page_of_another_site_is_refused(method: str, origin: str) -> None:
    assert request(guarded(), method, headers={"origin": origin}).status_code == 403


def test_the_servers_own_page_is_accepted() -> None:
    assert request(guarded(), "POST", headers={"origin": "http://127.0.0.1:8000"}).status_code == 200
    behind = {"host": "faces.example.org", "origin": "https://faces.example.org"}
    assert request(guarded(allow=["faces.example.org"]), "POST", headers=behind).status_code == 200


def test_two_hosts_are_refused() -> None:
    both = [("host", "127.0.0.1:8000"), ("host", "evil.example")]
    assert request(guarded(), headers=both).status_code == 403


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "cors", 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "no-cors", 200),
        ("none", "navigate", 200),
    ],
)
def test_other_sites_may_not_embed_images(site: str, mode: str, status: int) -> None:
    assert request(guarded(), headers={"sec-fetch-site": site, "sec-fetch-mode": mode}).status_code == status


def handshake(guard: Guard, headers: dict[str, str]) -> list[str]:
    """The types of messages that answer the start of a WebSocket."""
    messages: list[str] = []

    async def send(message: Any) -> None:
        messages.append(message["type"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/", "headers": raw, "query_string": b"", "server": ("127.0.0.1", 8000)}
    asyncio.run(guard(scope, receive, send))
    return messages


def test_a_websocket_is_guarded_too() -> None:
    async def accepting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    own = {"host": "localhost:8000", "origin": "http://localhost:8000"}
    guard = Guard(accepting, "127.0.0.1")
    assert handshake(guard, own) == ["websocket.accept"]
    assert handshake(guard, {**own, "host": "evil.example"}) == ["websocket.close"]
    assert handshake(guard, {**own, "origin": "http://evil.example"}) == ["websocket.close"]
    locked = Guard(accepting, "0.0.0.0", token=TOKEN)
    assert handshake(locked, own) == ["websocket.close"]
    assert handshake(locked, {**own, "cookie": f"ganatomy_token_8000={TOKEN}"}) == ["websocket.accept"]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_token_is_needed(host: str) -> None:
    guard = guarded(host=host, token=TOKEN)
    for wrong in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"cookie": "ganatomy_token_8000=x"}):
        answer = request(guard, headers=wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert request(guard, path="/?token=wrong").status_code == 401
    assert request(guard, "POST", path=f"/?token={TOKEN}").status_code == 401  # a link must not change anything
    assert request(guard, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert request(guard, headers={"cookie": f"other=1; ganatomy_token_8000={TOKEN}"}).status_code == 200
    other = {"cookie": f"ganatomy_token_8001={TOKEN}"}  # of the server on another port, which a browser sends as well
    assert request(guard, headers=other).status_code == 401


def test_the_token_moves_from_the_address_to_a_cookie() -> None:
    answer = request(guarded(host="0.0.0.0", token=TOKEN), path=f"/deep/page?a=1&token={TOKEN}&b=%26")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./page?a=1&b=%26"
    assert answer.headers["set-cookie"] == f"ganatomy_token_8000={TOKEN}; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize("path", ["//evil.example/..", "/%0d%0aset-cookie:%20a=b", "/\\evil.example"])
def test_the_redirect_stays_on_this_server(path: str) -> None:
    answer = request(guarded(host="0.0.0.0", token=TOKEN), path=f"http://127.0.0.1:8000{path}?token={TOKEN}")
    place = httpx.URL("http://127.0.0.1:8000/").join(answer.headers["location"])
    assert place.host == "127.0.0.1"
    assert "\n" not in answer.headers["location"]


def test_bound_to_all_addresses_it_accepts_ip_addresses_and_allowed_names() -> None:
    guard, key = guarded(host="0.0.0.0", token=TOKEN, allow=["box.lan"]), {"authorization": f"Bearer {TOKEN}"}
    for host, status in {"192.168.0.7:8000": 200, "[fe80::1]": 200, "box.lan": 200, "evil.example": 403}.items():
        assert request(guard, headers={"host": host, **key}).status_code == status


def test_host_names_are_names_alone() -> None:
    with pytest.raises(UserError, match="host name alone"):
        host_names(["http://faces.example.org"])


def test_a_large_body_is_refused_with_or_without_content_length() -> None:
    async def pieces() -> Any:
        for _ in range(3):
            yield b"x" * 50

    guard = guarded(limits=Limits(body=100))
    assert request(guard, "POST", content=b"x" * 100).text == ":100"
    assert request(guard, "POST", content=b"x" * 101).status_code == 413
    assert request(guard, "POST", content=pieces()).status_code == 413
    assert request(guard, "POST", headers={"content-length": "-1"}).status_code == 413


def test_a_body_that_does_not_arrive_is_refused() -> None:
    messages: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"5")],
    }
    asyncio.run(guarded(limits=Limits(seconds=0.05))(scope, never, send))
    assert messages[0]["status"] == 408


def test_every_answer_has_the_security_headers() -> None:
    for answer in (
        request(guarded()),
        request(guarded(), headers={"host": "evil.example"}),
        request(guarded(), path="/none"),
    ):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
