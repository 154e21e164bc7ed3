"""StyleGAN2 (Karras et al. 2020, arXiv:1912.04958), and its class-conditional form (2020, arXiv:2006.06676).

A mapping network turns z into w, whose affine images are the styles: per-image factors of each convolution's inputs.
The generator sums images of every scale, the discriminator is residual. At 1024×1024, 3 channels and the defaults
these are the paper's networks (configuration F). Other sizes, square or not, start from a map of 4 to 7 pixels a side
and are cropped from (padded to) what doubling makes of it.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ganatomy.networks.ops.modulated import SMALL, Conv, Dense, StyledConv, ToRGB, blur, double, exact, normalise
from ganatomy.networks.sizes import crop, pad, pyramid
from ganatomy.system import whole_batch
from ganatomy.system.precision import at_least_float32

AVERAGE_DECAY = 0.995  # of the mean w
PATH_DECAY = 0.01  # of the mean path length, as a share of the new value
MAPPING_RATE = 0.01  # learning rate of mapping networks relative to the others


def maps(image: tuple[int, int, int], base: int, most: int) -> list[tuple[int, int, int]]:
    """(channels, height, width) of the maps from the smallest on; channels = min(base / shorter side, most)."""
    levels, height, width = pyramid(*image[1:])
    sizes = [(height * 2**level, width * 2**level) for level in range(levels + 1)]
    return [(max(1, min(base // min(size), most)), *size) for size in sizes]


def mapping(inputs: int, width: int, layers: int) -> nn.Sequential:
    """[B, inputs] → [B, width], `layers` layers deep (Karras et al. 2018, arXiv:1812.04948, section 2)."""
    sizes = [inputs, *[width] * layers]
    return nn.Sequential(*(Dense(*pair, rate=MAPPING_RATE, active=True) for pair in pairwise(sizes)))


class Generator(nn.Module):
    """z: [B, latent_dim] (and y: [B, classes]) → images: [B, C, H, W], about in [−1, 1] but not bounded.

    channels_base, channels_most: a map has min(channels_base / shorter side, channels_most) channels.
    mapping_layers: depth of the mapping network.
    style: dimensions of w.
    mixing: how often, in training mode, a batch's layers from a random one on follow a second z (arXiv:1812.04948,
        section 3.1).
    """

    w_avg: Tensor
    path_length_mean: Tensor

    def __init__(
        self,
        latent_dim: int,
        image: tuple[int, int, int],
        *,
        channels_base: int = 32768,
        channels_most: int = 512,
        mapping_layers: int = 8,
        style: int = 512,
        mixing: float = 0.9,
        classes: int = 0,
    ) -> None:
        super().__init__()
        sizes = maps(image, channels_base, channels_most)
        self.image, self.mixing, self.layers = image, mixing, 2 * len(sizes)
        self.embed = Dense(classes, style) if classes else None
        self.mapping = mapping(latent_dim + (style if classes else 0), style, mapping_layers)
        self.constant = nn.Parameter(torch.randn(sizes[0]))
        self.convs = nn.ModuleList([StyledConv(sizes[0][0], sizes[0][0], style, sizes[0][1:], up=False)])
        for (inputs, _, _), (outputs, height, width) in pairwise(sizes):
            self.convs.append(StyledConv(inputs, outputs, style, (height, width), up=True))
            self.convs.append(StyledConv(outputs, outputs, style, (height, width), up=False))
        self.to_rgb = nn.ModuleList(ToRGB(channels, image[0], style) for channels, *_ in sizes)
        self.register_buffer("w_avg", torch.zeros(style))
        self.register_buffer("path_length_mean", torch.zeros(()))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → images [B, C, H, W], about in [−1, 1].

        In training mode styles are mixed, and their mean is updated.
        """
        return self.synthesise(self._mixed(z, y))

    def draw(self, z: Tensor, y: Tensor | None = None, truncation: float | Tensor = 1.0) -> Tensor:
        """Images of truncated styles, [B, C, H, W]."""
        return self.synthesise(self.styles(z, y, truncation))

    def styles(self, z: Tensor, y: Tensor | None = None, truncation: float | Tensor = 1.0) -> Tensor:
        """w of each layer, all alike, [B, layers, style].

        truncation: ψ of w̄ + ψ(w − w̄), w̄ the mean of all classes, a number or [B, 1]: 1 leaves w as it is, 0 makes
        it the mean (arXiv:1812.04948, appendix B).
        """
        w = self._map(z, y)
        return self.w_avg.to(w.dtype).lerp(w, truncation)[:, None].repeat(1, self.layers, 1)

    def synthesise(self, w: Tensor) -> Tensor:
        """Images [B, C, H, W] of the styles w [B, layers, style]; an image's colours share w with the next layer."""
        x = self.convs[0](self.constant.expand(w.shape[0], *self.constant.shape), w[:, 0])
        images: Tensor = self.to_rgb[0](x, w[:, 1])
        for layer, to_rgb in zip(range(1, self.layers, 2), self.to_rgb[1:], strict=False):
            x = self.convs[layer](x, w[:, layer])
            x = self.convs[layer + 1](x, w[:, layer + 1])
            colours = to_rgb(x, w[:, layer + 2])
            with exact(images):
                images = double(images) + colours
        return crop(images, *self.image[1:])

    def path_lengths(self, z: Tensor, y: Tensor | None, noise: Tensor) -> Tensor:
        """`path_lengths` of the images of z (and y), [B], differentiable; styles are mixed in training mode."""
        w = self._mixed(z, y)
        return path_lengths(self.synthesise(w), w, noise)

    def path_length_regularisation(self, z: Tensor, y: Tensor | None) -> Tensor:
        """`path_length_penalty` of the images of z (and y), a scalar; notes the new mean."""
        noise = torch.randn(len(z), *self.image, device=z.device)
        penalty, mean = path_length_penalty(self.path_lengths(z, y, noise), self.path_length_mean)
        self.path_length_mean.copy_(mean)
        return penalty

    def _map(self, z: Tensor, y: Tensor | None) -> Tensor:
        with exact(z):
            parts = [at_least_float32(z)] if self.embed is None else [at_least_float32(z), self.embed(y)]
            w: Tensor = self.mapping(torch.cat([normalise(part) for part in parts], 1))
        return w

    def _mixed(self, z: Tensor, y: Tensor | None) -> Tensor:
        """`styles`; in training mode their mean is noted, and those from a random layer on may be another z's."""
        if not self.training:
            return self.styles(z, y)
        w = self._map(z, y)
        self.w_avg.lerp_(w.detach().mean(0), 1 - AVERAGE_DECAY)
        w = w[:, None].repeat(1, self.layers, 1)
        if torch.rand(()) >= self.mixing:
            return w
        crossover = int(torch.randint(1, self.layers, ()))
        other = self.styles(torch.randn_like(z), y)
        return torch.cat([w[:, :crossover], other[:, crossover:]], 1)


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1] (and y: [B, classes]) → raw scores: [B].

    channels_base, channels_most: as in the generator.
    mapping_layers: depth of the labels' mapping network m; a conditional score is ⟨φ(x), m(y)⟩/√dim.
    group: images that share one minibatch standard deviation; a batch is a multiple of it, or smaller.
    residual: whether blocks have the paper's skip connections.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        channels_base: int = 32768,
        channels_most: int = 512,
        mapping_layers: int = 8,
        group: int = 4,
        residual: bool = True,
        classes: int = 0,
    ) -> None:
        super().__init__()
        sizes = maps(image, channels_base, channels_most)[::-1]
        self.size, self.images_per_group = sizes[0][1:], group
        self.from_rgb = Conv(image[0], sizes[0][0], 1)
        self.blocks = nn.Sequential(*(HalvingBlock(a[0], b[0], residual) for a, b in pairwise(sizes)))
        channels, height, width = sizes[-1]
        self.conv = Conv(channels + 1, channels, 3, padding=1)
        self.dense = Dense(channels * height * width, channels, active=True)
        self.out = Dense(channels, channels if classes else 1)
        self.embed = Dense(classes, channels) if classes else None
        self.mapping = mapping(channels, channels, mapping_layers) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B]. B as in append_deviation."""
        x = self.blocks(self.from_rgb(pad(images, *self.size)))
        with exact(x):
            x = append_deviation(at_least_float32(x), self.images_per_group)
            x = self.out(self.dense(self.conv(x).flatten(1)))
            if self.embed is None or self.mapping is None:
                return x.squeeze(1)
            return (x * self.mapping(normalise(self.embed(y)))).sum(1) / x.shape[1] ** 0.5


class HalvingBlock(nn.Module):
    """Two convolutions, the second of stride 2, and beside them a 1×1 skip connection."""

    def __init__(self, inputs: int, outputs: int, residual: bool) -> None:
        super().__init__()
        self.conv = Conv(inputs, inputs, 3, padding=1)
        self.down = Conv(inputs, outputs, 3, stride=2)
        self.skip = Conv(inputs, outputs, 1, active=False) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, H, W] → [B, outputs, H/2, W/2]."""
        y: Tensor = self.down(blur(self.conv(x), padding=2))
        if self.skip is None:
            return y
        return (y + self.skip(blur(x, padding=1, stride=2))) * 0.5**0.5


