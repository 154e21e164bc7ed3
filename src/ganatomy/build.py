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
from ganatomy.networks.families import FAMILIES, StyleGAN2DiscriminatorOptions
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
SMALLEST_PRIVATE_BATCH = 16  # on average: an empty one then comes once in nine million


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
    _check_names(config)
    _check_processes(config, processes)
    _check_families(config)
    if config.method == "adversarial":
        _check_game(config)
        _check_pack(config, processes)
        _check_privacy(config, processes)
    else:
        _check_baseline(config)


def _check_names(config: options.Config) -> None:
    objective(config.objective)
    prior(config.prior)
    for name in config.penalties.model_extra or {}:
        PENALTIES.find(name)
    for name in config.augmentation.policies:
        POLICIES.find(name)


def _check_processes(config: options.Config, processes: int) -> None:
    if config.diagnosis.remedies and processes > 1:
        raise UserError("diagnosis.remedies works in one process only: train without, or without torchrun.")
    if config.training.batch % processes:
        raise UserError(f"training.batch = {config.training.batch} cannot be shared by {processes} processes.")
    if config.method == "adversarial" and isinstance(config.discriminator, StyleGAN2DiscriminatorOptions):
        _check_groups(config.training.batch, config.discriminator.group, processes)


def _check_pack(config: options.Config, processes: int) -> None:
    pack, batch = config.training.pack, config.training.batch
    if pack == 1:
        return
    if processes > 1:
        raise UserError("training.pack works in one process only: train without, or without torchrun.")
    if batch % pack:
        raise UserError(f"training.batch={batch} is no multiple of training.pack={pack}.")
    if getattr(config.discriminator, "group", 1) > 1:
        raise UserError("training.pack compares samples already: leave groups out, by discriminator.group=1.")


def _check_groups(batch: int, group: int, processes: int) -> None:
    """A batch divides into groups for the minibatch standard deviation, and no group over several processes."""
    size, rows = min(batch, group), batch // processes
    if rows % size == 0:
        return
    whose = f"each of {processes} processes has {rows} images of training.batch={batch}, which"
    largest = max(n for n in range(1, size + 1) if rows % n == 0)
    cure = f"discriminator.group={largest}" + ("" if largest > 1 else ", which leaves it out")
    raise UserError(
        f"{f'training.batch={batch}' if processes == 1 else whose} cannot be put into groups of {size} "
        f"(discriminator.group) for the minibatch standard deviation: give a training.batch that is a multiple of "
        f"{group * processes}, or {cure}."
    )


def _check_families(config: options.Config) -> None:
    """The generator, and the encoder of a VAE, are of families that the method can train."""
    _check_role(config.generator.family, "generator")
    if config.data.form == "spectrogram" and FAMILIES.find(config.generator.family).modality == "sounds":
        raise UserError(
            f"generator.family={config.generator.family} draws waveforms: data.form=waveform, or a family for images."
        )
    if config.method == "adversarial":
        _check_modality(config)
    if config.modality == "pairs" and config.evaluation.every:
        raise UserError("evaluation.every is not for pairs: `ganatomy evaluate RUN` measures a run.")
    if config.modality == "pairs" and config.method == "regression" and not config.data.paired:
        raise UserError("method=regression learns from targets, and data.paired=false has none.")
    if config.method == "regression" and not any(getattr(config.penalties, name) for name in DISTANCES):
        raise UserError("method=regression descends a distance from the targets: penalties.l1=1 or penalties.l2=1.")
    if config.modality == "pairs" and config.prior.conditional:
        raise UserError("prior.conditional: a generator that is given an image draws by no class.")
    for role in ("generator", "discriminator") if config.method == "vae" else ("generator",):
        family = getattr(config, role).family
        if config.method not in FAMILIES.find(family).methods:
            able = " or ".join(name for name, each in FAMILIES.items() if config.method in each.methods)
            raise UserError(f"method={config.method} needs {role}.family={able}, not {family}.")


