"""What a room's process does: reads orders, answers them, until nobody asks any more."""

import json
import os
import sys
from collections.abc import Callable
from typing import IO, Any, TypeAlias

from ganatomy.errors import UserError
from ganatomy.web.studio.worker_client import HEAD, be_modest

Answer: TypeAlias = tuple[dict[str, Any], bytes]
Answerer: TypeAlias = Callable[[dict[str, Any]], Answer]


def answerer(kind: str) -> Answerer:
    """Who answers the orders of a kind of room."""
    if kind == "walk":
        from ganatomy.web.studio.latent_walk import LatentExplorer

        return LatentExplorer().answer
    if kind == "lab":
        from ganatomy.web.studio.lab_games import LiveGames

        return LiveGames().answer
    from ganatomy.web.studio.lesson_experiment import answer

    return answer


def serve(answer: Answerer, orders: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each order in turn. What a person can mend is told; anything else ends the process, with its traceback."""
    while head := orders.read(HEAD.size):
        size, _ = HEAD.unpack(head)
        try:
            told, picture = answer(json.loads(orders.read(size)))
        except UserError as error:
            told, picture = {"error": str(error)}, b""
        except (LookupError, TypeError, ValueError) as error:  # an order that no page gives
            told, picture = {"error": f"That cannot be done ({type(error).__name__}: {error})."}, b""
        text = json.dumps(told, allow_nan=False).encode()
        answers.write(HEAD.pack(len(text), len(picture)) + text + picture)
        answers.flush()


if __name__ == "__main__":
    if sys.argv[1] != "walk":  # a finger waits for it
        be_modest()
    with os.fdopen(os.dup(1), "wb") as told:
        os.dup2(2, 1)  # what libraries print is no answer
        serve(answerer(sys.argv[1]), sys.stdin.buffer, told)
