"""Work on many images at once, in order."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

CHUNK = 16  # images a thread takes at once: fewer, and handing over costs more than decoding

Result = TypeVar("Result")


def in_order(work: Callable[[int], Result], count: int) -> Iterator[Result]:
    """work(0), work(1), …, done by threads (Pillow lets go of the GIL), with a bounded number in memory."""
    threads = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        for start in range(0, count, CHUNK):
            waiting.append(pool.submit(lambda chunk: [work(i) for i in chunk], range(count)[start : start + CHUNK]))
            if len(waiting) > threads + 1:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
