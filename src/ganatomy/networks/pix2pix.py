"""pix2pix's generator: a U-Net from one image to another of the same size (Isola et al. 2017, arXiv:1611.07004, 6.1.1).

In two things it differs: it halves maps `levels` times, not until one pixel is left, so that images may have any size;
and it has no dropout, the paper's only noise, which changed its results little (section 3.1).
"""

import torch
from torch import Tensor, nn

from ganatomy.networks import dcgan
from ganatomy.networks.ops.convolution import Conv2d, ConvTranspose2d
from ganatomy.networks.pair_shape import check_one_size
from ganatomy.networks.sizes import crop, filled

WIDEST = 8  # the widest layer, in multiples of `width`, as in the paper


class Generator(nn.Module):
    """Given images [B, C, H, W] in [−1, 1] → images [B, C, H, W] in (−1, 1); z is not read."""

    def __init__(
        self, latent_dim: int, shape: tuple[int, ...], width: int = 64, levels: int = 4, norm: str = "batch"
    ) -> None:
        """shape: a `PairShape` of scale 1; width: channels of the first layer; levels: how often maps are halved.

        Raises ValueError for another shape.
        """
        super().__init__()
        check_one_size(shape)
        channels = [shape[0], *(width * min(2**level, WIDEST) for level in range(levels))]
        self.multiple = 2**levels
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level in range(levels):
            inputs, outputs = channels[level], channels[level + 1]
            bias = norm == "none" or not level
            first = [nn.LeakyReLU(0.2)] if level else []
            after = dcgan.normalisation(norm, outputs) if level else []  # the paper's first layer has none
            self.down.append(nn.Sequential(*first, Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias), *after))
        for level in reversed(range(levels)):
            inputs = channels[level + 1] * (1 if level == levels - 1 else 2)  # beside the maps on the way down
            outputs = channels[level] if level else shape[0]
            convolution = ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=norm == "none" or not level)
            after = dcgan.normalisation(norm, outputs) if level else [nn.Tanh()]
            self.up.append(nn.Sequential(nn.ReLU(), convolution, *after))
        dcgan.initialise(self, norm)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """z, which is not read, and given images y [B, C, H, W] → images [B, C, H, W]."""
        maps = [filled(y, self.multiple)]
        for layer in self.down:
            maps.append(layer(maps[-1]))
        drawn = maps.pop()
        for layer in self.up:
            drawn = layer(drawn)
            beside = maps.pop()
            if maps:  # the last is the given image itself
                drawn = torch.cat([drawn, beside], dim=1)
        return crop(drawn, *y.shape[2:])
