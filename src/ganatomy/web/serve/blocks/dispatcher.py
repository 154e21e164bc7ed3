"""Draws samples for requests, one request after the other; a sample in the same batch as by `ganatomy sample`."""

import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from starlette.requests import Request

from ganatomy.errors import UserError
from ganatomy.generators.seed_blocks import BLOCK, BlockSampler, DrawnSamples
from ganatomy.web.serve.admission import OnDrawn, OneThread, StreamedResponse, averaged
from ganatomy.web.serve.blocks.requests import BlockJob

MEASURED = (1, 2)  # blocks by which the speed is measured, at first and again: libraries are loaded, memory is taken
Encode = Callable[[DrawnSamples], bytes]


class BlockDispatcher(OneThread):
    """Draws and encodes what it accepts, and answers each request within `seconds`.

    seconds_per_sample   drawn and encoded, a running average

    Raises UserError where a block takes more than half of `seconds`.
    """

    def __init__(
        self,
        sampler: BlockSampler,
        sample_bytes: int,
        encode: Encode,
        seconds: float,
        on_drawn: OnDrawn = lambda *_: None,
    ) -> None:
        """sample_bytes: of one sample, encoded, about; encode: as requests usually ask."""
        super().__init__(seconds)
        self.sampler, self.sample_bytes, self.on_drawn = sampler, sample_bytes, on_drawn
        self.seconds_per_sample = self.thread.submit(self._measured, encode).result()
        if (taken := BLOCK * self.seconds_per_sample) > seconds / 2:
            raise UserError(
                f"{BLOCK} {sampler.PLURAL}, which are drawn together, take {taken:.1f} s on this machine: give "
                f"--seconds {2 * taken:.0f} or more."
            )

    async def answer(
        self,
        job: BlockJob,
        encode: Encode,
        media_type: str,
        request: Request,
        headers: Mapping[str, str] | None = None,
    ) -> StreamedResponse:
        """The samples of a request, encoded. Raises OverloadedError, DeadlineError or ClientDisconnect.

        Raises UserError where there are none such as was asked for.
        """
        response = StreamedResponse(self, job.count * self.sample_bytes, media_type, headers)
        work = partial(self._draw, job, encode)
        return await self.drawn(request, job.most, self.seconds_per_sample, response, work)

    def _draw(self, job: BlockJob, encode: Encode, between: Callable[[], None]) -> bytes:
        began = time.perf_counter()
        between()
        found = job.draw(between)
        content = encode(found)
        seconds = time.perf_counter() - began
        if not job.searches:  # how many samples a search draws is known to itself alone
            self.seconds_per_sample = averaged(self.seconds_per_sample, seconds / job.most)
        self.on_drawn(max(job.count, found.drawn) if job.searches else job.most, job.count, seconds)
        return content

    def _measured(self, encode: Encode) -> float:
        for blocks in MEASURED:
            began, count = time.perf_counter(), blocks * BLOCK
            encode(DrawnSamples(self.sampler.stored(range(count)), np.arange(count), count))
        return (time.perf_counter() - began) / count
