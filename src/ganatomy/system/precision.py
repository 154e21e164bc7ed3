"""What must not be computed in less than float32."""

import torch
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """The tensor, in float32 if it came out of autocast in less."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
