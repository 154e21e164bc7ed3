"""float32 is float32, and what is chosen for that ends with it."""

import pytest
import torch

from ganatomy.system.precision import exact_float32


@pytest.mark.parametrize("products", ["highest", "high"])
def test_a_gpus_arithmetic_is_exact_inside_and_as_before_afterwards(products: str) -> None:
    def arithmetic() -> tuple[bool, bool, bool, bool, str]:
        cudnn = torch.backends.cudnn
        kept = cudnn.enabled, cudnn.allow_tf32, cudnn.deterministic, cudnn.benchmark
        return *kept, torch.get_float32_matmul_precision()

    usual = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(products)
        before = arithmetic()
        with exact_float32():
            assert arithmetic() == (before[0], False, True, False, "highest")
        assert arithmetic() == before
        with pytest.raises(KeyError), exact_float32():
            raise KeyError
        assert arithmetic() == before
    finally:
        torch.set_float32_matmul_precision(usual)


def test_cudnn_stays_in_use() -> None:
    with exact_float32():
        assert torch.backends.cudnn.enabled
    with torch.backends.cudnn.flags(enabled=False), exact_float32():
        assert not torch.backends.cudnn.enabled  # the caller's wish
