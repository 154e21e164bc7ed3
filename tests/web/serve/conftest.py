"""One server of one trained run."""

from collections.abc import Iterator

import pytest
from servers import Server, serving

from ganatomy.runs.run import Run


@pytest.fixture(scope="package")
def server(trained: Run) -> Iterator[Server]:
    with serving("-m", "ganatomy", "serve", str(trained.path), "--port=0", "--device=cpu") as running:
        yield running
