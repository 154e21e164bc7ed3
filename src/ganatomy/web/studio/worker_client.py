"""Processes of their own for what needs torch: they start when first asked, and the studio outlives them."""

import asyncio
import json
import os
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ganatomy.errors import UserError

HEAD = struct.Struct("!II")  # bytes of JSON, then bytes of the picture that follows it
LARGEST = 2**26


class WorkerError(UserError):
    """The process ended, or did not answer in time; the next order finds a new one."""


class WorkerClient:
    """One process of `ganatomy.web.studio.worker_process`, one order after the other."""

    def __init__(self, kind: str, seconds: float) -> None:
        """kind: walk, lab or lesson; seconds: within which every answer must be there."""
        self.kind, self.seconds = kind, seconds
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def ask(self, order: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """What an order gives: an answer and a picture, or none. Raises UserError with the room's own sentence."""
        # Shielded: an order whose asker has gone is carried out to its end, so that the next one hears its own answer.
        answer, picture = await asyncio.shield(self._exchange(json.dumps(order).encode()))
        if "error" in answer:
            raise UserError(answer["error"])
        return answer, picture

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _exchange(self, order: bytes) -> tuple[dict[str, Any], bytes]:
        async with self._lock:
            process = self._process or await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                async with asyncio.timeout(self.seconds):
                    process.stdin.write(HEAD.pack(len(order), 0) + order)
                    await process.stdin.drain()
                    said, drawn = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
                    answer = json.loads(await process.stdout.readexactly(said))
                    return answer, await process.stdout.readexactly(drawn)
            except TimeoutError:
                await self.close()
                raise WorkerError(f"No answer within {self.seconds:g} seconds; what was at work is ended.") from None
            except (asyncio.IncompleteReadError, OSError):
                await process.wait()
                self._process = None
                raise WorkerError(
                    f"The process behind this page has ended (status {process.returncode}); it starts anew when you "
                    "ask again."
                ) from None

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "ganatomy.web.studio.worker_process", self.kind)
        # Ctrl-C is for the studio, which ends its rooms itself.
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, start_new_session=True)
        return self._process


def be_modest() -> None:
    """Let those who train go first."""
    with suppress(AttributeError, OSError):
        os.nice(10)
