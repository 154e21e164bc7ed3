"""What must not be computed in less than float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ganatomy.system.lazy import torch


def at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, of any shape, in float32 if it came out of autocast in less."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@contextmanager
def exact_float32() -> Iterator[None]:
    """Inside, a GPU's float32 has all its 24 bits, and the same input always gives the same bits.

    torch lets cuDNN round the factors of float32 convolutions to 11 bits (TF32), as coarse as half precision, and
    choose kernels that add in any order. Afterwards all is as it was.
    """
    cudnn, products = torch.backends.cudnn, torch.get_float32_matmul_precision()
    if products != "highest":
        torch.set_float32_matmul_precision("highest")
    try:
        with cudnn.flags(enabled=cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        if products != "highest":
            torch.set_float32_matmul_precision(products)
