"""Waiting images are drawn together, only if somebody still waits for them, and come out as if drawn alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from doubles import Double

from ganatomy.web.serve.admission import DeadlineError
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.batch_invariance import BatchSize, BatchSizes
from ganatomy.web.serve.workers import HANGS, WorkerPool

Requesting = Callable[..., Awaitable[np.ndarray]]


@asynccontextmanager
async def at_work(double: Double, workers: int = 1) -> AsyncIterator[tuple[WorkerPool, Requesting]]:
    """A pool that has started, and a way to request seeds from it."""
    pool = WorkerPool(double, workers=workers)
    pool.start()
    pool.batch_sizes = BatchSizes([BatchSize(2**i, 2.0**i) for i in range(6)])  # the largest is the fastest
    double.batches.clear()
    double.begun = 0

    def request(*seeds: int, psi: float | None = None, seconds: float = 5.0) -> asyncio.Future[np.ndarray]:
        return pool.submit(*of_seeds(double.prior, seeds), psi, time.monotonic() + seconds)

    try:
        yield pool, request
    finally:
        double.gate.set()
        await asyncio.to_thread(pool.close)


async def held_up(double: Double, request: Requesting) -> Awaitable[np.ndarray]:
    """Close the gate with one image behind it, so that everything requested next waits."""
    double.gate.clear()
    first = request(0)
    await asyncio.sleep(0.05)
    return first


def image(double: Double, seed: int) -> np.ndarray:
    return double.draw(*of_seeds(double.prior, [seed]), None)[0]


def test_waiting_images_are_drawn_together_and_come_out_as_if_alone() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double) as (_, request):
            first = await held_up(double, request)
            answers = [request(*range(start, start + count)) for start, count in ((5, 3), (50, 1), (7, 40), (9, 1))]
            double.gate.set()
            drawn = [await first, *[await answer for answer in answers]]
            assert [size for size, _ in double.batches] == [1, 32, 8, 4, 1]  # of 45 that waited
        seeds = [[0], [5, 6, 7], [50], [*range(7, 47)], [9]]
        for images, wanted in zip(drawn, seeds, strict=True):
            assert np.array_equal(images, np.stack([image(double, seed) for seed in wanted]))

    asyncio.run(story())


def test_a_batch_that_is_not_full_is_padded() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double) as (pool, request):
            pool.batch_sizes = BatchSizes([BatchSize(8, 1.0), BatchSize(16, 2.0)])
            drawn = await request(3, 4, 5)
            assert double.batches == [(8, None)]
        assert np.array_equal(drawn, np.stack([image(double, seed) for seed in (3, 4, 5)]))

    asyncio.run(story())


def test_different_truncations_are_not_mixed() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, request):
            first = await held_up(double, request)
            answers = [request(seed, psi=psi) for seed, psi in enumerate((0.5, None, 0.5, 0.7))]
            double.gate.set()
            await asyncio.gather(first, *answers)
            assert sorted(double.batches[1:], key=str) == [(1, 0.7), (1, None), (2, 0.5)]

    asyncio.run(story())


def test_cancelled_and_late_jobs_are_never_drawn() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, request):
            first = await held_up(double, request)
            gone, late, stays = request(*range(8)), request(*range(8), seconds=0.05), request(1)
            gone.cancel()
            await asyncio.sleep(0.1)
            double.gate.set()
            await asyncio.gather(first, stays)
            with pytest.raises(DeadlineError):
                await late
            assert double.batches == [(1, None), (1, None)]

    asyncio.run(story())


def test_a_job_cancelled_half_way_is_not_finished() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, request):
            double.gate.clear()
            job = request(*range(64))
            await asyncio.sleep(0.05)  # its first half is being drawn
            job.cancel()
            double.gate.set()
            await request(1)
            assert [size for size, _ in double.batches] == [32, 1]

    asyncio.run(story())


def test_two_workers_draw_full_batches_side_by_side() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double, workers=2) as (_, request):
            double.gate.clear()
            answers = [request(*range(80)), request(*range(100, 116))]
            await asyncio.sleep(0.05)
            assert double.begun == 2
            assert not double.batches  # neither has ended
            double.gate.set()
            drawn = [await answer for answer in answers]
            assert [size for size, _ in double.batches] == [32, 32, 32]
        for images, seeds in zip(drawn, (range(80), range(100, 116)), strict=True):
            assert np.array_equal(images, np.stack([image(double, seed) for seed in seeds]))

    asyncio.run(story())


def test_too_little_for_two_workers_is_drawn_together() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double, workers=2) as (pool, request):
            first = await held_up(double, request)
            answers = [request(seed) for seed in range(8)]
            await asyncio.sleep(0.05)
            assert double.begun == 1
            double.gate.set()
            await asyncio.gather(first, *answers)
            assert [size for size, _ in double.batches] == [1, 8]
            async with asyncio.timeout(HANGS / 2):  # closing does not wait for a worker that has nothing to do
                await asyncio.to_thread(pool.close)

    asyncio.run(story())


def test_a_failure_is_reported_and_the_next_job_is_drawn() -> None:
    class Broken(Double):
        broken = False

        def draw(self, *given: object) -> np.ndarray:
            if self.broken:
                raise RuntimeError("broken")
            return super().draw(*given)  # type: ignore[arg-type]

    async def story() -> None:
        double = Broken()
        async with at_work(double) as (_, request):
            double.broken = True
            with pytest.raises(RuntimeError, match="broken"):
                await request(*range(64))
            double.broken = False
            assert np.array_equal((await request(7))[0], image(double, 7))

    asyncio.run(story())


def test_closing_draws_what_was_accepted() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (pool, request):
            first = await held_up(double, request)
            second = request(*range(40))
            closing = asyncio.create_task(asyncio.to_thread(pool.close))
            await asyncio.sleep(0.05)
            double.gate.set()
            await closing
            assert len(await second) == 40
            await first

    asyncio.run(story())
