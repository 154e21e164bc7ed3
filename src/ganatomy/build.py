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

from ganatomy.baselines.diffusion import DenoisingDiffusion, Diffusion
from ganatomy.baselines.gsn import GSN, GenerativeStochasticNetwork
from ganatomy.baselines.vae import VAE, VariationalAutoencoder
from ganatomy.config import families, options
from ganatomy.config.schedules import at
from ganatomy.errors import UserError, unknown
from ganatomy.gan import objectives, penalties, priors
from ganatomy.gan.adversarial import Adversarial, Augmentation, Penalty
from ganatomy.gan.method import Method
from ganatomy.gan.objectives import Objective
from ganatomy.gan.player import Player
from ganatomy.gan.priors import Prior
from ganatomy.networks import dcgan, mlp, r3, resnet, stylegan2
from ganatomy.networks.ops import convolution
from ganatomy.networks.unet import UNet
from ganatomy.system.runtime import Randomness, Runtime

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

PLAYERS: dict[str, tuple[Callable[..., nn.Module], Callable[..., nn.Module]]] = {
    "dcgan": (dcgan.Generator, dcgan.Discriminator),
    "mlp": (mlp.Generator, mlp.Discriminator),
    "r3": (r3.Generator, r3.Discriminator),
    "resnet": (resnet.Generator, resnet.Discriminator),
    "stylegan2": (stylegan2.Generator, stylegan2.Discriminator),
}
# The families of generator that each method trains.
FAMILIES = {
    "adversarial": tuple(PLAYERS),
    "vae": ("dcgan", "mlp"),  # their discriminators become encoders
    "diffusion": ("unet",),
    "gsn": ("gsn",),
}
FROM_PIXELS = ("diffusion", "gsn")  # methods whose latent vectors are noise of the images' own shape

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


def penalty(name: str, weight: float | options.Schedule, every: int = 1) -> Penalty:
    """A penalty of the discriminator by name."""
    if name not in PENALTIES:
        raise unknown("penalty", name, PENALTIES)
    return Penalty(name, partial(at, weight), PENALTIES[name], every)


def prior(config: options.Prior) -> Prior:
    """The prior by name."""
    if config.name not in PRIORS:
        raise unknown("prior", config.name, PRIORS)
    return Prior(*PRIORS[config.name], config.dimension, tuple(config.classes))


def generator(config: options.Config, image: ImageShape) -> nn.Module:
    """The network that makes images of latent vectors, with its first weights, which follow from the seed alone."""
    given, family = _options(config.generator)
    classes = len(config.prior.classes)

    def decoder() -> nn.Module:
        return PLAYERS[family][0](config.prior.dimension, image, **given, classes=classes)

    def encoder() -> nn.Module:
        given, family = _options(config.discriminator)
        return PLAYERS[family][1](image, **given, outputs=2 * config.prior.dimension)

    def make() -> nn.Module:
        if config.method == "vae":
            return VAE(encoder(), decoder())
        if config.method == "diffusion":
            return Diffusion(UNet(image, **given, classes=classes), image, **config.diffusion.model_dump())
        if config.method == "gsn":
            return GSN(image, **{name: value for name, value in given.items() if name != "walk_backs"})
        return decoder()

    return _seeded(config, "generator", make)


def discriminator(config: options.Config, image: ImageShape) -> nn.Module:
    """A discriminator with its first weights, which follow from the seed alone."""
    given, family = _options(config.discriminator)
    classes = len(config.prior.classes)
    return _seeded(config, "discriminator", lambda: PLAYERS[family][1](image, **given, classes=classes))


