"""Which repeats of a slow test continuous integration leaves out."""

import pytest

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.repeat) for seed in (1, 2))]
