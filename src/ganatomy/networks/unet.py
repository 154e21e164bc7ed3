"""The network of denoising diffusion, a UNet that predicts noise: Ho et al. 2020 (arXiv:2006.11239), appendix B.

Its parts and first weights are the paper's: residual blocks with group normalisation that see the time, strided
convolutions down, nearest neighbours up, self-attention, zeros last in every branch. It is smaller in two ways: only
the smallest map has attention, and there are as many blocks on the way up as down.
"""

from collections.abc import Sequence
from math import gcd, log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.networks.sizes import crop, pad


class UNet(nn.Module):
    """The noise [B, C, H, W] in noisy images [B, C, H, W], given their times [B], in steps, and classes [B, K] or None.

    image: (C, H, W), of any size. multipliers: a level each, of multiplier · width channels, its maps half as large as
    those of the level before. blocks: residual blocks of a level on the way down, and on the way up. attention: whether
    the smallest map attends to itself.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        *,
        width: int = 32,
        multipliers: Sequence[int] = (1, 2, 2),
        blocks: int = 1,
        attention: bool = True,
        dropout: float = 0.0,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.embedding, self.multiple = 4 * width, 2 ** (len(multipliers) - 1)
        self.time = nn.Sequential(
            nn.Linear(self.embedding, self.embedding), nn.SiLU(), nn.Linear(self.embedding, self.embedding)
        )
        self.classes = nn.Linear(classes, self.embedding, bias=False) if classes else None
        channels = [width * multiplier for multiplier in multipliers]
        self.first = nn.Conv2d(image[0], width, 3, padding=1)
        self.levels = Level(width, channels, self.embedding, blocks, attention, dropout)
        self.last = nn.Sequential(normalisation(channels[0]), nn.SiLU(), nn.Conv2d(channels[0], image[0], 3, padding=1))
        initialise(self)

    def forward(self, images: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        """Noisy images [B, C, H, W], times t [B], classes y [B, classes] or None → their noise, [B, C, H, W]."""
        known = self.time(time_embedding(t, self.embedding).to(images.dtype))
        if self.classes is not None:
            known = known + self.classes(y)
        height, width = images.shape[2:]
        maps = pad(images, height + -height % self.multiple, width + -width % self.multiple)
        return crop(self.last(self.levels(self.first(maps), known)), height, width)


def time_embedding(t: Tensor, dimension: int) -> Tensor:
    """[B] → [B, dimension] (even): sines and cosines of t at frequencies from 1 down to 1/10,000 in equal ratios.

    Vaswani et al. 2017 (arXiv:1706.03762), section 3.5, as in the code of Ho et al.
    """
    exponents = torch.linspace(0, 1, dimension // 2, device=t.device)
    angles = t.float()[:, None] * torch.exp(-log(10_000) * exponents)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Level(nn.Module):
    """Blocks, the smaller levels, blocks: maps [B, inputs, H, W], time [B, D] → maps [B, channels[0], H, W].

    Each block on the way up sees the map that its mirror image on the way down made.
    """

    def __init__(
        self, inputs: int, channels: list[int], embedding: int, blocks: int, attention: bool, dropout: float
    ) -> None:
        super().__init__()
        own, *deeper = channels
        self.down = nn.ModuleList(TimedBlock(own if i else inputs, own, embedding, dropout) for i in range(blocks))
        self.up = nn.ModuleList(TimedBlock(2 * own, own, embedding, dropout) for _ in range(blocks))
        self.deeper = bool(deeper)
        if deeper:
            self.shrink = nn.Conv2d(own, own, 3, stride=2, padding=1)
            self.levels = Level(own, deeper, embedding, blocks, attention, dropout)
            self.grow = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(deeper[0], own, 3, padding=1))
        else:
            self.attention = Attention(own) if attention else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Maps [B, inputs, H, W], embedded times [B, D] → maps [B, channels[0], H, W]."""
        maps = []
        for block in self.down:
            x = block(x, time)
            maps.append(x)
        x = self.grow(self.levels(self.shrink(x), time)) if self.deeper else self.attention(x)
        for block in self.up:
            x = block(torch.cat([x, maps.pop()], dim=1), time)
        return x


class TimedBlock(nn.Module):
    """A residual block that adds the embedded time to its maps, channel by channel."""

    def __init__(self, inputs: int, outputs: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.before = nn.Sequential(normalisation(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.time = nn.Sequential(nn.SiLU(), nn.Linear(embedding, outputs))
        self.after = nn.Sequential(
            normalisation(outputs), nn.SiLU(), nn.Dropout(dropout), nn.Conv2d(outputs, outputs, 3, padding=1)
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Maps [B, inputs, H, W], embedded times [B, D] → maps [B, outputs, H, W]."""
        h = self.before(x) + self.time(time)[..., None, None]
        return self.shortcut(x) + self.after(h)


class Attention(nn.Module):
    """Every place of a map attends to every other, with one head: [B, C, H, W] → the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = normalisation(channels)
        self.queries_keys_values = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, C, H, W] → the same shape."""
        places = self.norm(x).flatten(2).transpose(1, 2)
        attended = F.scaled_dot_product_attention(*self.queries_keys_values(places).chunk(3, dim=2))
        return x + self.out(attended).transpose(1, 2).unflatten(2, x.shape[2:])


def normalisation(channels: int) -> nn.GroupNorm:
    """Group normalisation, in the paper's 32 groups where these have four channels at least, else in fewer."""
    return nn.GroupNorm(gcd(channels, min(32, max(1, channels // 4))), channels)


def initialise(network: UNet) -> None:
    """First weights of the authors' code, in place: uniform of variance 2/(fan-in + fan-out), biases 0.

    Branches end in zeros: at first a residual block is its shortcut, and the predicted noise is 0.
    """
    ends: list[nn.Module] = [network.last[-1]]
    for module in network.modules():
        if isinstance(module, TimedBlock):
            ends.append(module.after[-1])
        elif isinstance(module, Attention):
            ends.append(module.out)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for layer in ends:
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        nn.init.zeros_(layer.weight)
