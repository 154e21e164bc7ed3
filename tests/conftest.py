"""What every test stands on: seeded draws, a cache of its own, one thread (for exact numbers), a few small images."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from tiny import waves

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_collectstart() -> None:
    """What a test module draws while it is imported is the same in every run."""
    torch.manual_seed(0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What a test and its fixtures draw depends neither on the clock nor on the tests before it."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANATOMY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Exact numbers; and two test processes would otherwise wait for each other's threads."""
    torch.set_num_threads(1)
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """37 colour images of 16×16: batches of 8 never end with a pass over the data."""
    path = tmp_path_factory.mktemp("images") / "waves.npy"
    np.save(path, waves(37, 16, 16))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser for the pages that we write."""
    from playwright.sync_api import sync_playwright  # takes long, and most tests need none

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if chromium is None:
        pytest.skip("There is no chromium on this machine to show the page in.")
    with sync_playwright() as playwright:
        yield (browser := playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]))
        browser.close()
