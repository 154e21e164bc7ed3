"""Worker processes: what they answer, what happens when they crash, and what they know."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from servers import Server
from visiting import token_of

from ganatomy.errors import UserError
from ganatomy.system.registry import VARIABLE
from ganatomy.web.studio.worker_client import WorkerClient, WorkerError

HANDLER = """
import os, sys, time
from ganatomy.web.studio.worker_client import Answer


def handler():
    return answer


def answer(request):
    print("libraries print")
    if request["do"] == "crash":
        os._exit(7)
    if request["do"] == "hang":
        time.sleep(60)
    if request["do"] == "list parts":
        from ganatomy.gan.objectives import OBJECTIVES
        from ganatomy.theory.lab.targets import TARGETS

        return Answer({"objectives": list(OBJECTIVES), "targets": list(TARGETS)})
    if request["do"] == "fail":
        raise ValueError("a number")
    return Answer({"pid": os.getpid(), "nice": os.nice(0), "echo": request["do"]}, b"picture" * request.get("size", 0))
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a handler, which a process of ours can import."""
    (tmp_path / "a_handler_for_a_test.py").write_text(HANDLER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return "a_handler_for_a_test"


@asynccontextmanager
async def working(module: str, seconds: float = 30, niceness: int = 0) -> AsyncIterator[WorkerClient]:
    client = WorkerClient(module, seconds, niceness)
    try:
        yield client
    finally:
        await client.close()


def test_answers_come_in_order_with_their_pictures(module: str) -> None:
    async def story() -> None:
        async with working(module, niceness=5) as client:
            answers = await asyncio.gather(*(client.request({"do": f"{i}", "size": i}) for i in range(5)))
            assert [answer.content["echo"] for answer in answers] == ["0", "1", "2", "3", "4"]
            assert [answer.picture for answer in answers] == [b"picture" * i for i in range(5)]
            assert len({answer.content["pid"] for answer in answers}) == 1
            assert answers[0].content["nice"] == os.nice(0) + 5

    asyncio.run(story())


def test_a_crash_is_reported_and_the_next_request_starts_a_new_process(module: str) -> None:
    async def story() -> None:
        async with working(module) as client:
            first = (await client.request({"do": "work"})).content["pid"]
            with pytest.raises(WorkerError, match="status 7"):
                await client.request({"do": "crash"})
            second = (await client.request({"do": "work"})).content["pid"]
            assert second != first
            os.kill(second, signal.SIGKILL)
            with pytest.raises(WorkerError, match="status -9"):
                await client.request({"do": "work"})
            with pytest.raises(UserError, match="ValueError: a number"):
                await client.request({"do": "fail"})

    asyncio.run(story())


def test_a_request_that_takes_too_long_is_stopped(module: str) -> None:
    async def story() -> None:
        async with working(module) as client:
            await client.request({"do": "work"})
            client.seconds = 0.2
            with pytest.raises(WorkerError, match="No answer within"):
                await client.request({"do": "hang"})
            client.seconds = 30
            assert (await client.request({"do": "work"})).content["echo"] == "work"

    asyncio.run(story())


def test_a_client_that_leaves_does_not_mix_up_the_answers(module: str) -> None:
    async def story() -> None:
        async with working(module) as client:
            leaving = asyncio.ensure_future(client.request({"do": "first", "size": 100_000}))
            await asyncio.sleep(0)
            leaving.cancel()
            assert (await client.request({"do": "second"})).content["echo"] == "second"

    asyncio.run(story())


def test_closing_ends_the_process(module: str) -> None:
    async def story() -> int:
        async with working(module) as client:
            return int((await client.request({"do": "work"})).content["pid"])

    pid = asyncio.run(story())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_studio_and_its_workers_know_the_parts_of_a_stranger(process: Server) -> None:
    client, token = process.client, {"x-studio-token": token_of(process.client.get("/"))}
    offered = client.get("/api/lab").json()
    assert offered["targets"]["made_up_target"] == "On the line: made up for a test"
    assert offered["objectives"]["made_up_objective"] == "Made up for a test"

    def move(**move: Any) -> dict[str, Any]:
        answer = client.post("/api/lab", json={"game": "a", "quick": True, **move}, headers=token)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    options = {"lab": "made_up_target", "objective": "made_up_objective", "width": 8, "batch": 32}
    begun, moved = move(action="new", options=options), move(action="round", times=3)
    assert (begun["dimension"], begun["low"], begun["high"]) == (1, -4.0, 4.0)
    assert moved["moves"] == 3
    assert moved["fakes"] != begun["fakes"]


def test_a_worker_process_knows_the_parts_that_the_environment_names(
    module: str, parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(parts))

    async def story() -> dict[str, Any]:
        async with working(module) as client:
            return (await client.request({"do": "list parts"})).content

    known = asyncio.run(story())
    assert "made_up_objective" in known["objectives"]
    assert "made_up_target" in known["targets"]