def append_deviation(x: Tensor, group: int) -> Tensor:
    """One more channel, the mean standard deviation of the features in a group of images: [B, C, H, W] → [B, C + 1, …].

    Karras et al. 2018 (arXiv:1710.10196), section 3. Groups are of `group` images, or of all where these are fewer;
    image i shares one with i + n, i + 2n, …, n the number of groups. In a group of one the deviation is 0. Raises
    ValueError, as the authors' code does, where groups of that size do not use up the images.
    """
    size = min(group, len(x))
    if len(x) % size:
        raise ValueError(f"{len(x)} images cannot be put into groups of {size} for the minibatch standard deviation")
    deviations = (x.unflatten(0, (size, -1)).var(0, correction=0) + SMALL).sqrt()
    means = deviations.mean((1, 2, 3)).repeat(size)
    return torch.cat([x, means[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def path_lengths(images: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """‖Jᵀy‖ of each image, [B], differentiable; J = ∂image/∂w, y = noise/√(HW): Karras et al. 2020, section 3.2.

    images: [B, C, H, W], computed from styles: [B, layers, style]. noise: N(0, 1), of images' shape. Squares are summed
    over the dimensions of w and averaged over layers.
    """
    image_size = images.shape[2] * images.shape[3]
    (gradients,) = torch.autograd.grad((images * noise).sum() / image_size**0.5, styles, create_graph=True)
    # The small constant keeps the root's gradient finite where the images do not depend on w.
    return (gradients.square().sum(2).mean(1) + SMALL).sqrt()


def path_length_penalty(lengths: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """E(length − a)² of lengths [B], and the new a: eq. 4. mean: the old a, a scalar; the new one has no graph."""
    mean = mean.lerp(whole_batch.mean(lengths.mean()), PATH_DECAY)
    return (lengths - mean).square().mean(), mean


def path_length(images: Tensor, styles: Tensor, noise: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """`path_length_penalty` of the `path_lengths` of images [B, C, H, W]: two scalars."""
    return path_length_penalty(path_lengths(images, styles, noise), mean)
