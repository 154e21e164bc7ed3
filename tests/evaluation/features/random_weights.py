"""Random weights in place of the published ones, which no test downloads."""

import hashlib
from pathlib import Path

import torch


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def randomised(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights drawn again, so that none is 0 or 1 and all of them tell."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            spread = (2 / tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.1
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * spread)
            if name.endswith(("bn.weight", "running_var")) or ".norm" in name:
                tensor.abs_().add_(0.9)
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
