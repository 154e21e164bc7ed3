"""A discriminator that looks at images through a network trained on others: Sauer et al. 2021 (arXiv:2111.01007).

The fixed network's maps of four sizes are mixed by fixed random convolutions, across channels and across scales
(section 3.2), and a small discriminator judges each; one more judges the pixels, which keep what the features lose.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.errors import UserError
from ganatomy.networks import dcgan
from ganatomy.networks.efficientnet import CHANNELS, EfficientNet
from ganatomy.networks.ops.convolution import Conv2d

MIXED = 64  # channels of every map behind the random convolutions
SMALLEST = 4  # pixels, to which a small discriminator halves its map
PLACES = SMALLEST**2
NOISE = 64  # images by which maps are scaled


class Discriminator(nn.Module):
    """images: [B, 1 or 3, H, W] in [−1, 1], y: [B, classes] → raw scores [B, K], of places in maps and of the pixels.

    Every map is judged at 4×4 places, as often as the pixels as a whole: a discriminator each that plays the game.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        width: int = 64,
        features: str = "pretrained",
        resolution: int = 64,
        pixels: int = 0,
        classes: int = 0,
    ) -> None:
        """features: pretrained, random or none; resolution: pixels of the shorter side that the features see, at least.

        width: channels of the small discriminators; pixels: of the one that sees the image itself, 0: there is none.
        Raises UserError where nothing would judge, and where the pretrained weights are missing.
        """
        super().__init__()
        self.size = enlarged(image[1:], resolution)
        self.projector = Projector(features == "pretrained", self.size) if features != "none" else None
        sides = [[-(-side // 2**level) for side in self.size] for level in (2, 3, 4, 5)]
        self.small = nn.ModuleList(SmallDiscriminator(min(side), width, classes) for side in sides if self.projector)
        self.pixels = dcgan.Discriminator(image, pixels, norm="none", classes=classes) if pixels else None
        self.discriminators = PLACES * (len(self.small) + (self.pixels is not None))
        if not self.discriminators:
            raise UserError(
                "discriminator.features=none needs discriminator.pixels, the width of what judges the pixels."
            )

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, 1 or 3, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B, K]."""
        scores = []
        if self.projector is not None:
            seen = images.expand(-1, 3, -1, -1)
            if self.size != tuple(images.shape[2:]):
                seen = F.interpolate(seen, self.size, mode="bilinear")
            # Depthwise convolutions in bfloat16 are twice as slow as in float32 on a CPU.
            with torch.autocast(images.device.type, enabled=images.device.type != "cpu"):
                seen = self.projector(seen)
            scores = [judge(maps, y) for judge, maps in zip(self.small, seen, strict=True)]
        if self.pixels is not None:
            scores.append(self.pixels(images, y)[:, None].expand(-1, PLACES))
        return torch.cat(scores, 1)


class Projector(nn.Module):
    """images [B, 3, H, W] in [−1, 1] → mixed maps [B, 64, H/4, W/4] to [B, 64, H/32, W/32]. Nothing in it learns.

    Channels are first brought to mean 0 and variance 1, as measured on noise with the spectrum of natural images
    (Field 1987): some are hundreds of times stronger than others.
    """

    def __init__(self, pretrained: bool, size: tuple[int, int]) -> None:
        super().__init__()
        self.features = EfficientNet(pretrained)
        with torch.no_grad():
            maps = self.features(natural_noise(NOISE, size))
        for level, (channels, found) in enumerate(zip(CHANNELS, maps, strict=True)):
            mean, deviation = found.mean((0, 2, 3)), found.std((0, 2, 3)) + 1e-6
            # Of values of variance 1, a sum with these weights has variance 1 again.
            across = torch.randn(MIXED, channels) / channels**0.5 / deviation
            self.register_buffer(f"across{level}", across[:, :, None, None])
            self.register_buffer(f"shift{level}", -across @ mean)
            self.register_buffer(f"down{level}", torch.randn(MIXED, MIXED, 1, 1) / MIXED**0.5)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Mixed maps, the largest first: each with what the smaller ones say."""
        mixed: list[Tensor] = []
        for level, maps in reversed(list(enumerate(self.features(images)))):
            here = F.conv2d(maps, self.get_buffer(f"across{level}"), self.get_buffer(f"shift{level}"))
            if mixed:
                coarse = F.conv2d(mixed[0], self.get_buffer(f"down{level}"))
                here = (here + F.interpolate(coarse, here.shape[2:], mode="bilinear")) / 2**0.5
            mixed.insert(0, here)
        return mixed


class SmallDiscriminator(nn.Module):
    """Maps [B, 64, H, W] → raw scores [B, 16] of 4×4 places, behind as many halvings as there are."""

    def __init__(self, side: int, width: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = MIXED
        while side > SMALLEST:
            layers += [Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
            channels, side = width, side // 2
        layers += [Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        self.layers, self.score = nn.Sequential(*layers), Conv2d(width, 1, 1)
        self.projection = Conv2d(classes, width, 1, bias=False) if classes else None
        dcgan.initialise(self, "spectral")
        dcgan.constrain(self)

    def forward(self, maps: Tensor, y: Tensor | None) -> Tensor:
        """Maps [B, 64, H, W], classes y [B, classes] or None → raw scores [B, 16]."""
        found = self.layers(maps)
        scores = self.score(found)
        if self.projection is not None and y is not None:
            scores = scores + (found * self.projection(y[:, :, None, None])).sum(1, keepdim=True)
        # Smaller maps repeat their places, larger ones take means of them: every map has the same weight.
        return F.adaptive_avg_pool2d(scores, SMALLEST).flatten(1)


def enlarged(size: tuple[int, int], resolution: int) -> tuple[int, int]:
    """The size (H, W) that the features see: smaller images are enlarged to `resolution` on their shorter side."""
    scale = max(1.0, resolution / min(size))
    return round(size[0] * scale), round(size[1] * scale)


def natural_noise(count: int, size: tuple[int, int]) -> Tensor:
    """Noise [count, 3, H, W] whose power falls with the square of the frequency, as that of natural images does.

    Field 1987, section 4. Mean 0, standard deviation ½ in every image.
    """
    rows, columns = torch.fft.fftfreq(size[0]), torch.fft.rfftfreq(size[1])
    frequency = (rows[:, None].square() + columns.square()).sqrt()
    light, colour = torch.randn(count, 1, *size), torch.randn(count, 3, *size)
    spectrum = torch.fft.rfft2(light + colour / 3)  # in natural images, colours differ less than light does
    waves = spectrum / frequency.clamp(min=1 / max(size))
    waves[..., 0, 0] = 0
    noise = torch.fft.irfft2(waves, s=size)
    return noise / (2 * noise.std((1, 2, 3), keepdim=True))
