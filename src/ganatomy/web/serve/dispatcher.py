"""Between HTTP and the generator: what is accepted is drawn by the workers, and encoded."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request

from ganatomy.modalities.images import Pixels
from ganatomy.web.serve.admission import Admission, StreamedResponse, averaged
from ganatomy.web.serve.encoding import Encoding
from ganatomy.web.serve.requests import LatentBatch
from ganatomy.web.serve.workers import DrawingPool

SMALL = 2**14  # bytes of pixels that take less time to encode than to hand to a thread


class Dispatcher(Admission):
    """Passes requests to the workers, and answers each that it accepts within `seconds`."""

    def __init__(self, workers: DrawingPool, image_bytes: int, seconds: float) -> None:
        """image_bytes: size of one image as pixels."""
        super().__init__(seconds)
        self.workers, self.image_bytes = workers, image_bytes
        self._encoding: defaultdict[str, float] = defaultdict(float)  # seconds per image, by format
        self._encoders = ThreadPoolExecutor(thread_name_prefix="encoder")

    async def answer(
        self, batch: LatentBatch, encoding: Encoding, request: Request, headers: Mapping[str, str] | None = None
    ) -> StreamedResponse:
        """The images of a request, encoded. Raises OverloadedError, DeadlineError or ClientDisconnect."""
        count, pace = len(batch.z), self.workers.seconds_per_image + self._encoding[encoding.name]
        response = StreamedResponse(self, count * self.image_bytes, encoding.media_type, headers)
        async with self.admitted(request, count, pace, response) as (deadline, while_connected):
            pixels = await while_connected(self.workers.submit(batch.z, batch.y, batch.truncation, deadline))
            if pixels.nbytes <= SMALL:
                content, spent = _timed(encoding, pixels)
            else:
                encoded = asyncio.get_running_loop().run_in_executor(self._encoders, _timed, encoding, pixels)
                content, spent = await while_connected(encoded)
            self._encoding[encoding.name] = averaged(self._encoding[encoding.name], spent / count)
        return response.with_content(content)

    def close(self) -> None:
        """Draw what was accepted, and end the threads."""
        self.workers.close()
        self._encoders.shutdown()


def _timed(encoding: Encoding, pixels: Pixels) -> tuple[bytes, float]:
    """Encoded images, and the seconds it took."""
    began = time.perf_counter()
    return encoding.encode(pixels), time.perf_counter() - began
