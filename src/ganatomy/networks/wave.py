"""WaveGAN: one-dimensional convolutions of 25 samples and stride 4 (Donahue et al. 2019, arXiv:1802.04208).

Both networks divide or multiply the length of a sound by 4 until it is 8 to 31 samples: 16,384 → 4,096 → … → 16 in the
paper. Other lengths are rounded up to such a multiple: the generator draws so many samples and cuts them, the
discriminator sees silence behind the sound. At 16,384 samples, width 64 and shuffle 2 it is the paper's network.

Classes stand beside z, and are projected on the discriminator's last map (Miyato & Koyama 2018, arXiv:1802.05637).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from ganatomy.networks.mlp import beside

KERNEL, STRIDE = 25, 4
SHORTEST = 8  # the smallest map, at least
WIDEST = 16  # the widest layer, in multiples of `width`, as in the paper
SLOPE = 0.2  # of leaky ReLU
QUIET = 0.1  # of the last layer's first weights: noise at full loudness is far from any sound


def plan(samples: int, width: int) -> tuple[int, list[int]]:
    """The length of the smallest map, and the channels of all maps from the sound's own, 1, to the smallest one's.

    Raises ValueError for a sound that is shorter than the smallest map and one layer.
    """
    levels = 0
    while samples >= SHORTEST * STRIDE ** (levels + 1):
        levels += 1
    if not levels:
        raise ValueError(f"{samples} samples are too short: {SHORTEST * STRIDE} are needed")
    return -(-samples // STRIDE**levels), [1, *(width * min(2**level, WIDEST) for level in range(levels))]


def length_of(shape: tuple[int, ...]) -> int:
    """T of the shape of a sound, (1, T). Raises ValueError for other shapes."""
    if len(shape) != 2 or shape[0] != 1:
        raise ValueError("this family draws sounds, and these are none")
    return shape[1]


class Generator(nn.Module):
    """z: [B, latent_dim] and classes y: [B, classes] → sounds: [B, 1, T] in (−1, 1)."""

    def __init__(
        self, latent_dim: int, shape: tuple[int, ...], width: int, norm: str = "none", classes: int = 0
    ) -> None:
        """norm: batch or none."""
        super().__init__()
        self.samples = length_of(shape)
        length, channels = plan(self.samples, width)
        channels = channels[::-1]
        self.first = nn.Linear(latent_dim + classes, channels[0] * length)
        self.map = (channels[0], length)
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(inputs, outputs, KERNEL, STRIDE, padding=11, output_padding=1)
            for inputs, outputs in pairwise(channels)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(each) if norm == "batch" else nn.Identity() for each in channels[:-1])
        initialise(self)
        last = self.layers[-1]
        assert isinstance(last, nn.ConvTranspose1d), "there is one layer at least"
        with torch.no_grad():
            last.weight.mul_(QUIET)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → sounds [B, 1, T] in (−1, 1)."""
        x = self.first(beside(z, y)).unflatten(1, self.map)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            x = layer(norm(x).relu())
        return x[..., : self.samples].tanh()


class Discriminator(nn.Module):
    """sounds: [B, 1, T] in [−1, 1] and classes y: [B, classes] → raw scores: [B]."""

    def __init__(
        self, shape: tuple[int, ...], width: int, shuffle: int = 2, norm: str = "none", classes: int = 0
    ) -> None:
        """shuffle: samples by which phase shuffle moves a map, at most; norm: spectral or none."""
        super().__init__()
        samples = length_of(shape)
        length, channels = plan(samples, width)
        self.missing, self.shuffle = length * STRIDE ** (len(channels) - 1) - samples, shuffle
        self.layers = nn.ModuleList(
            nn.Conv1d(inputs, outputs, KERNEL, STRIDE, padding=11) for inputs, outputs in pairwise(channels)
        )
        self.last = nn.Linear(channels[-1] * length, 1)
        self.projection = nn.Linear(channels[-1] * length, classes, bias=False) if classes else None
        initialise(self)
        if norm == "spectral":
            for layer in [module for module in self.modules() if isinstance(module, nn.Conv1d | nn.Linear)]:
                spectral_norm(layer)

    def forward(self, sounds: Tensor, y: Tensor | None = None) -> Tensor:
        """Sounds [B, 1, T], classes y [B, classes] or None → raw scores [B]."""
        x = F.pad(sounds, (0, self.missing))
        for depth, layer in enumerate(self.layers, 1):
            x = F.leaky_relu(layer(x), SLOPE)
            if self.training and self.shuffle and depth < len(self.layers):
                x = phase_shuffle(x, self.shuffle)
        features = x.flatten(1)
        scores: Tensor = self.last(features).squeeze(1)
        if self.projection is not None and y is not None:
            scores = scores + (self.projection(features) * y).sum(1)
        return scores


def phase_shuffle(maps: Tensor, most: int) -> Tensor:
    """Maps [B, C, L], each moved by a random number of samples from −most to most: section 3.3 of the paper.

    What leaves at one end is missing, and the other is filled by reflection; all channels of a sound move alike.
    """
    count, channels, length = maps.shape
    moved = torch.randint(-most, most + 1, (count, 1), device=maps.device) + torch.arange(length, device=maps.device)
    last = length - 1
    places = last - (last - moved.abs()).abs()
    return maps.gather(2, places[:, None, :].expand(-1, channels, -1))


def initialise(network: nn.Module) -> None:
    """First weights N(0, 2/fan-in), biases 0, in place: He et al. 2015 (arXiv:1502.01852)."""
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
            taps: float = module.weight[0].numel()
            if isinstance(module, nn.ConvTranspose1d):  # at stride s every s-th tap meets an input
                taps = module.in_channels * KERNEL / STRIDE
            nn.init.normal_(module.weight, 0.0, (2 / taps) ** 0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
