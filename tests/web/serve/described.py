"""Requests that a server's description allows or forbids, and whether they are answered as it says."""

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from servers import Server, bearer


def tried(
    server: Server, mode: GenerationMode, examples: int, allowed: Callable[[Any], bool] = lambda case: True
) -> int:
    """Make requests of each operation, so many at most, and validate their answers; returns how many were made.

    allowed: of what the description allows, what it says in words is allowed, too.
    """
    key, count = bearer(server.token) if server.token else {}, 0
    calm = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json", headers=key)
    for operation in schema.get_all_operations():
        found = operation.ok()

        @calm
        @given(case=found.as_strategy(generation_mode=mode))
        def answers_as_described(case: schemathesis.Case) -> None:
            nonlocal count
            count += 1
            assume(mode is GenerationMode.NEGATIVE or allowed(case))
            case.call_and_validate(headers=key)

        if mode is GenerationMode.NEGATIVE and not (found.query or found.body):
            continue  # nothing in it that could be wrong
        answers_as_described()
    return count
