"""Configuration → objects: the one place where names of parts become networks, players and methods."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganatomy.baselines.diffusion import DenoisingDiffusion, Diffusion
from ganatomy.baselines.gsn import GenerativeStochasticNetwork
from ganatomy.baselines.regression import Regression
from ganatomy.baselines.vae import VAE, VariationalAutoencoder
from ganatomy.config import options
from ganatomy.config.checks import check_together
from ganatomy.config.schedules import Schedule, at
from ganatomy.data.rows import Rows
from ganatomy.errors import UserError
from ganatomy.gan.adversarial import Adversarial, Augmentation, Penalty
from ganatomy.gan.augment import POLICIES
from ganatomy.gan.method import Batch, BudgetShare, Method, Setup
from ganatomy.gan.objectives import OBJECTIVES, Objective
from ganatomy.gan.penalties import DISTANCES, PENALTIES, condition, patch_nce
from ganatomy.gan.player import Number, Player
from ganatomy.gan.priors import PRIORS, Prior
from ganatomy.gan.privacy import Privacy
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.networks.families import FAMILIES
from ganatomy.networks.ops import convolution
from ganatomy.networks.pair_shape import PairShape
from ganatomy.networks.protocols import (
    ComparesPatches,
    HasPathLength,
    StartsFromCorrelations,
    StartsFromData,
    WithoutClasses,
    takes_classes,
)
from ganatomy.networks.registry import NetworkOptions
from ganatomy.networks.row_shape import RowShape
from ganatomy.networks.transfer import freeze
from ganatomy.system.runtime import Randomness, Runtime

SampleShape: TypeAlias = tuple[int, ...]  # of images channels, height, width; a `RowShape` or a `PairShape`
CORRELATED = 50_000  # rows of a table, at most, whose correlations are found


def objective(config: options.ObjectiveOptions) -> Objective:
    """The objective by name, with its label smoothing. Raises UserError for an unknown name, or one that takes none."""
    chosen = OBJECTIVES.find(config.name)
    if not config.label_smoothing:
        return chosen
    if not chosen.smoothable:
        able = ", ".join(name for name, each in OBJECTIVES.items() if each.smoothable)
        raise UserError(f"objective.label_smoothing has no meaning for {config.name}; it has for {able}.")
    return chosen.smoothed(config.label_smoothing)


def scheduled(number: float | Schedule, share: BudgetShare) -> Number:
    """The value of a number or schedule as a function of the generator step, in a training that is so far."""
    return lambda step: at(number, step, share.spent)


def penalty(name: str, weight: float | Schedule, every: int = 1, share: BudgetShare | None = None) -> Penalty:
    """A penalty of the discriminator by name. Raises UserError for an unknown one."""
    return Penalty(name, scheduled(weight, share or BudgetShare()), PENALTIES.find(name), every)


def prior(config: options.PriorOptions) -> Prior:
    """The prior by name. Raises UserError for an unknown one."""
    return Prior(*PRIORS.find(config.name), config.dimension, tuple(config.classes))


def prior_of(config: options.PriorOptions, image: SampleShape) -> Prior:
    """The prior of a generator of such samples, which may be given an image beside z. Raises UserError as `prior`."""
    return replace(prior(config), given=image.given if isinstance(image, PairShape) else ())


def generator(config: options.Config, image: SampleShape) -> nn.Module:
    """The network that makes images of latent vectors, with its first weights, which follow from the seed alone.

    Raises UserError for numbers that fit no network of this family and these images.
    """
    return _seeded(config, "generator", lambda: _generator(config, image))


def _generator(config: options.Config, image: SampleShape) -> nn.Module:
    classes, dimension = len(config.prior.classes), config.prior.dimension
    match config.method:
        case "vae":
            encoder = _network(config.discriminator, "discriminator", image, outputs=2 * dimension)
            return VAE(encoder, _network(config.generator, "generator", dimension, image, classes=classes))
        case "diffusion":
            denoiser = _network(config.generator, "generator", image, classes=classes)
            channels, height, width = image
            return Diffusion(denoiser, (channels, height, width), **config.diffusion.model_dump())
        case "gsn":
            return _network(config.generator, "generator", image)
    return _network(config.generator, "generator", dimension, image, classes=classes)


def discriminator(config: options.Config, image: SampleShape) -> nn.Module:
    """A discriminator with its first weights, which follow from the seed alone. Errors as `generator`."""
    return _seeded(config, "discriminator", lambda: _discriminator(config, image))


def _discriminator(config: options.Config, image: SampleShape) -> nn.Module:
    pack, (channels, *size) = config.training.pack, image
    several = image if pack == 1 else (pack * channels, *size)
    network = _network(config.discriminator, "discriminator", several, classes=pack * len(config.prior.classes))
    if config.init.path:
        freeze(network, config.init.freeze)
    return network


def _network(chosen: NetworkOptions, role: str, *given: Any, **more: Any) -> nn.Module:
    """A network of the chosen family. Arguments: `given`, the options of the family, classes or outputs (`more`)."""
    own = chosen.model_dump(exclude={"family"})
    if not more.get("classes", True):
        del more["classes"]  # a family may have no such argument
    network = FAMILIES.find(chosen.family).make(role)(*given, **own, **more)
    if takes_classes(network):
        return network
    if "classes" in more:
        raise UserError(f"{role}.family={chosen.family} takes no classes: its forward(x, classes) needs two arguments.")
    return WithoutClasses(network)


def check(config: options.Config, processes: int = 1) -> None:
    """Raises UserError where a name does not exist or the parts do not fit together."""
    objective(config.objective)
    prior(config.prior)
    for name in config.penalties.model_extra or {}:
        PENALTIES.find(name)
    for name in config.augmentation.policies:
        POLICIES.find(name)
    check_together(config, processes)


def method(
    config: options.Config, image: SampleShape, runtime: Runtime, attempt: int = 0, secret: int | None = None
) -> Method:
    """The whole training, ready for its first step.

    secret: the seed of a private training's noise; None: that of the training, for trials. Raises UserError where the
    parts do not fit together.
    """
    check(config, runtime.world)
    setup = Setup(
        prior_of(config.prior, image),
        Randomness(config.training.seed, attempt),
        config.training.batch,
        runtime,
        config.average.decay,
        config.average.warm_up,
    )
    learner = _player("generator", generator(config, image), config.generator_optimiser, config.runtime, setup)
    match config.method:
        case "vae":
            beta = scheduled(config.vae.beta, setup.share)
            return VariationalAutoencoder([learner], setup, likelihood=config.vae.likelihood, beta=beta)
        case "diffusion":
            return DenoisingDiffusion([learner], setup)
        case "gsn":
            return GenerativeStochasticNetwork([learner], setup)
        case "regression":
            return Regression([learner], setup, _distances(config, image, setup))
    network = discriminator(config, image)
    critic = _player("discriminator", network, config.discriminator_optimiser, config.runtime, setup)
    noise = Randomness(config.training.seed if secret is None else secret, attempt)
    privacy = Privacy(config.privacy.noise, config.privacy.clip, noise) if config.private else None
    return _game(config, image, learner, critic, setup, privacy)


def _game(
    config: options.Config,
    image: SampleShape,
    learner: Player,
    critic: Player,
    setup: Setup,
    privacy: Privacy | None,
) -> Adversarial:
    penalties, training, augmentation = config.penalties, config.training, config.augmentation
    path_length = Penalty(
        "path_length",
        scheduled(penalties.path_length, setup.share),
        _path_length,
        penalties.path_length_every,
    )
    asked = Penalty("condition", scheduled(penalties.condition, setup.share), _condition(image))
    of_rows = config.prior.conditional and isinstance(image, RowShape)
    alike = Penalty("nce", scheduled(penalties.nce, setup.share), _nce)
    added = {
        path_length: bool(penalties.path_length),
        asked: bool(penalties.condition and of_rows),
        alike: bool(penalties.nce and isinstance(learner.network, ComparesPatches)),
    }
    return Adversarial(
        learner,
        critic,
        objective(config.objective),
        setup,
        penalties=[penalty(name, weight, penalties.every, setup.share) for name, weight in penalties.weights().items()],
        generator_penalties=[
            *(penalty for penalty, there in added.items() if there),
            *_distances(config, image, setup),
        ],
        augmentation=Augmentation(augmentation.policies, augmentation.probability, augmentation.target),
        discriminator_steps=training.discriminator_steps,
        share_fakes=training.share_fakes or isinstance(image, PairShape),  # of a given image the same is drawn again
        simultaneous=training.simultaneous,
        clip=penalties.clip,
        pack=training.pack,
        privacy=privacy,
    )


def _distances(config: options.Config, image: SampleShape, setup: Setup) -> list[Penalty]:
    """Terms of the loss of a generator that is given an image: how far it is from the target."""
    if not isinstance(image, PairShape):
        return []
    weights = {name: getattr(config.penalties, name) for name in DISTANCES}
    return [
        Penalty(name, scheduled(weight, setup.share), _from_target(name)) for name, weight in weights.items() if weight
    ]


def _from_target(distance: str) -> Callable[..., torch.Tensor]:
    return lambda network, z, real, fake: DISTANCES[distance](fake.images, real.images)


def _nce(network: nn.Module, z: torch.Tensor, real: Batch, fake: Batch) -> torch.Tensor:
    """The mean over the layers whose patches a generator compares; the given image's are constants, as in the paper."""
    assert isinstance(network, ComparesPatches)
    assert fake.classes is not None
    with torch.no_grad():
        given = network.patches(fake.classes)
    return torch.stack([patch_nce(*each) for each in zip(network.patches(fake.images), given, strict=True)]).mean()


