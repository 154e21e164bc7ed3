"""CUT's generator: a residual network from one image to another, whose encoder also says which patches belong together.

Park et al. 2020 (arXiv:2007.15651), appendix C: the generator of Johnson et al. 2016 and CycleGAN, smaller; and, beside
it, a small network for each of some layers, by which patches are compared.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.networks import dcgan
from ganatomy.networks.ops.convolution import Conv2d, ConvTranspose2d
from ganatomy.networks.pair_shape import check_one_size
from ganatomy.networks.sizes import crop, filled

COMPARED = 256  # features of a patch
PATCHES = 64  # of an image and a layer, on a grid


class ResidualBlock(nn.Module):
    """x + norm(conv(ReLU(norm(conv(x))))): maps [B, width, H, W] → the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_convolution(width, width, 3), nn.ReLU(), *_convolution(width, width, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, width, H, W] → the same shape."""
        return x + self.layers(x)


class Generator(nn.Module):
    """Given images [B, C, H, W] in [−1, 1] → images [B, C, H, W] in (−1, 1); z is not read."""

    def __init__(
        self, latent_dim: int, shape: tuple[int, ...], width: int = 32, levels: int = 2, blocks: int = 4
    ) -> None:
        """shape: a `PairShape` of scale 1; width: channels of the first layer; levels: how often maps are halved.

        blocks: residual blocks at the smallest maps. Raises ValueError for another shape.
        """
        super().__init__()
        check_one_size(shape)
        self.multiple = 2**levels
        channels = [width * 2**level for level in range(levels + 1)]
        self.encoder = nn.ModuleList([nn.Sequential(*_convolution(shape[0], width, 7), nn.ReLU())])
        for inputs, outputs in pairwise(channels):
            self.encoder.append(nn.Sequential(*_convolution(inputs, outputs, 3, 2), nn.ReLU()))
        self.encoder.append(nn.Sequential(*(ResidualBlock(channels[-1]) for _ in range(blocks // 2))))
        decoder: list[nn.Module] = [ResidualBlock(channels[-1]) for _ in range(blocks - blocks // 2)]
        for inputs, outputs in pairwise(channels[::-1]):
            larger = ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
            decoder += [larger, nn.InstanceNorm2d(outputs), nn.ReLU()]
        self.decoder = nn.Sequential(*decoder, Conv2d(width, shape[0], 7, padding=3), nn.Tanh())
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, COMPARED), nn.ReLU(), nn.Linear(COMPARED, COMPARED))
            for inputs in (*channels, channels[-1])
        )
        dcgan.initialise(self, "none")

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """z, which is not read, and given images y [B, C, H, W] → images [B, C, H, W]."""
        drawn: Tensor = self.decoder(self._maps(y)[-1])
        return crop(drawn, *y.shape[2:])

    def patches(self, images: Tensor) -> list[Tensor]:
        """Unit vectors [B, S, COMPARED] of S patches of images [B, C, H, W], for each layer: S ≤ PATCHES, on a grid."""
        return [
            F.normalize(head(_on_a_grid(maps)), dim=2)
            for head, maps in zip(self.heads, self._maps(images), strict=True)
        ]

    def _maps(self, images: Tensor) -> list[Tensor]:
        maps = filled(images, self.multiple)
        found = []
        for layer in self.encoder:
            maps = layer(maps)
            found.append(maps)
        return found


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2), nn.InstanceNorm2d(outputs)]


def _on_a_grid(maps: Tensor) -> Tensor:
    """Maps [B, C, H, W] → the features of at most PATCHES of their places, evenly spaced, [B, S, C]."""
    places = maps.flatten(2).transpose(1, 2)
    count = places.shape[1]
    chosen = torch.linspace(0, count - 1, min(count, PATCHES), device=maps.device).round().long()
    return places[:, chosen]
