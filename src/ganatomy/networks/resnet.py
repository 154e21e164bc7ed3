"""The residual networks of SNGAN (Miyato et al. 2018, arXiv:1802.05957, appendix B.4) and of WGAN-GP on CIFAR-10.

At 32×32 they are SNGAN's with width 256 in the generator and 128 in the discriminator, and WGAN-GP's (Gulrajani et al.
2017, arXiv:1704.00028, appendix, and its authors' code) with width 128 in both, pooling "mean" and norm "none". Other
sizes take as many doublings and halvings as they need: of the same width, or, as SNGAN's for ImageNet, the wider the
smaller the map.
"""

from itertools import pairwise
from math import prod, sqrt
from typing import TypeVar

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganatomy.networks.ops.convolution import Conv2d
from ganatomy.networks.sizes import crop, pad, pyramid

RESIDUAL = sqrt(2)  # gain of the first weights in residual branches, for their ReLUs; elsewhere it is 1
Layer = TypeVar("Layer", nn.Linear, Conv2d)


class Generator(nn.Module):
    """z: [B, latent_dim], y: [B, classes] → images: [B, C, H, W] in (−1, 1).

    A block for each doubling of the smallest map, which is 4×4 for 32×32. width, widest: see `channels`, from the
    largest map on. norm: batch or none; with classes each has its own scales and shifts in every block.
    """

    def __init__(
        self,
        latent_dim: int,
        image: tuple[int, int, int],
        width: int = 128,
        norm: str = "batch",
        classes: int = 0,
        widest: int = 1,
    ) -> None:
        super().__init__()
        self.size = image[1:]
        small = pyramid(*self.size)
        widths = channels(width, widest, small.levels + 1)[::-1]
        self.smallest = (widths[0], small.height, small.width)
        self.linear = initialise(nn.Linear(latent_dim, prod(self.smallest)))
        self.blocks = nn.ModuleList(UpBlock(*each, norm, classes) for each in pairwise(widths))
        self.norm = ConditionalNorm(width, norm)
        self.image = initialise(Conv2d(width, image[0], 3, padding=1))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → images [B, C, H, W] in (−1, 1)."""
        maps = self.linear(z).unflatten(1, self.smallest)
        for block in self.blocks:
            maps = block(maps, y)
        return crop(self.image(F.relu(self.norm(maps))).tanh(), *self.size)


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1], y: [B, classes] → raw scores: [B].

    Blocks that halve, and as many as `flat` says that keep the size: two end at twice the generator's smallest map (8×8
    for 32×32, as SNGAN's for CIFAR-10), one at its size (as SNGAN's for ImageNet). width, widest: see `channels`, from
    half the image's size on. norm: spectral (every weight's, a power iteration each forward in training mode), layer
    (over channels, height and width; not in the first block) or none. pooling: sum (SNGAN) or mean (WGAN-GP) over the
    last map. With classes the score is ψ(φ(x)) + ⟨V y, φ(x)⟩: Miyato & Koyama 2018 (arXiv:1802.05637), eq. 3.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        width: int = 128,
        norm: str = "spectral",
        pooling: str = "sum",
        classes: int = 0,
        widest: int = 1,
        flat: int = 2,
    ) -> None:
        super().__init__()
        levels, *small = pyramid(*image[1:])
        self.size = [side * 2**levels for side in small]
        self.pooling = pooling
        widths = channels(width, widest, max(1, levels + 1 - flat))
        self.blocks = nn.Sequential(
            FirstBlock(image[0], width, norm),
            *(DownBlock(*each, norm, halve=True) for each in pairwise(widths)),
            *(DownBlock(widths[-1], widths[-1], norm, halve=False) for _ in range(flat)),
        )
        self.linear = constrained(nn.Linear(widths[-1], 1, bias=False), norm)
        self.embedding = constrained(nn.Linear(classes, widths[-1], bias=False), norm) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B]."""
        maps = F.relu(self.blocks(pad(images, *self.size)))
        features = maps.sum((2, 3)) if self.pooling == "sum" else maps.mean((2, 3))
        scores: Tensor = self.linear(features).squeeze(1)
        return scores if self.embedding is None else scores + (features * self.embedding(y)).sum(1)


def channels(width: int, widest: int, maps: int) -> list[int]:
    """Channels of so many maps, each half as large as the one before: width, doubled up to widest · width."""
    return [width * min(2**halvings, widest) for halvings in range(maps)]