def _path_length(network: nn.Module, z: torch.Tensor, real: Batch, fake: Batch) -> torch.Tensor:
    assert isinstance(network, HasPathLength)
    return network.path_length_regularisation(z, fake.classes)


def _condition(shape: SampleShape) -> Callable[[nn.Module, torch.Tensor, Batch, Batch], torch.Tensor]:
    cells = shape.cells if isinstance(shape, RowShape) else []

    def value(network: nn.Module, z: torch.Tensor, real: Batch, fake: Batch) -> torch.Tensor:
        assert fake.classes is not None, "only a conditional generator is given this penalty"
        return condition(fake.images[:, cells], fake.classes)

    return value


def start_from_data(training: Method, pixels: NDArray[np.uint8]) -> None:
    """Let networks that can do so begin at the mean of the data, pixels uint8 [N, H, W, C]."""
    for module in training.generator.network.modules():
        if isinstance(module, StartsFromData):
            mean = torch.from_numpy(pixels.mean(0) / 127.5 - 1)
            module.start_at(mean.permute(2, 0, 1).float().to(training.runtime.device))


def start_from_rows(training: Method, rows: Rows) -> None:
    """Let networks that can do so begin with the correlations of the table."""
    normalisation = rows.modality.normalisation
    for module in training.generator.network.modules():
        if isinstance(module, StartsFromCorrelations) and isinstance(normalisation, NormalScores):
            some = rows.numbers[:: -(-len(rows) // CORRELATED)]
            found = normalisation.correlations(some, np.random.default_rng(0))
            module.start_with(torch.from_numpy(found).to(training.runtime.device))


def _seeded(config: options.Config, role: str, make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(Randomness(config.training.seed).number(role))
        try:
            return make()
        except ValueError as error:  # numbers that fit no network of this family and these images
            raise UserError(f"{role}: {error}.") from None


def _player(
    name: str, network: nn.Module, config: options.OptimiserOptions, machine: options.RuntimeOptions, setup: Setup
) -> Player:
    convolution.use(network, "patches" if machine.convolution == "patches" else "native")
    network = network.to(setup.runtime.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Player(name, network, _optimiser(network, config), _settings(config, setup.share), setup.runtime)


def _optimiser(network: nn.Module, config: options.OptimiserOptions) -> torch.optim.Optimizer:
    parameters, rate, momentum = network.parameters(), at(config.learning_rate, 0), at(config.momentum, 0)
    if config.name == "adam":
        return torch.optim.Adam(parameters, rate, betas=config.betas, fused=True)
    if config.name == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=momentum, fused=True)
    return torch.optim.RMSprop(parameters, rate, momentum=momentum)


def _settings(config: options.OptimiserOptions, share: BudgetShare) -> dict[str, Number]:
    settings = {"lr": scheduled(config.learning_rate, share)}
    if config.name != "adam":
        settings["momentum"] = scheduled(config.momentum, share)
    return settings
