"""The one who draws: a thread that owns the generator, and the queue before it.

A batch is what waits when the last batch is done. Nothing is drawn for whoever has gone, nor past its time.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganatomy.images import Pixels
from ganatomy.serve.backend import Backend, Labels, Latents
from ganatomy.serve.steady import Steady, measure

HANGS = 10.0  # seconds of drawing the last batch after which nobody waits for its end
MEMORY = 0.9  # how much of the measured pace a full batch leaves as it was


class LateError(Exception):
    """The images could not be drawn in time."""


@dataclass(eq=False)
class Job:
    """The images of one request. `answer` gives them; cancelling it takes the job back.

    until   when nobody waits for them any more, by `time.monotonic`
    """

    z: Latents
    y: Labels | None
    truncation: float | None
    until: float
    answer: asyncio.Future[Pixels]
    begun: int = 0
    drawn: list[Pixels] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Images that no batch has taken yet."""
        return len(self.z) - self.begun


Part = tuple[Job, int, int]  # a job's images from one number to another


class Worker:
    """Draws jobs in the order in which they came, as many together as a batch holds.

    seconds_per_image   in full batches, as measured all along
    """

    def __init__(self, backend: Backend, watch: Callable[[int, int, float], None] = lambda *_: None) -> None:
        """watch: told of each batch its size, how much of it was wanted, and the seconds it took; by the thread."""
        self.backend, self.watch = backend, watch
        self.steady: Steady
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._closed = False
        # A daemon: a generator that hangs does not keep the process.
        self._thread = threading.Thread(target=self._run, name="generator", daemon=True)

    def start(self) -> None:
        """Measure the sizes of batches, in the thread that will draw them; returns when it is ready."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Draw what waits, then end the thread."""
        with self._change:
            self._closed = True
            self._change.notify()
        self._thread.join(HANGS)

    def submit(self, z: Latents, y: Labels | None, truncation: float | None, until: float) -> asyncio.Future[Pixels]:
        """Pixels [n, H, W, C] in the future, or LateError."""
        job = Job(z, y, truncation, until, asyncio.get_running_loop().create_future())
        with self._change:
            self._jobs.append(job)
            self._change.notify()
        return job.answer

    def _run(self) -> None:
        try:
            self.steady = measure(self.backend)
            self.seconds_per_image = 1 / self.steady.best.speed
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        while parts := self._next():
            self._draw(parts)

    def _next(self) -> list[Part]:
        """What the next batch draws; waits for it, and is empty when there will be nothing more."""
        with self._change:
            while True:
                self._drop()
                if self._jobs:
                    return self._take()
                if self._closed:
                    return []
                self._change.wait()

    def _drop(self) -> None:
        """Forget the jobs that nobody waits for."""
        now = time.monotonic()
        _tell([(job, LateError()) for job in self._jobs if job.until < now])
        self._jobs = deque(job for job in self._jobs if job.until >= now and not job.answer.done())

    def _take(self) -> list[Part]:
        """The first images of the queue that are truncated alike: what fills the best batch, or all there are."""
        truncation, parts = self._jobs[0].truncation, []
        alike = [job for job in self._jobs if job.truncation == truncation]
        room = self.steady.fitting(min(sum(job.left for job in alike), self.steady.best.images))
        for job in alike:
            count = min(job.left, room)
            parts.append((job, job.begun, job.begun + count))
            job.begun += count
            room -= count
            if not room:
                break
        self._jobs = deque(job for job in self._jobs if job.left)
        return parts

    def _draw(self, parts: list[Part]) -> None:
        began = time.perf_counter()
        wanted = sum(end - start for _, start, end in parts)
        size = self.steady.fitting(wanted)
        places = np.minimum(np.arange(size), wanted - 1)  # the last one again, where there is room
        z = np.concatenate([job.z[start:end] for job, start, end in parts])[places]
        labels = [job.y[start:end] for job, start, end in parts if job.y is not None]
        try:
            pixels = self.backend.draw(z, np.concatenate(labels)[places] if labels else None, parts[0][0].truncation)
        except Exception as error:
            _tell([(job, error) for job, _, _ in parts])
            return
        done: list[tuple[Job, Pixels | Exception]] = []
        taken = 0
        for job, start, end in parts:
            # A copy: a slice would keep the whole batch alive for as long as the slowest of its readers.
            job.drawn.append(pixels[taken : taken + end - start].copy())
            taken += end - start
            if end == len(job.z):
                done.append((job, np.concatenate(job.drawn)))
        seconds = time.perf_counter() - began
        if size == self.steady.best.images:
            self.seconds_per_image = MEMORY * self.seconds_per_image + (1 - MEMORY) * seconds / size
        self.watch(size, wanted, seconds)  # first: whoever has its images finds them counted
        _tell(done)


def _tell(results: Sequence[tuple[Job, Pixels | Exception]]) -> None:
    """Hand jobs their answers, in the loop that waits for them."""

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
