"""EDSR: residual blocks without normalisation, then pixel shuffle (Lim et al. 2017, arXiv:1707.02921, section 3).

SRGAN's generator (Ledig et al. 2017, arXiv:1609.04802) without its batch normalisation. In one thing it differs from
both: the network adds to the bicubic enlargement, as in Kim et al. 2016 (arXiv:1511.04587), and begins as it.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.networks.ops.convolution import Conv2d
from ganatomy.networks.pair_shape import PairShape

RESIDUAL = 0.1  # what a block adds is scaled by this: section 3.3


class EnhancedBlock(nn.Module):
    """x + 0.1 · conv(ReLU(conv(x))): maps [B, width, H, W] → the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(Conv2d(width, width, 3, padding=1), nn.ReLU(), Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, width, H, W] → the same shape."""
        return x + RESIDUAL * self.layers(x)


class Generator(nn.Module):
    """Given images [B, C, h, w] in [−1, 1] → images [B, C, scale·h, scale·w], about in [−1, 1]; z is not read."""

    def __init__(self, latent_dim: int, shape: tuple[int, ...], width: int = 64, blocks: int = 8) -> None:
        """shape: a `PairShape`, whose scale is 1 or a power of 2; the height and width of images may be any.

        Raises ValueError for another shape.
        """
        super().__init__()
        if not isinstance(shape, PairShape):
            raise ValueError("this family is given images: it needs pairs")
        if shape.scale & (shape.scale - 1):
            raise ValueError(f"a scale of {shape.scale} is no power of 2")
        self.scale = shape.scale
        self.head = Conv2d(shape[0], width, 3, padding=1)
        self.body = nn.Sequential(*(EnhancedBlock(width) for _ in range(blocks)), Conv2d(width, width, 3, padding=1))
        larger: list[nn.Module] = []
        for _ in range(shape.scale.bit_length() - 1):
            larger += [Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2)]
        last = Conv2d(width, shape[0], 3, padding=1)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        self.tail = nn.Sequential(*larger, last)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """z, which is not read, and given images y [B, C, h, w] → images [B, C, scale·h, scale·w]."""
        maps = self.head(y)
        added: Tensor = self.tail(maps + self.body(maps))
        return enlarged(y, self.scale) + added


def enlarged(images: Tensor, scale: int) -> Tensor:
    """[B, C, h, w] → [B, C, scale·h, scale·w], by bicubic interpolation."""
    if scale == 1:
        return images
    return F.interpolate(images.float(), scale_factor=scale, mode="bicubic", align_corners=False)
