"""What must not be computed in less than float32."""

from __future__ import annotations

from ganatomy.system.lazy import torch


def at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, of any shape, in float32 if it came out of autocast in less."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
