"""Every request that the description allows, and every one that it forbids, is answered as the description says."""

from collections.abc import Iterator

import pytest
import schemathesis
from described import tried
from doubles import PROGRAM
from schemathesis import GenerationMode
from servers import Server, serving

EXAMPLES = 8  # of each operation and kind


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
    assert tried(server, mode, EXAMPLES, has_frames_for_its_seeds) >= 3 * EXAMPLES / 2
    assert server.client.get("/healthz").status_code == 200
    assert 'status="5' not in server.client.get("/metrics").text
