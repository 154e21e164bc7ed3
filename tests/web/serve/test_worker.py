"""What waits is drawn together, for whoever still waits for it, and comes out as if drawn alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from doubles import Double

from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.steady import Size, Steady
from ganatomy.web.serve.worker import LateError, Worker


@asynccontextmanager
async def at_work(double: Double, hands: int = 1) -> AsyncIterator[tuple[Worker, Callable[..., Awaitable[np.ndarray]]]]:
    """A worker that has started, and a way to ask it for seeds."""
    worker = Worker(double, hands=hands)
    worker.start()
    worker.steady = Steady([Size(2**i, 2.0**i) for i in range(6)])  # the fastest is the largest, however busy we are
    double.batches.clear()
    double.begun = 0

    def ask(*seeds: int, psi: float | None = None, seconds: float = 5.0) -> asyncio.Future[np.ndarray]:
        return worker.submit(*of_seeds(double.prior, seeds), psi, time.monotonic() + seconds)

    try:
        yield worker, ask
    finally:
        double.gate.set()
        await asyncio.to_thread(worker.close)


async def held_up(double: Double, ask: Callable[..., Awaitable[np.ndarray]]) -> Awaitable[np.ndarray]:
    """Close the gate with one image behind it, so that whatever is asked for next waits."""
    double.gate.clear()
    first = ask(0)
    await asyncio.sleep(0.05)
    return first


def image(double: Double, seed: int) -> np.ndarray:
    return double.draw(*of_seeds(double.prior, [seed]), None)[0]


def test_what_waits_is_drawn_together_and_comes_out_as_if_alone() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double) as (_, ask):
            first = await held_up(double, ask)
            answers = [ask(*range(start, start + count)) for start, count in ((5, 3), (50, 1), (7, 40), (9, 1))]
            double.gate.set()
            drawn = [await first, *[await answer for answer in answers]]
            assert [size for size, _ in double.batches] == [1, 32, 8, 4, 1]  # of 45 that waited
        seeds = [[0], [5, 6, 7], [50], [*range(7, 47)], [9]]
        for images, wanted in zip(drawn, seeds, strict=True):
            assert np.array_equal(images, np.stack([image(double, seed) for seed in wanted]))

    asyncio.run(story())


def test_a_batch_that_too_little_waits_for_is_filled_up() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double) as (worker, ask):
            worker.steady = Steady([Size(8, 1.0), Size(16, 2.0)])
            drawn = await ask(3, 4, 5)
            assert double.batches == [(8, None)]
        assert np.array_equal(drawn, np.stack([image(double, seed) for seed in (3, 4, 5)]))

    asyncio.run(story())


def test_different_truncations_are_not_mixed() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, ask):
            first = await held_up(double, ask)
            answers = [ask(seed, psi=psi) for seed, psi in enumerate((0.5, None, 0.5, 0.7))]
            double.gate.set()
            await asyncio.gather(first, *answers)
            assert sorted(double.batches[1:], key=str) == [(1, 0.7), (1, None), (2, 0.5)]

    asyncio.run(story())


def test_what_is_taken_back_or_late_is_never_drawn() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, ask):
            first = await held_up(double, ask)
            gone, late, stays = ask(*range(8)), ask(*range(8), seconds=0.05), ask(1)
            gone.cancel()
            await asyncio.sleep(0.1)
            double.gate.set()
            await asyncio.gather(first, stays)
            with pytest.raises(LateError):
                await late
            assert double.batches == [(1, None), (1, None)]

    asyncio.run(story())


def test_a_job_taken_back_half_way_is_not_finished() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (_, ask):
            double.gate.clear()
            job = ask(*range(64))
            await asyncio.sleep(0.05)  # its first half is being drawn
            job.cancel()
            double.gate.set()
            await ask(1)
            assert [size for size, _ in double.batches] == [32, 1]

    asyncio.run(story())


def test_two_hands_draw_full_batches_side_by_side() -> None:
    async def story() -> None:
        double = Double(classes=3)
        async with at_work(double, hands=2) as (_, ask):
            double.gate.clear()
            answers = [ask(*range(80)), ask(*range(100, 116))]
            await asyncio.sleep(0.05)
            assert double.begun == 2
            assert not double.batches  # neither has ended
            double.gate.set()
            drawn = [await answer for answer in answers]
            assert [size for size, _ in double.batches] == [32, 32, 32]
        for images, seeds in zip(drawn, (range(80), range(100, 116)), strict=True):
            assert np.array_equal(images, np.stack([image(double, seed) for seed in seeds]))

    asyncio.run(story())


def test_what_is_too_little_for_two_hands_is_drawn_together() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double, hands=2) as (worker, ask):
            first = await held_up(double, ask)
            answers = [ask(seed) for seed in range(8)]
            await asyncio.sleep(0.05)
            assert double.begun == 1
            began = time.monotonic()
            double.gate.set()
            await asyncio.gather(first, *answers)
            assert [size for size, _ in double.batches] == [1, 8]
            await asyncio.to_thread(worker.close)  # nor does a hand wait on for the other's work
            assert time.monotonic() - began < 5

    asyncio.run(story())


def test_a_failure_is_told_and_the_next_is_drawn() -> None:
    class Broken(Double):
        broken = False

        def draw(self, *given: object) -> np.ndarray:
            if self.broken:
                raise RuntimeError("broken")
            return super().draw(*given)  # type: ignore[arg-type]

    async def story() -> None:
        double = Broken()
        async with at_work(double) as (_, ask):
            double.broken = True
            with pytest.raises(RuntimeError, match="broken"):
                await ask(*range(64))
            double.broken = False
            assert np.array_equal((await ask(7))[0], image(double, 7))

    asyncio.run(story())


def test_closing_draws_what_was_accepted() -> None:
    async def story() -> None:
        double = Double()
        async with at_work(double) as (worker, ask):
            first = await held_up(double, ask)
            second = ask(*range(40))
            closing = asyncio.create_task(asyncio.to_thread(worker.close))
            await asyncio.sleep(0.05)
            double.gate.set()
            await closing
            assert len(await second) == 40
            await first

    asyncio.run(story())
