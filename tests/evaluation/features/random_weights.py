"""Random weights in place of the published ones, which no test downloads, and what holds for whatever reads them."""

import hashlib
from pathlib import Path

import pytest
import safetensors.torch
import torch

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from tiny import waves


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


def check_it_refuses_alpha_and_other_networks(name: str, path: Path, folder: Path) -> None:
    with pytest.raises(UserError, match=f"{name} reads images of 1 or 3 channels; these are 20×20×4"):
        features.make(name, weights=path, sha256=sha256(path))(waves(2, 20, 20, 4))
    other = folder / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.ones(2)}, other)
    with pytest.raises(UserError, match="holds the weights of another network"):
        features.make(name, weights=other, sha256=sha256(other))


def check_making_it_leaves_the_random_state_alone(name: str, path: Path) -> None:
    before = torch.random.get_rng_state()
    features.make(name, weights=path, sha256=sha256(path))
    assert torch.equal(torch.random.get_rng_state(), before)