class UpBlock(nn.Module):
    """Norm, ReLU, doubling, 3×3; norm, ReLU, 3×3; plus a 1×1 shortcut. [B, inputs, H, W] → [B, outputs, 2H, 2W].

    Doubling by repetition, like mean pooling, commutes with 1×1 convolutions: shortcuts convolve the smaller map.
    """

    def __init__(self, inputs: int, outputs: int, norm: str, classes: int) -> None:
        super().__init__()
        self.norm1 = ConditionalNorm(inputs, norm, classes)
        self.norm2 = ConditionalNorm(outputs, norm, classes)
        self.conv1 = initialise(Conv2d(inputs, outputs, 3, padding=1), RESIDUAL)
        self.conv2 = initialise(Conv2d(outputs, outputs, 3, padding=1), RESIDUAL)
        self.shortcut = initialise(Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Maps [B, inputs, H, W], classes y [B, classes] or None → [B, outputs, 2H, 2W]."""
        h = self.conv1(F.interpolate(F.relu(self.norm1(x, y)), scale_factor=2))
        h = self.conv2(F.relu(self.norm2(h, y)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2)


class FirstBlock(nn.Module):
    """3×3, ReLU, 3×3, mean pooling; plus pooling and a 1×1 shortcut. [B, C, 2H, 2W] → [B, width, H, W]."""

    def __init__(self, channels: int, width: int, norm: str) -> None:
        super().__init__()
        self.conv1 = constrained(Conv2d(channels, width, 3, padding=1), norm, RESIDUAL)
        self.conv2 = constrained(Conv2d(width, width, 3, padding=1), norm, RESIDUAL)
        self.shortcut = constrained(Conv2d(channels, width, 1), norm)

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, C, 2H, 2W] → maps [B, width, H, W]."""
        h = self.conv2(F.relu(self.conv1(x)))
        return F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))


class DownBlock(nn.Module):
    """Norm, ReLU, 3×3, twice; plus the input. With `halve`: mean pooling, and a 1×1 shortcut.

    As in SNGAN's, the first convolution of a block that halves has its inputs' channels.
    """

    def __init__(self, inputs: int, outputs: int, norm: str, halve: bool) -> None:
        super().__init__()
        self.norm1 = normalisation(norm, inputs)
        self.norm2 = normalisation(norm, inputs)
        self.conv1 = constrained(Conv2d(inputs, inputs, 3, padding=1), norm, RESIDUAL)
        self.conv2 = constrained(Conv2d(inputs, outputs, 3, padding=1), norm, RESIDUAL)
        self.shortcut = constrained(Conv2d(inputs, outputs, 1), norm) if halve else None

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, H, W] → [B, outputs, H, W], or [B, outputs, H/2, W/2] with `halve`."""
        h = self.conv1(F.relu(self.norm1(x)))
        h = self.conv2(F.relu(self.norm2(h)))
        return h + x if self.shortcut is None else F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))


class ConditionalNorm(nn.Module):
    """(1 + Γy) ⊙ norm(x) + By, channel by channel: de Vries et al. 2017 (arXiv:1707.00683), eq. 2 and section 3.

    x: [B, channels, H, W], y: [B, classes]. Γ and B begin at zero; without classes they are batch norm's own. norm:
    batch or none.
    """

    def __init__(self, channels: int, norm: str, classes: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=not classes) if norm == "batch" else nn.Identity()
        self.scale = nn.Linear(classes, channels, bias=False) if classes else None
        self.shift = nn.Linear(classes, channels, bias=False) if classes else None
        for table in (self.scale, self.shift):
            if table is not None:
                nn.init.zeros_(table.weight)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Maps [B, channels, H, W], classes y [B, classes] or None → the same shape."""
        normalised: Tensor = self.norm(x)
        if self.scale is None or self.shift is None:
            return normalised
        return (1 + self.scale(y))[:, :, None, None] * normalised + self.shift(y)[:, :, None, None]


def normalisation(norm: str, channels: int) -> nn.Module:
    """A discriminator's layer normalisation, with a scale and a shift for each channel; otherwise nothing."""
    return nn.GroupNorm(1, channels) if norm == "layer" else nn.Identity()


def constrained(layer: Layer, norm: str, gain: float = 1.0) -> nn.Module:
    """A discriminator's layer with its first weights, under spectral normalisation if that is the norm."""
    layer = initialise(layer, gain)
    return spectral_norm(layer) if norm == "spectral" else layer


def initialise(layer: Layer, gain: float = 1.0) -> Layer:
    """Weights uniform with variance gain² · 2 / (fan-in + fan-out) (Glorot & Bengio 2010, eq. 16), bias 0, in place."""
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
