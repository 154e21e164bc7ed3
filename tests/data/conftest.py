"""A cache and a source of randomness of each test's own."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """The cache folder, beside the test's files."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GANATOMY_CACHE", str(folder))
    return folder


@pytest.fixture
def rng():
    return np.random.default_rng(0)
