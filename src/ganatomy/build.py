"""Configuration → objects: the one place where names meet classes."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import log
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganatomy import config as options
from ganatomy import objectives, penalties, priors
from ganatomy.adversarial import Adversarial, Penalty
from ganatomy.errors import UserError, unknown
from ganatomy.networks import convolution, dcgan, mlp
from ganatomy.objectives import Objective
from ganatomy.player import Player
from ganatomy.priors import Prior
from ganatomy.runtime import Randomness, Runtime
from ganatomy.schedules import at

OBJECTIVES = {
    "minimax": Objective(objectives.minimax, probabilistic=True, smoothable=True),
    "non_saturating": Objective(objectives.non_saturating, probabilistic=True, smoothable=True),
    "least_squares": Objective(objectives.least_squares, balanced_score=0.5, smoothable=True),
    "wasserstein": Objective(objectives.wasserstein),
    "hinge": Objective(objectives.hinge),
    "relativistic_pairing": Objective(objectives.relativistic_pairing, paired=True),
}

PRIORS = {
    "normal": (priors.normal, priors.spherical, priors.truncated_normal),
    "uniform": (priors.uniform, priors.linear, priors.truncated_uniform),
}

PENALTIES: dict[str, Callable[..., torch.Tensor]] = {
    "r1": lambda discriminator, real, fake, draw: penalties.r1(discriminator, real),
    "r2": lambda discriminator, real, fake, draw: penalties.r2(discriminator, fake),
    "wgan_gp": lambda discriminator, real, fake, draw: penalties.gradient_penalty(discriminator, real, fake, draw()),
    "dragan": lambda discriminator, real, fake, draw: penalties.dragan(discriminator, real, draw(*real.shape[1:])),
}

NETWORKS: dict[str, tuple[Callable[..., nn.Module], Callable[..., nn.Module]]] = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
    "mlp": (mlp.Generator, mlp.Discriminator),
}

ImageShape = tuple[int, int, int]  # channels, height, width


def objective(config: options.Objective) -> Objective:
    """The objective by name, with its label smoothing."""
    if config.name not in OBJECTIVES:
        raise unknown("objective", config.name, OBJECTIVES)
    chosen = OBJECTIVES[config.name]
    if not config.label_smoothing:
        return chosen
    if not chosen.smoothable:
        able = ", ".join(name for name, each in OBJECTIVES.items() if each.smoothable)
        raise UserError(f"objective.label_smoothing has no meaning for {config.name}; it has for {able}.")
    best = (1 - config.label_smoothing) / 2  # D* = (1 − α)p/(p + q) at p = q
    return replace(
        chosen,
        losses=partial(chosen.losses, smoothing=config.label_smoothing),
        balanced_score=log(best / (1 - best)) if chosen.probabilistic else best,
    )


def prior(config: options.Prior) -> Prior:
    """The prior by name."""
    if config.name not in PRIORS:
        raise unknown("prior", config.name, PRIORS)
    return Prior(*PRIORS[config.name], config.dimension)


def generator(config: options.Config, image: ImageShape) -> nn.Module:
    """A generator with its first weights, which follow from the seed alone."""
    return _network(config, "generator", config.prior.dimension, image)


def discriminator(config: options.Config, image: ImageShape) -> nn.Module:
    """A discriminator with its first weights, which follow from the seed alone."""
    return _network(config, "discriminator", image)


def check(config: options.Config, processes: int = 1) -> None:
    """UserError if a name does not exist or the parts do not fit together."""
    objective(config.objective)
    prior(config.prior)
    if config.training.batch % processes:
        raise UserError(f"training.batch = {config.training.batch} cannot be shared by {processes} processes.")
    penalised = _penalised(config)
    if penalised and getattr(config.discriminator, "norm", "none") == "batch":
        # ∇ₓD of one image would depend on the whole batch: Gulrajani et al. 2017, section 4.
        raise UserError(
            f"penalties.{penalised[0]} needs a discriminator without batch normalisation: discriminator.norm=none."
        )


def _penalised(config: options.Config) -> list[str]:
    return [name for name in PENALTIES if getattr(config.penalties, name)]


def method(config: options.Config, image: ImageShape, runtime: Runtime, attempt: int = 0) -> Adversarial:
    """The whole game, ready for its first step; UserError if the parts do not fit together."""
    check(config, runtime.world)
    return Adversarial(
        _player("generator", generator(config, image), config.generator_optimiser, config.runtime, runtime),
        _player("discriminator", discriminator(config, image), config.discriminator_optimiser, config.runtime, runtime),
        objective(config.objective),
        [Penalty(name, partial(at, getattr(config.penalties, name)), PENALTIES[name]) for name in _penalised(config)],
        prior(config.prior),
        Randomness(config.training.seed, attempt),
        runtime,
        batch=config.training.batch,
        discriminator_steps=config.training.discriminator_steps,
        share_fakes=config.training.share_fakes,
        clip=config.penalties.clip,
        average_decay=config.average.decay,
        average_warm_up=config.average.warm_up,
    )


def start_from_data(game: Adversarial, pixels: NDArray[np.uint8]) -> None:
    """Before the first step: a dense generator's output bias starts at the mean of the data, [N, H, W, C]."""
    if isinstance(game.generator.network, mlp.Generator):
        mean = torch.from_numpy(pixels[:10_000].mean(0) / 127.5 - 1)
        game.generator.network.start_at(mean.permute(2, 0, 1).float().to(game.runtime.device))


def _network(config: options.Config, role: str, *arguments: Any) -> nn.Module:
    given = getattr(config, role).model_dump()
    make = NETWORKS[given.pop("family")][role == "discriminator"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Randomness(config.training.seed).number(role))
        return make(*arguments, **given)


def _player(
    name: str, network: nn.Module, config: options.Optimiser, machine: options.Runtime, runtime: Runtime
) -> Player:
    convolution.use(network, "patches" if machine.convolution == "patches" else "native")
    network = network.to(runtime.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Player(name, network, _optimiser(network, config), _settings(config), runtime)


def _optimiser(network: nn.Module, config: options.Optimiser) -> torch.optim.Optimizer:
    parameters, rate, momentum = network.parameters(), at(config.learning_rate, 0), at(config.momentum, 0)
    if config.name == "adam":
        return torch.optim.Adam(parameters, rate, betas=config.betas, fused=True)
    if config.name == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=momentum, fused=True)
    return torch.optim.RMSprop(parameters, rate, momentum=momentum)


def _settings(config: options.Optimiser) -> dict[str, Callable[[int], float]]:
    settings: dict[str, Callable[[int], float]] = {"lr": partial(at, config.learning_rate)}
    if config.name != "adam":
        settings["momentum"] = partial(at, config.momentum)
    return settings
