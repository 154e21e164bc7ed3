"""The game on points: small dense networks and a known density, played by the library's own loop."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ganatomy.gan import priors
from ganatomy.gan.adversarial import Adversarial, Penalty
from ganatomy.gan.method import Batch, Batches
from ganatomy.gan.objectives import Objective
from ganatomy.gan.player import Number, Player
from ganatomy.gan.priors import Prior
from ganatomy.system.runtime import Randomness, Runtime
from ganatomy.theory.densities import Density

Rate: TypeAlias = float | Number


class Dense(nn.Sequential):
    """Three hidden layers of ReLU units: [B, inputs] → [B, outputs]."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        sizes = [inputs, width, width, width]
        hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*hidden, nn.Linear(width, outputs))


class Generator(Dense):
    """z: [B, d] → points: [B, d]. With as many dimensions, q has a density wherever the network bends no space flat."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__(dimension, dimension, width)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return super().forward(z)


class Discriminator(nn.Module):
    """points: [B, d] → raw scores: [B], or fewer if it judges several points together.

    together         points that are judged as one, PacGAN: Lin et al. 2018 (arXiv:1712.04086); they must divide B
    sees_deviation   each point beside the batch's standard deviation: Karras et al. 2018 (arXiv:1710.10196), section 3
    """

    def __init__(self, dimension: int, width: int, together: int = 1, sees_deviation: bool = False) -> None:
        super().__init__()
        self.together, self.sees_deviation = together, sees_deviation
        self.layers = Dense(together * (dimension + sees_deviation), 1, width)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if self.sees_deviation:
            deviation = (x.var(0, correction=0) + 1e-8).sqrt().mean()
            x = torch.cat([x, deviation.expand(len(x), 1)], 1)
        scores: Tensor = self.layers(x.reshape(len(x) // self.together, -1))
        return scores.squeeze(1)


def game(
    dimension: int,
    objective: Objective,
    penalties: Sequence[Penalty] = (),
    *,
    batch: int = 256,
    width: int = 128,
    learning_rates: tuple[Rate, Rate] = (5e-4, 5e-4),
    together: int = 1,
    sees_deviation: bool = False,
    discriminator: nn.Module | None = None,
    average_decay: float = 0.999,
    seed: int = 0,
    **rules: Any,
) -> Adversarial:
    """The two players at their places: `.step` is a round, `.sample(z)` gives points of the averaged generator.

    learning_rates: the generator's and the discriminator's, of Adam(β₁ 0.5, β₂ 0.99); numbers or functions of the step.
    discriminator: instead of the usual one. rules: of `Adversarial`.
    """
    random, runtime = Randomness(seed), Runtime()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.number("networks"))
        generator = Generator(dimension, width)
        judge = discriminator or Discriminator(dimension, width, together, sees_deviation)
    return Adversarial(
        _player("generator", generator, learning_rates[0], runtime),
        _player("discriminator", judge, learning_rates[1], runtime),
        objective,
        penalties,
        prior=Prior(priors.normal, priors.spherical, priors.truncated_normal, dimension),
        random=random,
        runtime=runtime,
        batch=batch,
        average_decay=average_decay,
        **rules,
    )


def _player(name: str, network: nn.Module, rate: Rate, runtime: Runtime) -> Player:
    optimiser = torch.optim.Adam(network.parameters(), 0.0, (0.5, 0.99))
    return Player(name, network, optimiser, {"lr": rate if callable(rate) else lambda step: rate}, runtime)


def falling(rate: float, steps: int) -> Number:
    """A learning rate that falls to nothing over so many steps, along half a cosine."""
    return lambda step: rate * (1 + cos(pi * min(step / steps, 1))) / 2


def points_of(target: Density, table: Adversarial) -> Batches:
    """Batches of a game: fresh points of the target at every turn."""
    return lambda step, turn: Batch(target.sample(table.batch, table.random.at("real", step, turn)))


def play(target: Density, table: Adversarial, steps: int, begin: int = 0) -> Adversarial:
    """Rounds from `begin` up to `steps`, on points of the target; returns the game."""
    batches = points_of(target, table)
    for step in range(begin, steps):
        table.step(step, batches)
    return table
