"""PatchGAN: a discriminator that scores patches of the drawn image beside the given one.

Isola et al. 2017 (arXiv:1611.07004), section 3.2.2 and appendix 6.1.2. With three strided layers a score sees 70×70
pixels, as there.
"""

import torch
from torch import Tensor, nn

from ganatomy.networks import dcgan
from ganatomy.networks.ops.convolution import Conv2d
from ganatomy.networks.pair_shape import PairShape

WIDEST = 8  # the widest layer, in multiples of `width`, as in the paper
KERNEL = 4


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1] and given images y: [B, C, h, w] → raw scores [B, K], one a patch."""

    def __init__(
        self, shape: tuple[int, ...], width: int = 64, layers: int = 3, norm: str = "spectral", given: bool = True
    ) -> None:
        """shape: a `PairShape`; width: channels of the first layer; layers: how many of them halve the map.

        given: score an image beside the given one, and not by itself.

        Raises ValueError for another shape, and for images that are too small for so many layers.
        """
        super().__init__()
        if not isinstance(shape, PairShape):
            raise ValueError("this family compares an image with a given one: it needs pairs")
        channels, *size = shape
        self.scale, self.given = shape.scale, given
        network: list[nn.Module] = []
        inputs = 2 * channels if given else channels
        for level in range(layers + 1):
            outputs, stride = width * min(2**level, WIDEST), 2 if level < layers else 1
            network.append(Conv2d(inputs, outputs, KERNEL, stride, padding=1, bias=norm != "batch" or not level))
            network += [*(dcgan.normalisation(norm, outputs) if level else []), nn.LeakyReLU(0.2)]
            inputs, size = outputs, [(side + 2 - KERNEL) // stride + 1 for side in size]
        self.layers = nn.Sequential(*network, Conv2d(inputs, 1, KERNEL, padding=1))
        patches = [side + 3 - KERNEL for side in size]
        if min(patches) < 1:
            raise ValueError(f"{shape[1]}×{shape[2]} pixels are too few for {layers} strided layers")
        self.discriminators = patches[0] * patches[1]
        dcgan.initialise(self, norm)
        if norm == "spectral":
            dcgan.constrain(self)

    def forward(self, images: Tensor, y: Tensor) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], given images y [B, C, h, w] → raw scores [B, K] of K patches."""
        if self.given:
            given = y.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3).to(images.dtype)
            images = torch.cat([given, images], dim=1)
        scores: Tensor = self.layers(images)
        return scores.flatten(1)
