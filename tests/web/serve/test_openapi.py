"""Every request that the description allows, and every one that it forbids, is answered as the description says."""

from collections.abc import Iterator

import pytest
import schemathesis
from doubles import PROGRAM
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from servers import Server, bearer, serving

EXAMPLES = 8  # of each operation and kind
CALM = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def with_classes() -> Iterator[Server]:
    with serving(PROGRAM, "0", "10", "3") as running:
        yield running


def has_frames_for_its_seeds(case: schemathesis.Case) -> bool:
    """What the description can only say in words: a walk has a frame for each seed, or more."""
    seeds, frames = (case.query or {}).get("seeds"), (case.query or {}).get("frames")
    count = len(seeds) if isinstance(seeds, list) else str(seeds).count(",") + 1
    return frames is None or int(frames) >= count


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize(
    "which", [*(pytest.param(each, marks=pytest.mark.slow) for each in ("embedded", "replicated")), "with_classes"]
)
def test_its_answers_are_those_of_its_description(
    which: str, mode: GenerationMode, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(which)
    key = bearer(server.token) if server.token else {}
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json", headers=key)
    tried = 0
    for operation in schema.get_all_operations():
        found = operation.ok()

        @CALM
        @given(case=found.as_strategy(generation_mode=mode))
        def answers_as_described(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            assume(mode is GenerationMode.NEGATIVE or has_frames_for_its_seeds(case))
            case.call_and_validate(headers=key)

        if mode is GenerationMode.NEGATIVE and not (found.query or found.body):
            continue  # nothing in it that could be wrong
        answers_as_described()
    assert tried >= 3 * EXAMPLES / 2
    assert server.client.get("/healthz").status_code == 200
    assert 'status="5' not in server.client.get("/metrics").text
