"""What the tests of evaluation share: images, one run, and features of few dimensions, which cost no time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg  # noqa: F401  # loaded before the limit of its threads is set
import sklearn.ensemble  # noqa: F401
from threadpoolctl import threadpool_limits

from ganatomy.evaluation.features import EXTRACTORS, FunctionExtractor
from ganatomy.runs.run import Run
from tiny import quick, waves


@pytest.fixture(autouse=True, scope="session")
def _one_thread_each() -> Iterator[None]:
    """Small arrays gain nothing by more threads, and processes side by side lose much."""
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganatomy.system.runtime.cores", lambda: 1)
        yield


@pytest.fixture(scope="module")
def blocks() -> Iterator[str]:
    """The name of an extractor of images of 16×16: the means of 4×4 blocks, 16 features a channel."""

    def means(pixels: np.ndarray) -> np.ndarray:
        return (pixels.reshape(len(pixels), 4, 4, 4, 4, -1).mean((2, 4)) / 255).reshape(len(pixels), -1)

    EXTRACTORS.add("blocks", lambda options: FunctionExtractor("blocks", means), module=__name__, summary="Blocks")
    yield "blocks"
    EXTRACTORS.remove("blocks")


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 colour images of 16×16."""
    path = tmp_path_factory.mktemp("many") / "many.npy"
    np.save(path, waves(200, 16, 16))
    return path


@pytest.fixture(scope="session")
def run(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run of ten steps; tests that evaluate it take a number of images of their own."""
    return quick(many, tmp_path_factory.mktemp("runs"))