def _check_modality(config: options.Config) -> None:
    """Both players are of samples of one kind, and what is given fits them."""
    ours, theirs = (FAMILIES.find(each.family).modality for each in (config.generator, config.discriminator))
    if ours != theirs:
        raise UserError(
            f"generator.family={config.generator.family} is for {ours}, and discriminator.family="
            f"{config.discriminator.family} for {theirs}: choose families of one kind."
        )
    if config.modality == "tables" and config.prior.name != "normal":
        raise UserError("A table's generator makes the noise of its choices from normal numbers: prior.name=normal.")
    if config.modality == "pairs" and config.training.pack > 1:
        raise UserError("training.pack compares samples, and of each pair there is one: training.pack=1.")
    if config.modality == "pairs" and config.augmentation.policies:
        raise UserError("augmentation.policies would move a pair's images apart: augmentation.policies=[].")
    for name in DISTANCES:
        if config.modality == "pairs" and not config.data.paired and getattr(config.penalties, name):
            raise UserError(
                f"penalties.{name} compares with a target, and data.paired=false has none: penalties.{name}=0."
            )
    for name in ("condition", *DISTANCES, "nce"):
        if getattr(config.penalties, name) and config.training.simultaneous:
            raise UserError(f"penalties.{name} needs training.simultaneous=false.")


def _check_role(family: str, role: str) -> None:
    if not FAMILIES.find(family).has(role):
        raise UserError(f"{role}.family={family}: that family has no {role}.")


def _check_baseline(config: options.Config) -> None:
    if config.prior.name != "normal":
        raise UserError(f"method={config.method} starts from normal noise: prior.name=normal.")
    if config.method == "diffusion" and config.diffusion.sampling_steps > config.diffusion.steps:
        raise UserError("diffusion.sampling_steps cannot be more than diffusion.steps, the noise levels there are.")
    if config.method == "gsn" and config.prior.conditional:
        raise UserError("A generative stochastic network (method=gsn) does not generate by class.")


def _check_game(config: options.Config) -> None:
    training, penalties, penalised = config.training, config.penalties, list(config.penalties.weights())
    if training.simultaneous and training.discriminator_steps > 1:
        raise UserError("training.simultaneous needs training.discriminator_steps=1: both players update at once.")
    _check_role(config.discriminator.family, "discriminator")
    if penalties.path_length and (training.simultaneous or not _has_path_length(config.generator.family)):
        raise UserError(
            "penalties.path_length needs a generator with styles, updated after the discriminator: "
            "generator.family=stylegan2 and training.simultaneous=false."
        )
    if penalised and getattr(config.discriminator, "norm", "none") == "batch":
        # ∇ₓD of one image would depend on the whole batch: Gulrajani et al. 2017, section 4.
        raise UserError(
            f"penalties.{penalised[0]} needs a discriminator without batch normalisation: discriminator.norm=none."
        )


def _check_privacy(config: options.Config, processes: int) -> None:
    """Nothing but the discriminator's gradients may depend on the training images, and each on one of them."""
    if not config.private:
        return
    training, chosen = config.training, OBJECTIVES.find(config.objective.name)
    compared = getattr(config.discriminator, "norm", "none") == "batch" or getattr(config.discriminator, "group", 1) > 1
    needs = {
        "one process": processes == 1,
        "images: the columns of a table are described from its rows": config.modality != "tables",
        "images that are drawn of no other image": config.modality != "pairs",
        "images, and these are sounds": config.modality != "sounds",
        "training.batch of at least 16": training.batch >= SMALLEST_PRIVATE_BATCH,
        "no penalty, which reads real images": not config.penalties.weights(),
        "augmentation.policies=[]": not config.augmentation.policies,
        "prior.conditional=false, since classes are not private": not config.prior.conditional,
        "training.simultaneous=false": not training.simultaneous,
        "training.pack=1": training.pack == 1,
        "an objective that does not compare real scores with generated ones": not chosen.paired,
        "a discriminator that scores each image by itself: no batch normalisation, discriminator.group=1": not compared,
        "diagnosis.remedies=0": not config.diagnosis.remedies,
        "runtime.precision=float32": config.runtime.precision != "bfloat16",
        "runtime.convolution=native": config.runtime.convolution != "patches",
    }
    if missing := [what for what, there in needs.items() if not there]:
        raise UserError(f"privacy.noise needs {missing[0]}.")


def _has_path_length(family: str) -> bool:
    return hasattr(FAMILIES.find(family).make("generator"), "path_length_regularisation")


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
