"""A classifier of MNIST's digits that comes with the package; tools/train_lenet.py trained it."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.evaluation.features.classifier import FEATURES, Classifier
from ganatomy.evaluation.features.network import NetworkExtractor, Outputs
from ganatomy.modalities.images import to_float
from ganatomy.system import weights

FILE = Path(__file__).with_name("lenet.safetensors")
SIZES = (28, 28), (32, 32)
SHAPE = (32, 32, 1)


class LeNet(nn.Module):
    """One digit or, in three channels, three of them: Stacked MNIST, Metz et al. 2017 (arXiv:1611.02163), 3.3.1.

    The features of the three are concatenated, and their class is the number that they write, first channel first:
    1,000 classes, whose probabilities are the products of the digits'.
    """

    def __init__(self) -> None:
        super().__init__()
        self.classifier = Classifier(SHAPE, classes=10)

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, H, W, C], H and W 28 or 32, C 1 or 3 → features [B, 64·C] and probabilities [B, 10^C]."""
        count, height, width, channels = pixels.shape
        border = (SHAPE[0] - height) // 2
        digits = F.pad(pixels.permute(0, 3, 1, 2).reshape(-1, height, width, 1), (0, 0, *[border] * 4))
        features, logits = self.classifier.logits(to_float(digits))
        first, *others = logits.softmax(1).view(count, channels, 10).unbind(1)
        for digit in others:
            first = (first[:, :, None] * digit[:, None]).flatten(1)
        return features.view(count, channels * FEATURES), first

    def maps(self, digits: Tensor) -> list[Tensor]:
        """Digits [B, 1, H, W] in [−1, 1], H and W 28 or 32 → maps behind each stage, [B, width, H', W']."""
        border = (SHAPE[0] - digits.shape[2]) // 2
        maps, found = F.pad(digits, [border] * 4, value=-1.0), []
        for stage in self.classifier.stages:
            maps = stage(maps)
            found.append(maps)
        return found


@torch.random.fork_rng(devices=[])  # layers draw random weights when they are made
def make(channels: int, device: str) -> NetworkExtractor:
    """channels: 1 for digits, 3 for Stacked MNIST. Raises UserError for other numbers."""
    if channels not in (1, 3):
        raise UserError(f"lenet reads digits of 1 channel, or three digits in 3 channels, not {channels}.")
    facts = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))
    network = LeNet()
    weights.fill(network.classifier, weights.read(FILE, facts["sha256"]), FILE)
    protocol = {
        "extractor": "lenet",
        "sha256": facts["sha256"],
        "layer": "penultimate",
        "channels": channels,
        "resize": "28 to 32 pixels by a black border",
    }
    return NetworkExtractor("lenet", network, protocol, 10**channels, False, (channels,), SIZES, device)