def check(config: options.Config, processes: int = 1) -> None:
    """UserError if a name does not exist or the parts do not fit together."""
    objective(config.objective)
    prior(config.prior)
    training, penalised = config.training, _penalised(config)
    if config.diagnosis.remedies and processes > 1:
        raise UserError("diagnosis.remedies works in one process: which checkpoint to go back to, one decides alone.")
    if training.batch % processes:
        raise UserError(f"training.batch = {training.batch} cannot be shared by {processes} processes.")
    for role in ("generator", "discriminator")[: 2 if config.method == "vae" else 1]:
        family = getattr(config, role).family
        if family not in FAMILIES[config.method]:
            able = " or ".join(FAMILIES[config.method])
            raise UserError(f"method={config.method} needs {role}.family={able}, not {family}.")
    if config.method != "adversarial" and config.prior.name != "normal":
        raise UserError(f"method={config.method} starts from normal noise: prior.name=normal.")
    if config.method == "diffusion" and config.diffusion.sampling_steps > config.diffusion.steps:
        raise UserError("diffusion.sampling_steps cannot be more than diffusion.steps, the noise levels there are.")
    if config.method == "gsn" and config.prior.conditional:
        raise UserError("A generative stochastic network (method=gsn) does not generate by class.")
    if config.method != "adversarial":
        return
    if training.simultaneous and training.discriminator_steps > 1:
        raise UserError("training.simultaneous needs training.discriminator_steps=1: both players move together.")
    if config.penalties.path_length and (training.simultaneous or config.generator.family != "stylegan2"):
        raise UserError(
            "penalties.path_length needs a generator with styles that moves in its turn: generator.family=stylegan2 "
            "and training.simultaneous=false."
        )
    if penalised and getattr(config.discriminator, "norm", "none") == "batch":
        # ∇ₓD of one image would depend on the whole batch: Gulrajani et al. 2017, section 4.
        raise UserError(
            f"penalties.{penalised[0]} needs a discriminator without batch normalisation: discriminator.norm=none."
        )


def _penalised(config: options.Config) -> list[str]:
    return [name for name in PENALTIES if getattr(config.penalties, name)]


def method(config: options.Config, image: ImageShape, runtime: Runtime, attempt: int = 0) -> Method:
    """The whole training, ready for its first step; UserError if the parts do not fit together."""
    check(config, runtime.world)
    common: dict[str, Any] = {
        "prior": prior(config.prior),
        "random": Randomness(config.training.seed, attempt),
        "runtime": runtime,
        "batch": config.training.batch,
        "average_decay": config.average.decay,
        "average_warm_up": config.average.warm_up,
    }
    network = generator(config, image)
    learner = _player("generator", network, config.generator_optimiser, config.runtime, runtime)
    if config.method == "vae":
        weight = partial(at, config.vae.beta)
        return VariationalAutoencoder([learner], likelihood=config.vae.likelihood, beta=weight, **common)
    if config.method == "diffusion":
        return DenoisingDiffusion([learner], **common)
    if config.method == "gsn":
        assert isinstance(config.generator, families.GSNOptions)
        return GenerativeStochasticNetwork(learner, walk_backs=config.generator.walk_backs, **common)

    penalties, training, augmentation = config.penalties, config.training, config.augmentation
    return Adversarial(
        learner,
        _player("discriminator", discriminator(config, image), config.discriminator_optimiser, config.runtime, runtime),
        objective(config.objective),
        [penalty(name, getattr(penalties, name), penalties.every) for name in _penalised(config)],
        [Penalty("path_length", partial(at, penalties.path_length), _path_length, penalties.path_length_every)]
        if penalties.path_length
        else [],
        Augmentation(augmentation.policies, augmentation.probability, augmentation.target),
        discriminator_steps=training.discriminator_steps,
        share_fakes=training.share_fakes,
        simultaneous=training.simultaneous,
        clip=penalties.clip,
        **common,
    )


def _path_length(network: nn.Module, z: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
    assert isinstance(network, stylegan2.Generator)
    return network.path_length_regularisation(z, classes)


def start_from_data(training: Method, pixels: NDArray[np.uint8]) -> None:
    """Before the first step: a dense network starts at the mean of the data, [N, H, W, C]."""
    for module in training.generator.network.modules():
        if isinstance(module, (mlp.Generator, GSN)):
            mean = torch.from_numpy(pixels[:10_000].mean(0) / 127.5 - 1)
            module.start_at(mean.permute(2, 0, 1).float().to(training.runtime.device))


def _options(network: families.Part) -> tuple[dict[str, Any], str]:
    """(a network's options but its family, its family)."""
    given = network.model_dump()
    return given, given.pop("family")


def _seeded(config: options.Config, role: str, make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Randomness(config.training.seed).number(role))
        try:
            return make()
        except ValueError as error:  # numbers that fit no network of this family and these images
            raise UserError(f"{role}: {error}.") from None


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
