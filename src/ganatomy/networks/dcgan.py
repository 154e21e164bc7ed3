"""DCGAN: strided convolutions, no pooling, batch normalisation (Radford et al. 2015, arXiv:1511.06434).

For images from 16 to 256 pixels a side, square or not. Both networks halve or double the image until its shorter side
is 3 to 5 pixels: 64 → 32 → 16 → 8 → 4, 28 → 14 → 7 → 3. At 64×64, 3 channels and width 64 it is the paper's network.
"""

from itertools import pairwise

from torch import Tensor, nn

from ganatomy.networks.convolution import Conv2d, ConvTranspose2d

WIDEST = 8  # the widest layer, in multiples of `width`, as in the paper


def map_sizes(height: int, width: int) -> list[tuple[int, int]]:
    """Sizes of the feature maps, from the image down to the smallest: [(64, 64), (32, 32), …, (4, 4)]."""
    sizes = [(height, width)]
    while min(sizes[-1]) >= 6:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


def _channels(channels: int, width: int, maps: int) -> list[int]:
    """Channels of those maps: the image's own, then width, 2·width, 4·width, 8·width, 8·width, …"""
    return [channels, *(width * min(2**level, WIDEST) for level in range(maps - 1))]


class Generator(nn.Module):
    """z: [B, latent_dim] → images: [B, C, H, W] in (−1, 1)."""

    def __init__(self, latent_dim: int, image: tuple[int, int, int], width: int, norm: str = "batch") -> None:
        super().__init__()
        sizes = map_sizes(*image[1:])[::-1]
        channels = _channels(image[0], width, len(sizes))[::-1]
        layers: list[nn.Module] = [ConvTranspose2d(latent_dim, channels[0], sizes[0], bias=norm == "none")]
        for (inputs, outputs), target in zip(pairwise(channels), sizes[1:], strict=True):
            odd = (target[0] % 2, target[1] % 2)
            bias = norm == "none" or outputs == image[0]
            layers += [
                *normalisation(norm, inputs),
                nn.ReLU(inplace=True),
                ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, output_padding=odd, bias=bias),
            ]
        self.layers = nn.Sequential(*layers, nn.Tanh())
        initialise(self, norm)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(z[:, :, None, None])
        return images


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1] → raw scores: [B]."""

    def __init__(self, image: tuple[int, int, int], width: int, norm: str = "batch") -> None:
        super().__init__()
        sizes = map_sizes(*image[1:])
        channels = _channels(image[0], width, len(sizes))
        layers: list[nn.Module] = []
        for level, (inputs, outputs) in enumerate(pairwise(channels)):
            layers.append(Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=norm == "none"))
            if level > 0:  # next to the image it would take away the image's own mean and contrast
                layers += normalisation(norm, outputs)
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        self.layers = nn.Sequential(*layers, Conv2d(channels[-1], 1, sizes[-1]), nn.Flatten(0))
        initialise(self, norm)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.layers(images)
        return scores


def normalisation(norm: str, channels: int) -> list[nn.Module]:
    """The layers of a normalisation by name: batch or none."""
    return [nn.BatchNorm2d(channels)] if norm == "batch" else []


def initialise(network: nn.Module, norm: str) -> None:
    """First weights, in place.

    With batch norm convolutions N(0, 0.02), scales N(1, 0.02): section 4 of the paper and its authors' code. Without,
    such small weights would silence the signal: N(0, 2/fan-in) keeps its strength (He et al. 2015, arXiv:1502.01852).
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02 if norm == "batch" else (2 / fan_in(module)) ** 0.5)
            if norm == "none" and module.bias is not None:
                nn.init.zeros_(module.bias)


def fan_in(layer: nn.Conv2d | nn.ConvTranspose2d) -> float:
    """How many inputs one output is the sum of; torch's own count is wrong for transposed convolutions."""
    taps: float = layer.weight[0, 0].numel()
    if isinstance(layer, nn.ConvTranspose2d):  # at stride s every s-th tap meets an input; from a 1×1 map only one does
        taps = 1 if layer.stride == (1, 1) else taps / (layer.stride[0] * layer.stride[1])
    return layer.in_channels * taps
