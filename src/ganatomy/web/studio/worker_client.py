"""Processes of their own for work that needs torch: they start when they are needed, and may crash without harm."""

import asyncio
import json
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ganatomy.errors import UserError

HEADER = struct.Struct("!II")  # bytes of JSON, then bytes of the picture that follows it


@dataclass(frozen=True)
class Answer:
    """What a worker process answers: an object for JSON, and a picture where one was asked for."""

    content: dict[str, Any]
    picture: bytes = b""


class WorkerError(UserError):
    """The worker process ended, or did not answer in time; the next request starts a new one."""


class WorkerClient:
    """One process of `ganatomy.web.studio.worker_process`, which answers one request after the other."""

    def __init__(self, module: str, seconds: float, niceness: int = 0) -> None:
        """module: whose `handler` answers; seconds: within which every answer must be there.

        niceness: how far its priority is lowered, so that trainings go first.
        """
        self.module, self.seconds, self.niceness = module, seconds, niceness
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def request(self, content: Mapping[str, Any]) -> Answer:
        """The worker's answer. Raises UserError with its own sentence, or WorkerError where it has ended or is late."""
        # Shielded: a request whose client has left is still answered, so that the next one gets its own answer.
        answer = await asyncio.shield(self._exchange(json.dumps(content).encode()))
        if "error" in answer.content:
            raise UserError(answer.content["error"])
        return answer

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _exchange(self, request: bytes) -> Answer:
        async with self._lock:
            process = self._process or await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                async with asyncio.timeout(self.seconds):
                    process.stdin.write(HEADER.pack(len(request), 0) + request)
                    await process.stdin.drain()
                    text, picture = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
                    content = json.loads(await process.stdout.readexactly(text))
                    return Answer(content, await process.stdout.readexactly(picture))
            except TimeoutError:
                await self.close()
                raise WorkerError(f"No answer within {self.seconds:g} seconds; the work was stopped.") from None
            except (asyncio.IncompleteReadError, OSError):
                await process.wait()
                self._process = None
                raise WorkerError(
                    f"The process behind this page has crashed (status {process.returncode}); try again to restart it."
                ) from None

    async def _start(self) -> asyncio.subprocess.Process:
        """A new process, with our environment: $GANATOMY_PARTS reaches it."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "ganatomy.web.studio.worker_process", self.module, str(self.niceness))
        # In a session of its own: Ctrl-C is for the studio, which ends its workers itself.
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, start_new_session=True)
        return self._process
