"""R3GAN and StyleGAN2 in the loop that repositories of papers show, to measure against.

The networks, losses and penalties are those of a recipe, so that only the loop differs: torch's default layout and
optimiser, an average that is updated tensor by tensor, and `.item()` at each step.
"""

import contextlib
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any

import torch
from torch import Tensor

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.schedules import at
from ganatomy.gan.penalties import PENALTIES


def training_step(config: Config, real: Tensor, precision: str = "float32") -> Callable[[], tuple[float, float]]:
    """A function that trains one step on the same real images [B, C, H, W] and returns both losses.

    precision: float32, bfloat16 by autocast, or tf32, float32 as torch has it on a GPU unless it is told otherwise.
    """
    device, image, batch = real.device, tuple(real.shape[1:]), len(real)
    generator, discriminator = build.generator(config, image).to(device), build.discriminator(config, image).to(device)
    average, objective = deepcopy(generator), build.objective(config.objective)
    adam_g, adam_d = (
        torch.optim.Adam(network.parameters(), at(options.learning_rate, 0), options.betas)
        for network, options in (
            (generator, config.generator_optimiser),
            (discriminator, config.discriminator_optimiser),
        )
    )
    penalties, steps = config.penalties, count()

    def latent() -> Tensor:
        return torch.randn(batch, config.prior.dimension, device=device)

    def cast() -> Any:
        return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")

    def scores(images: Tensor) -> Tensor:
        with cast():
            return discriminator(images, None).float()

    def generate() -> Tensor:
        with cast():
            return generator(latent(), None).float()

    def step() -> tuple[float, float]:
        number = next(steps)
        discriminator.requires_grad_(True)
        adam_d.zero_grad()
        with torch.no_grad():
            fake = generate()
        loss_d = objective.losses(scores(real), scores(fake)).discriminator
        if number % penalties.every == 0:
            for name, weight in penalties.weights().items():
                value = PENALTIES[name](lambda images: discriminator(images, None), real, fake, torch.rand)
                loss_d = loss_d + penalties.every * at(weight, 0) * value
        loss_d.backward()
        adam_d.step()

        discriminator.requires_grad_(False)
        adam_g.zero_grad()
        with torch.no_grad():
            real_scores = scores(real) if objective.paired else torch.zeros(batch, device=device)
        loss_g = objective.losses(real_scores, scores(generate())).generator
        if penalties.path_length and number % penalties.path_length_every == 0:
            regularisation = generator.path_length_regularisation(latent(), None)
            loss_g = loss_g + penalties.path_length_every * at(penalties.path_length, 0) * regularisation
        loss_g.backward()
        adam_g.step()
        with torch.no_grad():
            for mean, value in zip(average.parameters(), generator.parameters(), strict=True):
                mean.lerp_(value, 1 - config.average.decay)
        return loss_d.item(), loss_g.item()

    def as_torch_has_it() -> tuple[float, float]:
        tf32 = torch.backends.cudnn.flags(enabled=True, allow_tf32=True)
        with tf32 if precision == "tf32" else contextlib.nullcontext():
            return step()

    return as_torch_has_it
