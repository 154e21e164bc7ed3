"""Servers of rows and of sounds answer as they describe."""

import pytest
import schemathesis
from described import tried
from schemathesis import GenerationMode
from servers import Server


def is_allowed(case: schemathesis.Case) -> bool:
    """What the description says in words: of which columns a term is, that seeds are alone and of a few blocks."""
    asked = {**(case.query or {}), **(case.body if isinstance(case.body, dict) else {})}
    return (
        not asked.get("where")
        and (asked.get("seeds") is None or all(asked.get(name) is None for name in ("n", "seed")))
        and len(asked.get("seeds") or ()) <= 8
        and (asked.get("seed") or 0) < 2**32 - 10_000
    )


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, pytest.param(GenerationMode.NEGATIVE, marks=pytest.mark.slow)], ids=str
)
@pytest.mark.parametrize("which", ["row_server", "sound_server"])
def test_its_answers_are_those_of_its_description(
    which: str, mode: GenerationMode, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(which)
    assert tried(server, mode, 8, is_allowed) >= 12
    assert 'status="5' not in server.client.get("/metrics").text
