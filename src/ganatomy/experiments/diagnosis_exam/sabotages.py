"""What is done to a training so that it fails in a known way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ganatomy.gan.adversarial import Adversarial, detached
from ganatomy.gan.method import Batch, Batches, Method, Record
from ganatomy.gan.objectives import Losses, Scores

Alter = Callable[[Adversarial, Batches], Batches]


def untouched(method: Adversarial, batches: Batches) -> Batches:
    """The game as the options say."""
    return batches


def swapped(method: Adversarial, batches: Batches) -> Batches:
    """The discriminator is told that real images are generated and the other way round."""
    losses = method.objective.losses

    def wrong(real: Scores, fake: Scores) -> Losses:
        return Losses(losses(fake, real).discriminator, losses(real, fake).generator)

    method.objective = replace(method.objective, losses=wrong)
    return batches


def cut_off(method: Adversarial, batches: Batches) -> Batches:
    """No gradient reaches the generator: its images were detached from it."""
    player = method.generator
    player.gradients = lambda loss, keep_graph=False: tuple(  # type: ignore[method-assign]
        torch.zeros_like(parameter) for parameter in player.parameters
    )
    return batches


def four_latents(method: Adversarial, batches: Batches) -> Batches:
    """The generator is trained at four latent vectors only."""
    four = method.prior.sample(4, torch.Generator().manual_seed(0))
    method.prior = replace(
        method.prior, draw=lambda count, size, random: four[torch.randint(4, (count,), generator=random)]
    )
    return batches


def poisoned(method: Adversarial, batches: Batches) -> Batches:
    """From step 150 on a pixel of the real images is not a number."""

    def bad(step: int, turn: int) -> Batch:
        batch = batches(step, turn)
        if step < 150:
            return batch
        images = batch.images.clone()
        images[0, 0, 0, 0] = torch.nan
        return batch._replace(images=images)

    return bad


def halved_range(method: Adversarial, batches: Batches) -> Batches:
    """Real images in [0, 1], where the generator's are in [−1, 1]."""

    def shifted(step: int, turn: int) -> Batch:
        batch = batches(step, turn)
        return batch._replace(images=(batch.images + 1) / 2)

    return shifted


def mixed(method: Adversarial, batches: Batches) -> Batches:
    """Real and generated images share a batch, and so the discriminator's batch statistics, in its own step only."""
    apart = method.scores

    def together(real: Batch, fake: Batch, step: int, turn: int = 0) -> Record:
        fake = detached(fake)
        classes = None if real.classes is None else torch.cat([real.classes, real.classes])
        scores = apart(Batch(torch.cat([real.images, fake.images]), classes), method._draws("augment", step, turn))
        real_scores, fake_scores = scores.chunk(2)
        loss = method.objective.losses(real_scores, fake_scores).discriminator
        record = method._record(loss, real_scores, fake_scores)
        record["gradient_norm/discriminator"] = method.discriminator.descend(loss, step)
        return record

    method.discriminator_step = together  # type: ignore[method-assign]
    return batches


def frozen_statistics(method: Adversarial, batches: Batches) -> Batches:
    """The generator's running statistics never follow: its samples are normalised by numbers of another network."""
    for network in (method.generator.network, method.average.module):
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.momentum = 0.0
    return batches


def grid(method: Adversarial, batches: Batches) -> Batches:
    """A generator that lays a fine grid over its images, before a discriminator that cannot see it."""
    judgement = method._judgement

    def blurred(images: Tensor) -> Tensor:
        return interpolate(avg_pool2d(images, 2), size=images.shape[2:])

    def ruled(network: nn.Module, inputs: tuple[Any, ...], images: Tensor) -> Tensor:
        rows, columns = (torch.arange(side, device=images.device) % 2 * 2 - 1 for side in images.shape[2:])
        return images + 0.15 * rows[:, None] * columns

    method._judgement = lambda classes, draw: (  # type: ignore[method-assign]
        lambda images: judgement(classes, draw)(blurred(images))
    )
    _on_both(method, lambda network: network.register_forward_hook(ruled))
    return batches


