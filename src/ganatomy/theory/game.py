"""The game on points: small dense networks and a known density, played by the library's own loop."""

from collections.abc import Mapping
from itertools import pairwise
from math import cos, pi
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ganatomy.gan.adversarial import Adversarial, Penalty
from ganatomy.gan.method import Batch, Batches, Setup
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.gan.player import Number, Player
from ganatomy.gan.priors import PRIORS, Prior
from ganatomy.system.runtime import Randomness, Runtime, random_kept
from ganatomy.theory.densities import Density

Rate: TypeAlias = float | Number


class PointNetwork(nn.Sequential):
    """Hidden layers of `width` ReLU units, and a linear one: [B, inputs] → [B, outputs]."""

    def __init__(self, inputs: int, outputs: int, width: int, depth: int = 3) -> None:
        """depth: the number of hidden layers."""
        sizes = [inputs, *[width] * depth]
        hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*hidden, nn.Linear(width, outputs))


class PointGenerator(PointNetwork):
    """z [B, d] → points [B, d]. Input and output have the same dimension, so that q can have a density."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__(dimension, dimension, width)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Points [B, d] of latent vectors [B, d]; y is ignored."""
        return super().forward(z)


class PointDiscriminator(nn.Module):
    """Points [B, d] → raw scores [B / pack].

    pack             points that share one score, as in PacGAN: Lin et al. 2018 (arXiv:1712.04086); it must divide B
    sees_deviation   each point is seen with the batch's standard deviation: Karras et al. 2018 (arXiv:1710.10196),
                     section 3
    """

    def __init__(
        self, dimension: int, width: int, *, depth: int = 3, pack: int = 1, sees_deviation: bool = False
    ) -> None:
        super().__init__()
        self.pack, self.sees_deviation = pack, sees_deviation
        self.layers = PointNetwork(pack * (dimension + sees_deviation), 1, width, depth)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Raw scores [B / pack] of points [B, d]; y is ignored."""
        if self.sees_deviation:
            deviation = (x.var(0, correction=0) + 1e-8).sqrt().mean()
            x = torch.cat([x, deviation.expand(len(x), 1)], 1)
        scores: Tensor = self.layers(x.reshape(len(x) // self.pack, -1))
        return scores.squeeze(1)


def new_game(
    dimension: int,
    objective: str,
    penalties: Mapping[str, float] = {},
    *,
    batch: int = 256,
    width: int = 128,
    learning_rates: tuple[Rate, Rate] = (5e-4, 5e-4),
    discriminator_steps: int = 1,
    clip: float = 0.0,
    pack: int = 1,
    sees_deviation: bool = False,
    discriminator: nn.Module | None = None,
    average_decay: float = 0.999,
    seed: int = 0,
) -> Adversarial:
    """A game on points [B, dimension]: `.step` plays a round, `.sample(z)` draws from the averaged generator.

    objective              by name, in `OBJECTIVES`
    penalties              the discriminator's: weights by name, in `PENALTIES`
    learning_rates         the generator's and the discriminator's, of Adam(β₁ 0.5, β₂ 0.99); numbers or functions of
                           the step
    pack, sees_deviation   of `PointDiscriminator`
    discriminator          replaces it
    The others are as in `Adversarial`. Raises UserError for an objective or a penalty that does not exist.
    """
    chosen = OBJECTIVES.find(objective)
    terms = [Penalty(name, constant(weight), PENALTIES.find(name)) for name, weight in penalties.items()]
    random, runtime = Randomness(seed), Runtime()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.number("networks"))
        generator = PointGenerator(dimension, width)
        discriminator = discriminator or PointDiscriminator(dimension, width, pack=pack, sees_deviation=sees_deviation)
    return Adversarial(
        _player("generator", generator, learning_rates[0], runtime),
        _player("discriminator", discriminator, learning_rates[1], runtime),
        chosen,
        Setup(Prior(*PRIORS["normal"], dimension), random, batch, runtime, average_decay),
        penalties=terms,
        discriminator_steps=discriminator_steps,
        clip=clip,
    )


def _player(name: str, network: nn.Module, rate: Rate, runtime: Runtime) -> Player:
    optimiser = torch.optim.Adam(network.parameters(), 0.0, (0.5, 0.99))
    return Player(name, network, optimiser, {"lr": rate if callable(rate) else constant(rate)}, runtime)


def constant(value: float) -> Number:
    """The same number at every step."""
    return lambda step: value


def cosine_decay(rate: float, steps: int) -> Number:
    """A learning rate that falls from `rate` to 0 over that many steps, along half a cosine."""
    return lambda step: rate * (1 + cos(pi * min(step / steps, 1))) / 2


def batches_of(density: Density, game: Adversarial) -> Batches:
    """A game's real data: fresh points [B, d] of a density for every step and turn."""
    return lambda step, turn: Batch(density.sample(game.batch, game.random.at("real", step, turn)))


def play(density: Density, game: Adversarial, steps: int, begin: int = 0) -> Adversarial:
    """Play rounds number `begin` to `steps` − 1 on points of a density; returns the game."""
    batches = batches_of(density, game)
    with random_kept(game.runtime.device):
        for step in range(begin, steps):
            game.step(step, batches)
    return game
