"""Servers of rows and of sounds answer as they describe."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from servers import Server, bearer

CALM = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, pytest.param(GenerationMode.NEGATIVE, marks=pytest.mark.slow)], ids=str
)
@pytest.mark.parametrize("which", ["row_server", "sound_server"])
def test_its_answers_are_those_of_its_description(
    which: str, mode: GenerationMode, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(which)
    key, tried = bearer(server.token), 0
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json", headers=key)
    for operation in schema.get_all_operations():
        found = operation.ok()

        @CALM
        @given(case=found.as_strategy(generation_mode=mode))
        def answers_as_described(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            asked = {**(case.query or {}), **(case.body if isinstance(case.body, dict) else {})}
            # What the description says in words: of which columns a term is, that seeds are alone and of a few blocks.
            if mode is GenerationMode.POSITIVE:
                assume(not asked.get("where"))
                assume(asked.get("seeds") is None or all(asked.get(name) is None for name in ("n", "seed")))
                assume(len(asked.get("seeds") or ()) <= 8)
                assume((asked.get("seed") or 0) < 2**32 - 10_000)
            case.call_and_validate(headers=key)

        if mode is GenerationMode.POSITIVE or found.query or found.body:
            answers_as_described()
    assert tried >= 12
    assert 'status="5' not in server.client.get("/metrics").text
