"""Draws rows for requests, one request after the other; a row in the same batch as by `ganatomy sample`."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from starlette.requests import ClientDisconnect, Request

from ganatomy.errors import UserError
from ganatomy.generators.rows import DrawnRows, RowSampler
from ganatomy.generators.seed_blocks import BLOCK
from ganatomy.web.serve.admission import Admission, DeadlineError, StreamedResponse
from ganatomy.web.serve.tables.encoding import as_csv
from ganatomy.web.serve.tables.requests import RowJob

CELL = 32  # bytes of a cell's text, about
MEASURED = 4  # blocks by which the speed is measured
MEMORY = 0.9  # weight of the past in the running average of the speed
OnDrawn = Callable[
    [int, int, float], None
]  # called with how many rows were drawn, how many were asked for, the seconds


class RowDispatcher(Admission):
    """Draws and encodes what it accepts in one thread, and answers each request within `seconds`.

    seconds_per_row   drawn and encoded, a running average

    Raises UserError where a batch of rows takes more than half of `seconds`.
    """

    def __init__(self, sampler: RowSampler, seconds: float, on_drawn: OnDrawn = lambda *_: None) -> None:
        super().__init__(seconds)
        self.sampler, self.on_drawn = sampler, on_drawn
        self.row_bytes = CELL * len(sampler.modality.schema.columns)
        self._thread = ThreadPoolExecutor(1, "rows")
        self.seconds_per_row = self._thread.submit(self._measured).result()
        if BLOCK * self.seconds_per_row > seconds / 2:
            taken = BLOCK * self.seconds_per_row
            raise UserError(f"{BLOCK} rows take {taken:.1f} s on this machine: give --seconds {2 * taken:.0f} or more.")

    async def answer(
        self,
        job: RowJob,
        encode: Callable[[DrawnRows], bytes],
        media_type: str,
        request: Request,
        headers: Mapping[str, str] | None = None,
    ) -> StreamedResponse:
        """The rows of a request, encoded. Raises OverloadedError, DeadlineError or ClientDisconnect.

        Raises UserError where too few rows are such.
        """
        response = StreamedResponse(self, job.count * self.row_bytes, media_type, headers)
        gone = threading.Event()
        async with self.admitted(request, job.most, self.seconds_per_row, response) as (deadline, while_connected):

            def between() -> None:
                if gone.is_set():
                    raise ClientDisconnect
                if time.monotonic() > deadline:
                    raise DeadlineError

            try:
                work = asyncio.get_running_loop().run_in_executor(self._thread, self._draw, job, encode, between)
                content = await while_connected(work)
            finally:
                gone.set()
        return response.with_content(content)

    def close(self) -> None:
        """Draw what was accepted, and end the thread."""
        self._thread.shutdown()

    def _draw(self, job: RowJob, encode: Callable[[DrawnRows], bytes], between: Callable[[], None]) -> bytes:
        began = time.perf_counter()
        between()
        rows = job.draw(between)
        content = encode(rows)
        seconds = time.perf_counter() - began
        if not job.terms:  # how many rows a search draws is known to itself alone
            self.seconds_per_row = MEMORY * self.seconds_per_row + (1 - MEMORY) * seconds / job.most
        self.on_drawn(max(job.count, rows.drawn), job.count, seconds)
        return content

    def _measured(self) -> float:
        schema, count = self.sampler.modality.schema, MEASURED * BLOCK
        for _ in range(2):  # the first time is slower: libraries are loaded, memory is taken
            began = time.perf_counter()
            numbers = self.sampler.numbers(range(count))
            as_csv(schema, DrawnRows(numbers, np.arange(count), count))
        return (time.perf_counter() - began) / count
