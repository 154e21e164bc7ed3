"""Those who draw: threads that share the generator, and the queue before them.

A batch is what waits when the last batch is done. Beside a batch that is being drawn, another hand takes full ones
only: what is too little for two is drawn together. Nothing is drawn for whoever has gone, nor past its time.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganatomy.modalities.images import Pixels
from ganatomy.web.serve.backend import Backend, Labels, Latents
from ganatomy.web.serve.steady import Steady, measure

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
    drawn: dict[int, Pixels] = field(default_factory=dict)  # by the number of the first of them

    @property
    def left(self) -> int:
        """Images that no batch has taken yet."""
        return len(self.z) - self.begun

    def add(self, first: int, pixels: Pixels) -> Pixels | None:
        """Put in images from number `first` on; all of them, if these were the last."""
        self.drawn[first] = pixels
        if sum(map(len, self.drawn.values())) < len(self.z):
            return None
        return np.concatenate([self.drawn[number] for number in sorted(self.drawn)])


Part = tuple[Job, int, int]  # a job's images from one number to another


class Worker:
    """Draws jobs in the order in which they came, as many together as a batch holds.

    seconds_per_image   in full batches, as measured all along
    """

    def __init__(
        self, backend: Backend, watch: Callable[[int, int, float], None] = lambda *_: None, hands: int = 1
    ) -> None:
        """watch: told of each batch its size, how much of it was wanted, and the seconds it took; by a hand.

        hands: threads that draw, a batch each; together they should have as many threads of torch as there are cores.
        """
        self.backend, self.watch = backend, watch
        self.steady: Steady
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._closed = False
        self._drawing = 0  # hands with a batch
        # Daemons: a generator that hangs does not keep the process.
        self._hands = [
            threading.Thread(target=self._run, args=(number,), name=f"hand {number}", daemon=True)
            for number in range(hands)
        ]

    def start(self) -> None:
        """Measure the sizes of batches, in a thread that will draw them; returns when it is ready."""
        for hand in self._hands:
            hand.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Draw what waits, then end the threads."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        until = time.monotonic() + HANGS
        for hand in self._hands:
            hand.join(max(0.0, until - time.monotonic()))

    def submit(self, z: Latents, y: Labels | None, truncation: float | None, until: float) -> asyncio.Future[Pixels]:
        """Pixels [n, H, W, C] in the future, or LateError."""
        job = Job(z, y, truncation, until, asyncio.get_running_loop().create_future())
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
            self.steady = measure(self.backend)
            self.seconds_per_image = 1 / self.steady.best.speed
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    def _next(self) -> list[Part]:
        """What the next batch draws; waits for it, and is empty when there will be nothing more."""
        with self._change:
            while True:
                self._drop()
                if self._jobs and (not self._drawing or self._is_full()):
                    self._drawing += 1
                    return self._take()
                if self._closed and not self._jobs:
                    self._change.notify_all()  # the other hands may have waited for what this one has drawn
                    return []
                self._change.wait()

    def _alike(self) -> list[Job]:
        """The first job, and those that are truncated as it is."""
        return [job for job in self._jobs if job.truncation == self._jobs[0].truncation]

    def _is_full(self) -> bool:
        return sum(job.left for job in self._alike()) >= self.steady.best.images

    def _drop(self) -> None:
        """Forget the jobs that nobody waits for."""
        now = time.monotonic()
        _tell([(job, LateError()) for job in self._jobs if job.until < now])
        self._jobs = deque(job for job in self._jobs if job.until >= now and not job.answer.done())

    def _take(self) -> list[Part]:
        """The first images of the queue that are truncated alike: what fills the best batch, or all there are."""
        alike, parts = self._alike(), []
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
            mine = pixels[taken : taken + end - start].copy()
            taken += end - start
            with self._change:  # its other images may be in another hand
                whole = job.add(start, mine)
            if whole is not None:
                done.append((job, whole))
        seconds = time.perf_counter() - began
        if size == self.steady.best.images:
            pace = seconds / size / self._drawing
            self.seconds_per_image = MEMORY * self.seconds_per_image + (1 - MEMORY) * pace
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
