"""R3GAN's residual networks without normalisation (Huang et al. 2025, arXiv:2501.05441, section 4).

A stage is some residual blocks at one map size. Between stages a fixed low-pass filter doubles or halves the map, and a
1×1 convolution changes the channels where they differ. Without normalisation the first weights alone keep the signal in
bounds (Fixup: Zhang et al. 2019, arXiv:1901.09321): every block begins as the identity, and its inner weights are the
smaller the more blocks there are.

`widths` (channels), `blocks` and `cardinality` (groups) have an entry for each stage, from the smallest map to the
image in both networks, or one entry for all; `expansion` is how many times wider blocks are inside; `kernel` is odd.
"""

from collections.abc import Callable
from math import prod, sqrt
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.networks.ops.convolution import Conv2d
from ganatomy.networks.sizes import crop, pad, pyramid

SLOPE = 0.2  # of the leaky ReLU below zero
Layer = TypeVar("Layer", nn.Linear, Conv2d)


def stages(image: tuple[int, int, int]) -> int:
    """Map sizes from the smallest to that of an image (channels, height, width), both counted: 4 for 32×32."""
    return pyramid(*image[1:]).levels + 1


class Generator(nn.Module):
    """z: [B, latent_dim], y: [B, classes] → images: [B, C, H, W], linear at the end.

    The class's embedding, as long as z, is put behind z, as in the published configurations. Raises ValueError where a
    list has neither one entry nor `stages(image)`.
    """

    def __init__(
        self,
        latent_dim: int,
        image: tuple[int, int, int],
        widths: list[int],
        blocks: list[int],
        cardinality: list[int],
        expansion: int = 2,
        kernel: int = 3,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.size = image[1:]
        widths, blocks, cardinality = _every_stage(image, widths=widths, blocks=blocks, cardinality=cardinality)
        self.embedding = linear(classes, latent_dim) if classes else None
        self.basis = nn.Parameter(torch.randn(widths[0], *pyramid(*self.size)[1:]))
        self.linear = linear(latent_dim * (2 if classes else 1), widths[0])
        self.layers = stack(widths, blocks, cardinality, expansion, kernel, Upsample)
        self.image = convolution(widths[-1], image[0], bias=False)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → images [B, C, H, W], not bounded."""
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(y)], 1)
        maps = self.basis * self.linear(z)[:, :, None, None]
        return crop(self.image(self.layers(maps)), *self.size)


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1], y: [B, classes] → raw scores: [B].

    With classes a score is ⟨φ(x), V y⟩ and no more, of as many dimensions as the smallest map has channels, as in the
    published configurations. Raises ValueError like the generator.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        widths: list[int],
        blocks: list[int],
        cardinality: list[int],
        expansion: int = 2,
        kernel: int = 3,
        classes: int = 0,
    ) -> None:
        super().__init__()
        levels, *small = pyramid(*image[1:])
        self.size = [side * 2**levels for side in small]
        lists = _every_stage(image, widths=widths, blocks=blocks, cardinality=cardinality)
        widths, blocks, cardinality = (entries[::-1] for entries in lists)
        features = widths[-1]
        self.image = convolution(image[0], widths[0], bias=False)
        self.layers = stack(widths, blocks, cardinality, expansion, kernel, Downsample)
        self.basis = nn.Parameter(torch.randn(features, *small) / sqrt(prod(small)))
        self.linear = linear(features, features if classes else 1)
        self.embedding = linear(classes, features, gain=1 / sqrt(features)) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B]."""
        maps = self.layers(self.image(pad(images, *self.size)))
        features: Tensor = self.linear((self.basis * maps).sum((2, 3)))
        return features.squeeze(1) if self.embedding is None else (features * self.embedding(y)).sum(1)


def stack(
    widths: list[int],
    blocks: list[int],
    cardinality: list[int],
    expansion: int,
    kernel: int,
    resample: Callable[[int, int], nn.Module],
) -> nn.Sequential:
    """The stages one after the other, with `resample(inputs, outputs)` between them."""
    layers: list[nn.Module] = []
    for stage, (width, count, groups) in enumerate(zip(widths, blocks, cardinality, strict=True)):
        if stage > 0:
            layers.append(resample(widths[stage - 1], width))
        layers += [Residual(width, groups, expansion, kernel, depth=sum(blocks)) for _ in range(count)]
    return nn.Sequential(*layers)


class Residual(nn.Module):
    """x + W₃ f(W₂ f(W₁ x + b₁) + b₂), f the leaky ReLU: [B, width, H, W] → the same.

    W₁ and W₃ are 1×1; W₂, between expansion · width channels, is in `groups` (ResNeXt: Xie et al. 2017,
    arXiv:1611.05431). The m = 3 layers begin as Fixup would have it: W₃ at 0, W₁ and W₂ with the leaky ReLU's gain over
    depth^(1 / (2m − 2)), depth being the blocks of the whole network.
    """

    def __init__(self, width: int, groups: int, expansion: int, kernel: int, depth: int) -> None:
        super().__init__()
        inner = width * expansion
        gain = nn.init.calculate_gain("leaky_relu", SLOPE) / depth ** (1 / 4)
        self.branch = nn.Sequential(
            convolution(width, inner, gain=gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            convolution(inner, inner, kernel, groups, gain=gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            convolution(inner, width, bias=False, gain=0),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, width, H, W] → the same shape."""
        return x + self.branch(x)


class Upsample(nn.Module):
    """[B, inputs, H, W] → [B, outputs, 2H, 2W], low-passed by [1, 3, 3, 1] on both axes; the border's outside is 0."""

    lowpass: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.change = change(inputs, outputs)
        self.register_buffer("lowpass", 4 * binomial())  # a pixel's light is spread over four

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, H, W] → [B, outputs, 2H, 2W]."""
        return each_channel(F.conv_transpose2d, self.change(x), self.lowpass)


class Downsample(nn.Module):
    """[B, inputs, 2H, 2W] → [B, outputs, H, W], low-passed likewise."""

    lowpass: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.change = change(inputs, outputs)
        self.register_buffer("lowpass", binomial())

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, 2H, 2W] → [B, outputs, H, W]."""
        maps: Tensor = self.change(each_channel(F.conv2d, x, self.lowpass))
        return maps


def binomial() -> Tensor:
    """The filter [1, 3, 3, 1] on both axes, [4, 4], of sum 1: [1, 2, 1] widened for an even grid."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return torch.outer(line, line)


def each_channel(convolve: Callable[..., Tensor], x: Tensor, weight: Tensor) -> Tensor:
    """A convolution of stride 2 that has the same weight, [4, 4], for every channel of x, [B, C, H, W]."""
    channels = x.shape[1]
    # In float32 whatever autocast says: oneDNN takes a hundred times as long for this in bfloat16.
    with torch.autocast(x.device.type, enabled=False):
        weights = weight.expand(channels, 1, -1, -1)
        return convolve(x.to(weight.dtype), weights, stride=2, padding=1, groups=channels)


def change(inputs: int, outputs: int) -> nn.Module:
    """Other channels by a 1×1 convolution, where there is anything to change."""
    return nn.Identity() if inputs == outputs else convolution(inputs, outputs, bias=False)


def convolution(
    inputs: int, outputs: int, kernel: int = 1, groups: int = 1, bias: bool = True, gain: float = 1.0
) -> Conv2d:
    """A convolution that keeps the map's size."""
    return initialise(Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=bias), gain)


def linear(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    """A matrix, without bias."""
    return initialise(nn.Linear(inputs, outputs, bias=False), gain)


def initialise(layer: Layer, gain: float = 1.0) -> Layer:
    """Weights N(0, gain² / fan-in), bias 0, in place (He et al. 2015, arXiv:1502.01852)."""
    nn.init.normal_(layer.weight, 0, gain / sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _every_stage(image: tuple[int, int, int], **options: list[int]) -> list[list[int]]:
    """The options with an entry for every stage."""
    count = stages(image)
    for name, entries in options.items():
        if len(entries) not in (1, count):
            size = f"{image[1]}×{image[2]}"
            raise ValueError(f"{name} has {len(entries)} entries; {size} images have {count} stages: give 1 or {count}")
    return [entries * count if len(entries) == 1 else entries for entries in options.values()]
