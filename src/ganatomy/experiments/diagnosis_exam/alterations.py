"""What is done to a game so that it fails in a known way: each function changes the method or its batches."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from ganatomy.gan.adversarial import Adversarial, detached
from ganatomy.gan.method import Batch, Batches, Method, Record
from ganatomy.gan.objectives import Losses, Scores

Alteration: TypeAlias = Callable[[Adversarial, Batches], Batches]


def untouched(method: Adversarial, batches: Batches) -> Batches:
    """The game as its options define it."""
    return batches


def swapped(method: Adversarial, batches: Batches) -> Batches:
    """The discriminator's loss takes real images for generated ones and the other way round."""
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


def few_latents(number: int) -> Alteration:
    """The generator is trained at so many latent vectors only."""

    def alter(method: Adversarial, batches: Batches) -> Batches:
        some = method.prior.sample(number, torch.Generator().manual_seed(0))
        method.prior = replace(
            method.prior, draw=lambda count, size, random: some[torch.randint(number, (count,), generator=random)]
        )
        return batches

    return alter


def one_latent(method: Adversarial, batches: Batches) -> Batches:
    """All images of a training batch are drawn from the same latent vector."""
    draw = method.prior.draw
    method.prior = replace(
        method.prior, draw=lambda count, size, random: draw(1, size, random).expand(count, -1).clone()
    )
    return batches


def repeated(number: int) -> Alteration:
    """The real batches of the first so many steps, again and again."""
    return lambda method, batches: lambda step, turn: batches(step % number, turn)


def shown_otherwise(change: Callable[[Tensor, int, int], Tensor]) -> Alteration:
    """Real images [B, C, H, W] as a function makes them of those, of a step and a turn."""

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def changed(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            return batch._replace(images=change(batch.images, step, turn))

        return changed

    return alter


def wrong_labels(method: Adversarial, batches: Batches) -> Batches:
    """Each batch has the classes of another."""

    def mislabelled(step: int, turn: int) -> Batch:
        return batches(step, turn)._replace(classes=batches(step + 1, turn).classes)

    return mislabelled


def poisoned(first: int, every: int = 1) -> Alteration:
    """From a step on, a pixel of the real images of every so-many-th step is not a number."""

    def change(images: Tensor, step: int, turn: int) -> Tensor:
        if step < first or step % every:
            return images
        bad = images.clone()
        bad[0, 0, 0, 0] = torch.nan
        return bad

    return shown_otherwise(change)


def ranged(low: float, high: float) -> Alteration:
    """Real images in [low, high], where the generator's are in [−1, 1]."""
    return shown_otherwise(lambda images, step, turn: low + (images + 1) / 2 * (high - low))


def mixed(method: Adversarial, batches: Batches) -> Batches:
    """Real and generated images share a batch, and so the discriminator's batch statistics, in its own step only."""
    apart = method.scores

    def together(real: Batch, fake: Batch, step: int, turn: int = 0) -> Record:
        fake = detached(fake)
        classes = None if real.classes is None else torch.cat([real.classes, real.classes])
        scores = apart(Batch(torch.cat([real.images, fake.images]), classes), method._draws("augment", step, turn))
        real_scores, fake_scores = scores.chunk(2)
        loss = method.objective.losses(real_scores, fake_scores).discriminator
        record = method.summary(loss, real_scores, fake_scores)
        record["gradient_norm/discriminator"] = method.discriminator.update(loss, step)
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
    behind_augmentation = method.augmented_discriminator

    def blurred(images: Tensor) -> Tensor:
        return interpolate(avg_pool2d(images, 2), size=images.shape[2:])

    def ruled(network: nn.Module, inputs: tuple[Any, ...], images: Tensor) -> Tensor:
        rows, columns = (torch.arange(side, device=images.device) % 2 * 2 - 1 for side in images.shape[2:])
        return images + 0.15 * rows[:, None] * columns

    method.augmented_discriminator = lambda classes, draw: (  # type: ignore[method-assign]
        lambda images: behind_augmentation(classes, draw)(blurred(images))
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


def amplified(factor: float, shift: float = 0.0) -> Alteration:
    """A gain and a shift behind the generator: many pixels are at an end of the range."""

    def alter(method: Adversarial, batches: Batches) -> Batches:
        _on_both(
            method,
            lambda network: network.register_forward_hook(
                lambda module, inputs, images: (factor * images + shift).clamp(-1, 1)
            ),
        )
        return batches

    return alter


def _on_both(method: Method, hook: Callable[[nn.Module], Any]) -> None:
    """The generator and its average."""
    for network in (method.generator.network, method.average.module):
        hook(network)
