"""EfficientNet-Lite0 against timm's, with the published weights."""

import json
import sys
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from ganatomy.networks.efficientnet import CHANNELS, EfficientNet

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
from record_efficientnet import EVERY, SIZES, images

RECORDED = json.loads((Path(__file__).parents[1] / "golden" / "efficientnet.json").read_text())


@pytest.mark.slow  # fetches 18 MB
@pytest.mark.parametrize("name", SIZES)
def test_maps_are_timms(name: str) -> None:
    """From the same weights and images, to 1e-4 of their size; timm has batch normalisations, ours are folded."""
    for found, recorded in zip(EfficientNet()(torch.from_numpy(images(name))), RECORDED[name], strict=True):
        assert list(found.shape) == recorded["shape"]
        values = torch.tensor(recorded["values"])
        assert_close(found.contiguous().flatten()[::EVERY], values, atol=1e-4 * recorded["size"], rtol=1e-4)


@pytest.mark.slow
def test_pretrained_weights_are_in_no_checkpoint() -> None:
    assert not list(EfficientNet().parameters())
    assert not EfficientNet().state_dict()


def test_nothing_in_it_learns_and_random_weights_are_in_checkpoints() -> None:
    one, other = EfficientNet(pretrained=False), EfficientNet(pretrained=False)
    assert not list(one.parameters())
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, 3, 64, 64)
    for left, right, channels in zip(one(x), other(x), CHANNELS, strict=True):
        assert torch.equal(left, right)
        assert left.shape[1] == channels
        assert left.std() > 0.01, "the signal is alive"
