"""A worker process: reads requests, answers each, and ends when the studio does.

python -m ganatomy.web.studio.worker_process MODULE NICENESS
"""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import IO, Any, TypeAlias

from ganatomy.errors import UserError
from ganatomy.web.strict_json import dump
from ganatomy.web.studio.worker_client import HEADER, Answer

Handler: TypeAlias = Callable[[dict[str, Any]], Answer]


def serve(handle: Handler, requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each request in turn. Errors of the request are answered; any other ends the process by a traceback."""
    while header := requests.read(HEADER.size):
        size, _ = HEADER.unpack(header)
        try:
            answer = handle(json.loads(requests.read(size)))
        except UserError as error:
            answer = Answer({"error": str(error)})
        except (LookupError, TypeError, ValueError) as error:  # no page sends such a request
            answer = Answer({"error": f"Invalid request ({type(error).__name__}: {error})."})
        text = dump(answer.content)
        answers.write(HEADER.pack(len(text), len(answer.picture)) + text + answer.picture)
        answers.flush()


if __name__ == "__main__":
    with suppress(AttributeError, OSError):
        os.nice(int(sys.argv[2]))
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what libraries print must not mix with the answers
        serve(import_module(sys.argv[1]).handler(), sys.stdin.buffer, answers)
