"""Threads that draw batches with one generator, and the queue of jobs that they share.

A batch is made of what waits when the last batch ends. While a batch is being drawn, another worker starts only a full
one: what is too little for two batches is drawn together. Nothing is drawn for a client that has left, nor after its
deadline.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ganatomy.modalities.images import Pixels
from ganatomy.web.serve.admission import DeadlineError, averaged
from ganatomy.web.serve.backend import Backend, Labels, Latents
from ganatomy.web.serve.batch_invariance import BatchSizes, measure

HANGS = 10.0  # seconds that `close` waits for the last batch


@dataclass(eq=False)
class Job:
    """The images of one request, z [N, d] and y [N]. `answer` is their future pixels; cancelling it cancels the job.

    deadline   by `time.monotonic`; after it nobody waits for the images
    """

    z: Latents
    y: Labels | None
    truncation: float | None
    deadline: float
    answer: asyncio.Future[Pixels]
    begun: int = 0
    drawn: dict[int, Pixels] = field(default_factory=dict)  # by the index of their first image

    @property
    def left(self) -> int:
        """Number of images that no batch has taken yet."""
        return len(self.z) - self.begun

    def add(self, first: int, pixels: Pixels) -> Pixels | None:
        """Add images [n, H, W, C] from index `first` on; returns all images [N, H, W, C] once none is missing."""
        self.drawn[first] = pixels
        if sum(map(len, self.drawn.values())) < len(self.z):
            return None
        return np.concatenate([self.drawn[number] for number in sorted(self.drawn)])


Slice = tuple[Job, int, int]  # the images of a job from one index to another
OnBatch = Callable[[int, int, float], None]  # called with a batch's size, the number of requested images, its seconds


class DrawingPool(Protocol):
    """What draws jobs.

    backend             what it draws with, or the same elsewhere
    batch_sizes         of which it makes batches
    seconds_per_image   in full batches, a running average
    """

    backend: Backend
    batch_sizes: BatchSizes

    @property
    def seconds_per_image(self) -> float:
        """In full batches."""
        ...

    def submit(self, z: Latents, y: Labels | None, truncation: float | None, deadline: float) -> asyncio.Future[Pixels]:
        """The future pixels [N, H, W, C] of z [N, d] and y [N]; the future raises DeadlineError where they are late."""
        ...

    def close(self) -> None:
        """Draw what waits."""
        ...


class WorkerPool:
    """Draws jobs in the order of their arrival, as many together as a batch holds.

    seconds_per_image   in full batches, a running average
    """

    def __init__(self, backend: Backend, on_batch: OnBatch = lambda *_: None, workers: int = 1) -> None:
        """on_batch: called by a worker after each batch.

        workers: number of threads, which draw a batch each; together they should use one torch thread per core.
        """
        self.backend, self.on_batch = backend, on_batch
        self.batch_sizes: BatchSizes
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._closed = False
        self._drawing = 0  # workers that have a batch
        # Daemons: a generator that hangs does not keep the process alive.
        self._workers = [
            threading.Thread(target=self._run, args=(number,), name=f"worker {number}", daemon=True)
            for number in range(workers)
        ]

    def start(self, batch_sizes: BatchSizes | None = None) -> None:
        """Start to draw; returns once the batch sizes, if not given, are measured in a thread that will draw them."""
        self._given = batch_sizes
        for worker in self._workers:
            worker.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Draw what waits, then end the threads."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        until = time.monotonic() + HANGS
        for worker in self._workers:
            worker.join(max(0.0, until - time.monotonic()))

    def submit(self, z: Latents, y: Labels | None, truncation: float | None, deadline: float) -> asyncio.Future[Pixels]:
        """The future pixels [N, H, W, C] of z [N, d] and y [N]; the future raises DeadlineError where they are late."""
        job = Job(z, y, truncation, deadline, asyncio.get_running_loop().create_future())
        with self._change:
            self._jobs.append(job)
            self._change.notify()
        return job.answer

    def _run(self, number: int) -> None:
        if number == 0:
            self._measure()
        self._ready.wait()
        while self._failure is None and (parts := self._next()):
            try:
                self._draw(parts)
            finally:
                with self._change:
                    self._drawing -= 1

    def _measure(self) -> None:
        try:
            self.batch_sizes = self._given or measure(self.backend)
            self.seconds_per_image = 1 / self.batch_sizes.best.speed
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    def _next(self) -> list[Slice]:
        """The parts of the next batch; waits for them. Empty when the pool is closed and nothing is left."""
        with self._change:
            while True:
                self._drop()
                if self._jobs and (not self._drawing or self._is_full()):
                    self._drawing += 1
                    return self._take()
                if self._closed and not self._jobs:
                    self._change.notify_all()  # other workers may have waited for what this one has drawn
                    return []
                self._change.wait()

    def _alike(self) -> list[Job]:
        """The first job, and those with the same truncation."""
        return [job for job in self._jobs if job.truncation == self._jobs[0].truncation]

    def _is_full(self) -> bool:
        return sum(job.left for job in self._alike()) >= self.batch_sizes.best.images

    def _drop(self) -> None:
        """Remove cancelled jobs and those past their deadline."""
        now = time.monotonic()
        _resolve([(job, DeadlineError()) for job in self._jobs if job.deadline < now])
        self._jobs = deque(job for job in self._jobs if job.deadline >= now and not job.answer.done())

    def _take(self) -> list[Slice]:
        """The first images in the queue that have the same truncation: what fills the best batch, or all of them."""
        alike, parts = self._alike(), []
        free = self.batch_sizes.fitting(min(sum(job.left for job in alike), self.batch_sizes.best.images))
        for job in alike:
            count = min(job.left, free)
            parts.append((job, job.begun, job.begun + count))
            job.begun += count
            free -= count
            if not free:
                break
        self._jobs = deque(job for job in self._jobs if job.left)
        return parts

    def _draw(self, parts: list[Slice]) -> None:
        began = time.perf_counter()
        requested = sum(end - start for _, start, end in parts)
        size = self.batch_sizes.fitting(requested)
        rows = np.minimum(np.arange(size), requested - 1)  # padded with the last one
        z = np.concatenate([job.z[start:end] for job, start, end in parts])[rows]
        labels = [job.y[start:end] for job, start, end in parts if job.y is not None]
        try:
            pixels = self.backend.draw(z, np.concatenate(labels)[rows] if labels else None, parts[0][0].truncation)
        except Exception as error:
            _resolve([(job, error) for job, _, _ in parts])
            return
        done: list[tuple[Job, Pixels | Exception]] = []
        taken = 0
        for job, start, end in parts:
            # A copy: a slice would keep the whole batch in memory for as long as its slowest reader.
            mine = pixels[taken : taken + end - start].copy()
            taken += end - start
            with self._change:  # another worker may be drawing its other images
                complete = job.add(start, mine)
            if complete is not None:
                done.append((job, complete))
        seconds = time.perf_counter() - began
        if size == self.batch_sizes.best.images:
            self.seconds_per_image = averaged(self.seconds_per_image, seconds / size / self._drawing)
        self.on_batch(size, requested, seconds)  # first: a client that has its images finds them counted
        _resolve(done)


def _resolve(results: Sequence[tuple[Job, Pixels | Exception]]) -> None:
    """Set the answers of jobs, in the event loop that waits for them."""

    def settle() -> None:
        for job, result in results:
            if job.answer.done():
                continue
            if isinstance(result, Exception):
                job.answer.set_exception(result)
            else:
                job.answer.set_result(result)

    if results:
        results[0][0].answer.get_loop().call_soon_threadsafe(settle)
