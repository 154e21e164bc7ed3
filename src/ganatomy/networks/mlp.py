"""Dense networks, ReLU or maxout, with dropout (Goodfellow et al. 2014, arXiv:1406.2661, and its authors' code).

Inside, pixels are in [0, 1] as in that code; the images that go in and out are in [−1, 1] like everywhere else.
Classes are one-hot inputs beside the others, which the first layer's weights embed (Mirza & Osindero 2014,
arXiv:1411.1784).
"""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from ganatomy.networks.ops.dense import Linear


class Generator(nn.Module):
    """z: [B, latent_dim] and classes y: [B, classes] → images: [B, C, H, W] in (−1, 1)."""

    def __init__(
        self,
        latent_dim: int,
        image: tuple[int, int, int],
        hidden: list[int],
        activation: str = "relu",
        pieces: int = 5,
        dropout_input: float = 0.0,
        dropout_hidden: float = 0.0,
        spread: float = 0.0,
        start_margin: float = 1e-3,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.image, self.start_margin = image, start_margin
        sizes = [latent_dim + classes, *hidden]
        self.layers = dense(sizes, prod(image), activation, pieces, dropout_input, dropout_hidden)
        initialise(self, spread)

    def start_at(self, mean: Tensor) -> None:
        """Let the output's bias begin at the data's mean image, [C, H, W] in [−1, 1], as the 2014 code does."""
        output = self.layers[-1]
        assert isinstance(output, nn.Linear)
        with torch.no_grad():
            output.bias.copy_(torch.logit((mean.flatten() + 1) / 2, eps=self.start_margin))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [B, latent_dim], classes y [B, classes] or None → images [B, C, H, W] in (−1, 1)."""
        pixels = torch.sigmoid(self.layers(beside(z, y)))
        return (pixels * 2 - 1).view(-1, *self.image)


class Discriminator(nn.Module):
    """images: [B, C, H, W] in [−1, 1] and classes y: [B, classes] → raw scores: [B], or [B, outputs] if several."""

    def __init__(
        self,
        image: tuple[int, int, int],
        hidden: list[int],
        activation: str = "maxout",
        pieces: int = 5,
        dropout_input: float = 0.0,
        dropout_hidden: float = 0.0,
        spread: float = 0.0,
        classes: int = 0,
        outputs: int = 1,
    ) -> None:
        super().__init__()
        sizes = [prod(image) + classes, *hidden]
        self.layers = dense(sizes, outputs, activation, pieces, dropout_input, dropout_hidden)
        initialise(self, spread)

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Images [B, C, H, W] in [−1, 1], classes y [B, classes] or None → raw scores [B], or [B, outputs]."""
        scores: Tensor = self.layers(beside((images.flatten(1) + 1) / 2, y))
        return scores.squeeze(1)


def beside(x: Tensor, y: Tensor | None) -> Tensor:
    """[B, D] and, if there are any, [B, classes] → [B, D + classes]."""
    return x if y is None else torch.cat([x, y], dim=1)


class Maxout(nn.Module):
    """max over pieces of linear maps: Goodfellow et al. 2013 (arXiv:1302.4389), section 3. [B, inputs] → [B, units]."""

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = Linear(inputs, units * pieces)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] → [B, units], the largest of each unit's pieces."""
        return self.linear(x).unflatten(1, (-1, self.pieces)).amax(2)


def dense(
    sizes: list[int], outputs: int, activation: str, pieces: int, dropout_input: float, dropout_hidden: float
) -> nn.Sequential:
    """Hidden layers of the given sizes (the input first), each with its dropout before it, and a linear output."""
    layers: list[nn.Module] = []
    for depth, (inputs, units) in enumerate(pairwise(sizes)):
        layers += [nn.Dropout(dropout_hidden if depth else dropout_input)]
        if activation == "maxout":
            layers.append(Maxout(inputs, units, pieces))
        else:
            layers += [Linear(inputs, units), nn.ReLU() if activation == "relu" else nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Dropout(dropout_hidden), Linear(sizes[-1], outputs))


def initialise(network: nn.Module, spread: float) -> None:
    """Weights uniform in ±spread and biases 0, in place; with spread 0 torch's own initialisation stays."""
    for module in network.modules():
        if spread and isinstance(module, nn.Linear):
            nn.init.uniform_(module.weight, -spread, spread)
            nn.init.zeros_(module.bias)
