"""The game in the plane: small dense networks on points of a known density, played by the library's own loop."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganatomy import priors
from ganatomy.adversarial import Adversarial, Penalty
from ganatomy.method import Batch
from ganatomy.objectives import Objective
from ganatomy.player import Player
from ganatomy.priors import Prior
from ganatomy.runtime import Randomness, Runtime
from ganatomy.theory.densities import Mixture

LATENT = 2


class Points(nn.Sequential):
    """Three hidden layers of ReLU units: [B, inputs] → [B, outputs], or [B] scores if outputs is 1."""

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        sizes = [inputs, width, width, width]
        hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        super().__init__(*hidden, nn.Linear(width, outputs))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return super().forward(x).squeeze(1)


def play(
    target: Mixture,
    objective: Objective,
    penalties: Sequence[Penalty] = (),
    *,
    clip: float = 0.0,
    discriminator_steps: int = 1,
    steps: int = 10_000,
    batch: int = 256,
    width: int = 128,
    learning_rate: float = 5e-4,
    seed: int = 0,
) -> Adversarial:
    """A game on a target in the plane, played to the end: `.sample(z)` of it gives points. Adam(β₁ 0.5, β₂ 0.99)."""
    random, runtime = Randomness(seed), Runtime()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(random.number("networks"))
        networks = {"generator": Points(LATENT, 2, width), "discriminator": Points(2, 1, width)}
    rate = {"lr": lambda step: learning_rate}
    generator, discriminator = (
        Player(name, network, torch.optim.Adam(network.parameters(), learning_rate, (0.5, 0.99)), rate, runtime)
        for name, network in networks.items()
    )
    game = Adversarial(
        generator,
        discriminator,
        objective,
        penalties,
        clip=clip,
        discriminator_steps=discriminator_steps,
        prior=Prior(priors.normal, priors.spherical, priors.truncated_normal, LATENT),
        random=random,
        runtime=runtime,
        batch=batch,
        average_decay=0.999,
    )
    for step in range(steps):
        game.step(step, lambda step, turn: Batch(target.sample(batch, random.at("real", step, turn))))
    return game
