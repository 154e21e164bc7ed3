"""Who is let in: by Host, Origin and token, with a body that is not too large and does not take too long."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from ganatomy.errors import UserError
from ganatomy.web.guard import Guard, Limits, listed, token_for

TOKEN = "a-token-that-is-hard-to-guess"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.query}:{len(await request.body())}")


def guarded(**options: Any) -> Guard:
    routes = [Route("/", echo, methods=METHODS), Route("/deep/page", echo)]
    return Guard(Starlette(routes=routes), **{"host": "127.0.0.1", **options})


def ask(guard: Guard, method: str = "GET", path: str = "/", **request: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, **request)

    return asyncio.run(once())


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:1", "[::1]:8000", "LocalHost:8000"])
def test_the_servers_own_names_are_let_in(host: str) -> None:
    assert ask(guarded(), headers={"host": host}).status_code == 200


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
    assert ask(guarded(), method, headers={"host": host}).status_code == 403


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "file://", "http://127.0.0.1", ""]
)
def test_a_page_from_elsewhere_is_refused(method: str, origin: str) -> None:
    assert ask(guarded(), method, headers={"origin": origin}).status_code == 403


def test_the_servers_own_page_is_let_in() -> None:
    assert ask(guarded(), "POST", headers={"origin": "http://127.0.0.1:8000"}).status_code == 200
    behind = {"host": "faces.example.org", "origin": "https://faces.example.org"}
    assert ask(guarded(names=["faces.example.org"]), "POST", headers=behind).status_code == 200


def test_two_hosts_are_refused() -> None:
    both = [("host", "127.0.0.1:8000"), ("host", "evil.example")]
    assert ask(guarded(), headers=both).status_code == 403


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
def test_pictures_are_not_for_other_sites(site: str, mode: str, status: int) -> None:
    assert ask(guarded(), headers={"sec-fetch-site": site, "sec-fetch-mode": mode}).status_code == status


def handshake(guard: Guard, headers: dict[str, str]) -> list[str]:
    """The types of messages that answer the start of a WebSocket."""
    said: list[str] = []

    async def send(message: Any) -> None:
        said.append(message["type"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(guard({"type": "websocket", "path": "/", "headers": raw, "query_string": b""}, receive, send))
    return said


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
    assert handshake(locked, {**own, "cookie": f"ganatomy_token={TOKEN}"}) == ["websocket.accept"]


def test_elsewhere_than_on_this_machine_a_token_is_needed() -> None:
    guard = guarded(host="0.0.0.0", token=TOKEN)
    for wrong in ({}, {"authorization": "Bearer wrong"}, {"authorization": TOKEN}, {"cookie": "ganatomy_token=x"}):
        answer = ask(guard, headers=wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert ask(guard, path="/?token=wrong").status_code == 401
    assert ask(guard, "POST", path=f"/?token={TOKEN}").status_code == 401  # an address is no place to act from
    assert ask(guard, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert ask(guard, headers={"cookie": f"other=1; ganatomy_token={TOKEN}"}).status_code == 200


def test_the_token_moves_from_the_address_to_a_cookie() -> None:
    answer = ask(guarded(host="0.0.0.0", token=TOKEN), path=f"/deep/page?a=1&token={TOKEN}&b=%26")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./page?a=1&b=%26"
    assert answer.headers["set-cookie"] == f"ganatomy_token={TOKEN}; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize("path", ["//evil.example/..", "/%0d%0aset-cookie:%20a=b", "/\\evil.example"])
def test_the_way_on_leads_nowhere_else(path: str) -> None:
    answer = ask(guarded(host="0.0.0.0", token=TOKEN), path=f"http://127.0.0.1:8000{path}?token={TOKEN}")
    place = httpx.URL("http://127.0.0.1:8000/").join(answer.headers["location"])
    assert place.host == "127.0.0.1"
    assert "\n" not in answer.headers["location"]


def test_on_all_addresses_the_machine_is_called_by_its_addresses_and_names() -> None:
    guard, key = guarded(host="0.0.0.0", token=TOKEN, names=["box.lan"]), {"authorization": f"Bearer {TOKEN}"}
    for host, status in {"192.168.0.7:8000": 200, "[fe80::1]": 200, "box.lan": 200, "evil.example": 403}.items():
        assert ask(guard, headers={"host": host, **key}).status_code == status


def test_tokens_are_given_or_made() -> None:
    assert token_for("127.0.0.1", None) is None
    assert token_for("127.0.0.1", TOKEN) == TOKEN
    made = token_for("0.0.0.0", None)
    assert made is not None
    assert len(made) >= 22
    assert made != token_for("0.0.0.0", None)
    with pytest.raises(UserError, match="16 to 128"):
        token_for("0.0.0.0", "short")
    with pytest.raises(UserError, match="name alone"):
        listed(["http://faces.example.org"])


def test_a_large_body_is_refused_whether_it_says_so_or_not() -> None:
    async def pieces() -> Any:
        for _ in range(3):
            yield b"x" * 50

    guard = guarded(limits=Limits(body=100))
    assert ask(guard, "POST", content=b"x" * 100).text == ":100"
    assert ask(guard, "POST", content=b"x" * 101).status_code == 413
    assert ask(guard, "POST", content=pieces()).status_code == 413
    assert ask(guard, "POST", headers={"content-length": "-1"}).status_code == 413


def test_a_body_that_does_not_come_is_given_up() -> None:
    said: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"5")],
    }
    asyncio.run(guarded(limits=Limits(seconds=0.05))(scope, never, send))
    assert said[0]["status"] == 408


def test_every_answer_wears_the_security_headers() -> None:
    for answer in (ask(guarded()), ask(guarded(), headers={"host": "evil.example"}), ask(guarded(), path="/none")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