def without_latent(method: Adversarial, batches: Batches) -> Batches:
    """The latent vector never arrives: only the class decides."""

    def forget(network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (torch.zeros_like(inputs[0]), *inputs[1:])

    _on_both(method, lambda network: network.register_forward_pre_hook(forget))
    return batches


def by_heart(method: Adversarial, batches: Batches) -> Batches:
    """A generator that shows training images: each latent vector one of the first few hundred, hardly changed."""
    learnt = torch.cat([batches(step, 0).images for step in range(10)])

    def recall(network: nn.Module, inputs: tuple[Any, ...], images: Tensor) -> Tensor:
        chosen = (inputs[0][:, 0].double() * 1e6).long() % len(learnt)
        return 0.95 * learnt[chosen] + 0.05 * images

    _on_both(method, lambda network: network.register_forward_hook(recall))
    return batches


def overdriven(method: Adversarial, batches: Batches) -> Batches:
    """A gain of twelve behind the generator: nearly every pixel is at an end of the range."""
    _on_both(
        method, lambda network: network.register_forward_hook(lambda module, inputs, images: (12 * images).clamp(-1, 1))
    )
    return batches


def _on_both(method: Method, hook: Callable[[nn.Module], Any]) -> None:
    """The generator and its average."""
    for network in (method.generator.network, method.average.module):
        hook(network)


@dataclass(frozen=True)
class Sabotage:
    """A way to ruin a training.

    names     the findings that are right
    settings  options that are changed
    alter     what is done to the game beside
    networks  those that it can be done to
    """

    about: str
    names: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    alter: Alter = untouched
    networks: tuple[str, ...] = ("dcgan", "smooth")
    curable: bool = False


RATE = "{}_optimiser.learning_rate"
UNLIKE = ("dcgan", "pooled")  # `smooth` is `dcgan` but for what these sabotages change
DISCRIMINATOR_RATE, GENERATOR_RATE = RATE.format("discriminator"), RATE.format("generator")

SABOTAGES: dict[str, Sabotage] = {
    "saturating": Sabotage(
        "saturating loss under a strong discriminator",
        ("discriminator overpowers",),
        {
            "objective.name": "minimax",
            DISCRIMINATOR_RATE: 2e-3,
            GENERATOR_RATE: 1e-4,
            "training.discriminator_steps": 3,
        },
        curable=True,
    ),
    "rates": Sabotage(
        "a discriminator that learns a thousand times faster",
        ("discriminator overpowers",),
        {DISCRIMINATOR_RATE: 5e-3, GENERATOR_RATE: 5e-6},
        curable=True,
    ),
    "weak": Sabotage(
        "a discriminator that hardly learns",
        ("discriminator learns nothing",),
        {DISCRIMINATOR_RATE: 1e-7},
        curable=True,
    ),
    "swapped": Sabotage("labels of real and generated exchanged", ("labels swapped",), alter=swapped),
    "cut off": Sabotage("a generator that no gradient reaches", ("generator stands still",), alter=cut_off),
    "four latents": Sabotage("four latent vectors, always the same", ("mode collapse",), alter=four_latents),
    "greedy": Sabotage(
        "a generator that learns two hundred times faster",
        ("mode collapse", "discriminator learns nothing"),
        {DISCRIMINATOR_RATE: 5e-5, GENERATOR_RATE: 1e-2},
        curable=True,
    ),
    "few images": Sabotage("24 images, no augmentation", ("discriminator overfits",), {"data.first": 24}, curable=True),
    "by heart": Sabotage("a generator that shows training images", ("memorisation",), alter=by_heart),
    "no penalty": Sabotage(
        "Wasserstein without a constraint",
        ("Lipschitz constraint not held",),
        {
            "objective.name": "wasserstein",
            "discriminator.norm": "none",
            "penalties.r1": 0.0,
            "training.discriminator_steps": 3,
            DISCRIMINATOR_RATE: 5e-3,
        },
        networks=UNLIKE,
        curable=True,
    ),
    "momentum": Sabotage(
        "Adam's β₁ 0.95 and high rates, both players at once, nothing that damps",
        ("mode collapse", "discriminator overpowers", "oscillation"),
        {
            "generator_optimiser.betas": (0.95, 0.999),
            "discriminator_optimiser.betas": (0.95, 0.999),
            GENERATOR_RATE: 2e-3,
            DISCRIMINATOR_RATE: 2e-3,
            "training.simultaneous": True,
            "training.share_fakes": False,
            "discriminator.norm": "none",
            "penalties.r1": 0.0,
        },
        networks=UNLIKE,
        curable=True,
    ),
    "swing": Sabotage(
        "a nearly linear discriminator and momentum: the game of Dirac-GAN, which turns in circles",
        ("oscillation", "mode collapse"),  # what sees only the mean is content with one image
        {
            "discriminator.family": "mlp",
            "discriminator.hidden": [2],
            "discriminator.activation": "leaky_relu",
            "penalties.r1": 0.0,
            "generator_optimiser.betas": (0.9, 0.999),
            "discriminator_optimiser.betas": (0.9, 0.999),
            GENERATOR_RATE: 2e-3,
            DISCRIMINATOR_RATE: 1e-2,
            "training.simultaneous": True,
            "training.share_fakes": False,
        },
        networks=UNLIKE,
    ),
    "range": Sabotage("real images in [0, 1]", ("wrong range",), alter=halved_range),
    "mixed": Sabotage(
        "real and generated images in one batch", ("batch statistics leak",), alter=mixed, networks=UNLIKE
    ),
    "statistics": Sabotage(
        "running statistics that never follow",
        ("train and eval differ",),
        alter=frozen_statistics,
        networks=UNLIKE,
    ),
    "poison": Sabotage("a pixel that is not a number", ("not finite",), alter=poisoned),
    "grid": Sabotage("a grid that the discriminator cannot see", ("checkerboard",), alter=grid),
    "no latent": Sabotage(
        "a latent vector that never arrives", ("latent code ignored",), {"prior.conditional": True}, without_latent
    ),
    "overdriven": Sabotage("a gain behind the generator", ("output saturates",), alter=overdriven),
}
