"""DCGAN: strided convolutions, no pooling, batch normalisation (Radford et al. 2015, arXiv:1511.06434).

For images from 16 to 256 pixels a side, square or not. Both networks halve or double the image until its shorter side
is 3 to 5 pixels: 64 → 32 → 16 → 8 → 4, 28 → 14 → 7 → 3. At 64×64, 3 channels and width 64 it is the paper's network.

`norm`, `resampling` and `dense` undo the paper's rules (section 3) one at a time, to see what each is worth. Classes
stand beside z, and are projected on the discriminator's last map (Miyato & Koyama 2018, arXiv:1802.05637).
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganatomy.networks.mlp import beside
from ganatomy.networks.ops.convolution import Conv2d, ConvTranspose2d

WIDEST = 8  # the widest layer, in multiples of `width`, as in the paper

Size = tuple[int, int]


def map_sizes(height: int, width: int) -> list[Size]:
    """Sizes of the feature maps, from the image down to the smallest: [(64, 64), (32, 32), …, (4, 4)]."""
    sizes = [(height, width)]
    while min(sizes[-1]) >= 6:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    return sizes


def _channels(channels: int, width: int, maps: int) -> list[int]:
    """Channels of those maps: the image's own, then width, 2·width, 4·width, 8·width, 8·width, …"""
    return [channels, *(width * min(2**level, WIDEST) for level in range(maps - 1))]


class Generator(nn.Module):
    """z: [B, latent_dim] and classes y: [B, classes] → images: [B, C, H, W] in (−1, 1)."""

    def __init__(
        self,
        latent_dim: int,
        image: tuple[int, int, int],
        width: int,
        norm: str = "batch",
        resampling: str = "strided",
        dense: int = 0,
        classes: int = 0,
    ) -> None:
        """dense: units of a fully connected hidden layer behind the latent vector; 0: none."""
        super().__init__()
        sizes = map_sizes(*image[1:])[::-1]
        channels = _channels(image[0], width, len(sizes))[::-1]
        inputs = latent_dim + classes
        layers: list[nn.Module] = []
        if dense:
            layers += [ConvTranspose2d(inputs, dense, 1), nn.ReLU(inplace=True)]  # on one pixel: a dense layer
        layers.append(ConvTranspose2d(dense or inputs, channels[0], sizes[0], bias=norm == "none"))
        for (inputs, outputs), target in zip(pairwise(channels), sizes[1:], strict=True):
            bias = norm == "none" or outputs == image[0]
            layers += [*normalisation(norm, inputs), nn.ReLU(inplace=True)]
            layers += larger(resampling, inputs, outputs, target, bias)
        self.layers = nn.Sequential(*layers, nn.Tanh())
        initialise(self, norm)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → images [B, C, H, W] in (−1, 1)."""
        images: Tensor = self.layers(beside(z, y)[:, :, None, None])
        return images


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1] and classes y: [B, classes] → raw scores: [B], or [B, outputs] if several."""

    def __init__(
        self,
        image: tuple[int, int, int],
        width: int,
        norm: str = "batch",
        resampling: str = "strided",
        dense: int = 0,
        classes: int = 0,
        outputs: int = 1,
    ) -> None:
        """dense: units of a fully connected hidden layer before the score; 0: none."""
        super().__init__()
        sizes = map_sizes(*image[1:])
        channels = _channels(image[0], width, len(sizes))
        layers: list[nn.Module] = []
        for level, (inputs, following) in enumerate(pairwise(channels)):
            layers += smaller(resampling, inputs, following, bias=norm != "batch")
            if level > 0:  # next to the image it would take away the image's own mean and contrast
                layers += normalisation(norm, following)
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        last = (channels[-1], sizes[-1])
        if dense:
            layers += [Conv2d(channels[-1], dense, sizes[-1]), nn.LeakyReLU(0.2, inplace=True)]
            last = (dense, (1, 1))
        self.layers = nn.Sequential(*layers, Conv2d(last[0], outputs, last[1]), nn.Flatten())
        self.projection = Conv2d(last[0], classes, last[1], bias=False) if classes else None
        initialise(self, norm)
        if norm == "spectral":
            constrain(self)

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B], or [B, outputs]."""
        features = self.layers[:-2](images)
        scores: Tensor = self.layers[-2:](features)
        if self.projection is not None and y is not None:
            scores = scores + (self.projection(features).flatten(1) * y).sum(1, keepdim=True)
        return scores.squeeze(1)


def larger(resampling: str, inputs: int, outputs: int, target: Size, bias: bool) -> list[nn.Module]:
    """Layers that double a map to the target size: a strided transposed convolution, or repeated pixels before one."""
    if resampling == "strided":
        odd = (target[0] % 2, target[1] % 2)
        return [ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, output_padding=odd, bias=bias)]
    return [nn.Upsample(target), Conv2d(inputs, outputs, 3, padding=1, bias=bias)]


def smaller(resampling: str, inputs: int, outputs: int, bias: bool) -> list[nn.Module]:
    """Layers that halve a map: a strided convolution, or one followed by max pooling."""
    if resampling == "strided":
        return [Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=bias)]
    return [Conv2d(inputs, outputs, 3, padding=1, bias=bias), nn.MaxPool2d(2)]


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
            if norm != "batch" and module.bias is not None:
                nn.init.zeros_(module.bias)


def constrain(network: nn.Module) -> None:
    """Put every convolution's weights under spectral normalisation (Miyato et al. 2018, arXiv:1802.05957), in place."""
    for layer in [module for module in network.modules() if isinstance(module, nn.Conv2d)]:
        spectral_norm(layer)


def fan_in(layer: nn.Conv2d | nn.ConvTranspose2d) -> float:
    """How many inputs one output is the sum of; torch's own count is wrong for transposed convolutions."""
    taps: float = layer.weight[0, 0].numel()
    if isinstance(layer, nn.ConvTranspose2d):  # at stride s every s-th tap meets an input; from a 1×1 map only one does
        taps = 1 if layer.stride == (1, 1) else taps / (layer.stride[0] * layer.stride[1])
    return layer.in_channels * taps
