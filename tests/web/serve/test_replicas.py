"""Replicas: the same bytes as one process, whatever happens to one of them."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from doubles import Double
from ray_processes import replica_processes
from rich.console import Console
from servers import Server, until

from ganatomy.errors import UserError
from ganatomy.web.serve import api
from ganatomy.web.serve.admission import DeadlineError
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.batch_invariance import BatchSize, BatchSizes
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.replicas import (
    Replica,
    ReplicaAnswer,
    ReplicaBatch,
    ReplicaPool,
    ReplicaRange,
    ReplicaTask,
    digest,
)

SIZES = BatchSizes([BatchSize(8, 200.0)])
SOON = 30.0


class DiedError(Exception):
    """A replica has died."""


class Response:
    """The future answer of a replica, which may be cancelled."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.cancelled = answer, False

    def __await__(self) -> Any:
        return self.answer.__await__()

    def cancel(self) -> None:
        self.cancelled = True


class Handle:
    """Of a deployment; `answers`: what each call does."""

    def __init__(self, *answers: Callable[..., Any]) -> None:
        self.answers, self.responses, self.draw = list(answers), [], self

    def remote(self, *given: Any) -> Response:
        self.responses.append(Response(self.answers.pop(0)(*given)))
        return self.responses[-1]


async def dead(*_: Any) -> None:
    raise DiedError


async def silent(*_: Any) -> None:
    await asyncio.sleep(SOON)


def replica(double: Double) -> Replica:
    return Replica(ReplicaTask(lambda: double, SIZES, 1, digest(double, SIZES)))


def pool(handle: Any, counted: list[tuple[int, int, float]] | None = None, running: int = 1) -> ReplicaPool:
    count = [] if counted is None else counted
    return ReplicaPool(Double(), SIZES, lambda *batch: count.append(batch), handle, DiedError, running)


def requested(pool: ReplicaPool, count: int = 3, seconds: float = SOON) -> asyncio.Future[np.ndarray]:
    return pool.submit(*of_seeds(pool.backend.prior, range(count)), None, time.monotonic() + seconds)


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1", 1, 1), ("2", 2, 2), ("1-8", 1, 8), ("3-3", 3, 3), ("1000", 1000, 1000)]
)
def test_a_range_of_replicas(text: str, low: int, high: int) -> None:
    assert ReplicaRange.parse(text) == ReplicaRange(low, high)


@pytest.mark.parametrize("text", ["", "0", "0-2", "8-1", "-1", "1-", "two", "1001", "1-2-3", " 1", "²"])
def test_what_is_no_range_of_replicas_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="expected a number"):
        ReplicaRange.parse(text)


def test_more_replicas_than_gpus_of_this_machine_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    double = Double()
    monkeypatch.setattr(double, "device", torch.device("cuda"), raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    wanted = ReplicaRange(1, 2)
    deployment = api.replicated(double, lambda: double, 1, "ray", wanted, ServerMetrics(), Console(quiet=True))
    with pytest.raises(UserError, match="--replicas 1-2: each takes a GPU, and this machine has 1"), deployment:
        pass


def test_a_replica_draws_what_the_generator_draws_and_reports_its_batches() -> None:
    async def story() -> None:
        double = Double()
        one = replica(double)
        z, y = of_seeds(double.prior, range(11))
        first = await one.draw(z, y, None, SOON)
        assert np.array_equal(first.pixels, double.draw(z, y, None))
        assert [(each.size, each.requested) for each in first.batches] == [(8, 8), (8, 3)]
        second = await one.draw(z[:1], y, None, SOON)
        assert [(each.size, each.requested) for each in second.batches] == [(8, 1)]
        with pytest.raises(DeadlineError):
            await one.draw(z[:1], y, None, -1.0)
        await asyncio.to_thread(one.pool.close)

    asyncio.run(story())


def test_a_replica_that_would_draw_other_bits_is_refused() -> None:
    with pytest.raises(RuntimeError, match="other bits"):
        Replica(ReplicaTask(Double, SIZES, 1, "another"))


def test_what_a_dead_replica_did_not_draw_another_one_draws() -> None:
    async def story() -> None:
        one = replica(Double())
        counted: list[tuple[int, int, float]] = []
        replicas = pool(Handle(dead, dead, one.draw), counted)
        pixels = await requested(replicas)
        assert np.array_equal(pixels, Double().draw(*of_seeds(Double().prior, range(3)), None))
        assert [batch[:2] for batch in counted] == [(8, 3)]
        await asyncio.to_thread(one.pool.close)

    asyncio.run(story())


def test_what_no_replica_draws_in_time_is_given_up_and_cancelled() -> None:
    async def story() -> None:
        handle = Handle(silent)
        with pytest.raises(DeadlineError):
            await requested(pool(handle), seconds=0.05)
        assert handle.responses[0].cancelled
        handle = Handle(*[dead] * 50)
        with pytest.raises(DeadlineError):
            await requested(pool(handle), seconds=0.3)

    asyncio.run(story())


def test_a_client_that_leaves_cancels_what_the_replica_has_not_drawn() -> None:
    async def story() -> None:
        handle = Handle(silent)
        answer = requested(pool(handle))
        await asyncio.sleep(0.01)
        answer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answer
        assert handle.responses[0].cancelled

    asyncio.run(story())


def test_the_pace_is_that_of_all_replicas_that_run() -> None:
    async def answer(*_: Any) -> ReplicaAnswer:
        return ReplicaAnswer(np.zeros((3, 1, 1, 3), np.uint8), [ReplicaBatch(8, 3, 0.2)], 0.25)

    async def story() -> None:
        replicas = pool(Handle(answer), running=2)
        assert replicas.seconds_per_image == 1 / 200 / 2
        await requested(replicas)
        assert replicas.seconds_per_image == 0.25 / 2
        replicas.running = 0  # all have died: one will be there again
        assert replicas.seconds_per_image == 0.25

    asyncio.run(story())


# --- Ray --------------------------------------------------------------------------------------------------------------

CLIENTS, SEEDS = 32, range(96)


def images(server: Server, seeds: range = SEEDS) -> list[bytes]:
    """One image of each seed, asked for by 32 clients at the same time."""

    def get(seed: int) -> bytes:
        answer = server.client.get(f"/image.png?seed={seed}")
        assert answer.status_code == 200, answer.text
        return answer.content

    with ThreadPoolExecutor(CLIENTS) as crowd:
        return list(crowd.map(get, seeds))


@pytest.mark.slow
def test_32_clients_get_the_bytes_of_the_embedded_server_though_a_replica_is_killed(
    embedded: Server, replicated: Server
) -> None:
    expected = images(embedded)
    assert replicated.metric("replicas") == 2
    assert images(replicated) == expected
    walk = "/walk.webp?seeds=4,9&frames=6"
    assert replicated.client.get(walk).content == embedded.client.get(walk).content
    first, second = replica_processes(replicated.process.pid)
    with ThreadPoolExecutor(1) as meanwhile:
        drawn = meanwhile.submit(images, replicated)
        os.kill(first, signal.SIGKILL)
        assert drawn.result() == expected
    assert images(replicated) == expected
    until(lambda: replicated.metric("replicas") == 2, seconds=180)
    assert second in replica_processes(replicated.process.pid)
    assert images(replicated) == expected
