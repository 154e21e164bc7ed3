"""The tests of this folder run on the CPU, so that they are tested themselves, and as tests marked `gpu` on a GPU."""

import pytest
import torch

CUDA = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA GPU that torch can use."),
    ],
)


@pytest.fixture(params=["cpu", CUDA])
def device(request: pytest.FixtureRequest) -> str:
    """cpu and cuda, in turn."""
    return request.param


@pytest.fixture(params=[CUDA])
def cuda(request: pytest.FixtureRequest) -> str:
    """cuda, for what a CPU does not have."""
    return request.param
