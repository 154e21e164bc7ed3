"""Faults in the code of the game."""

from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganatomy.config.options import Config
from ganatomy.diagnosis.rules import fallbacks, images, inputs, players
from ganatomy.experiments.diagnosis_exam import alterations
from ganatomy.experiments.diagnosis_exam.generated.components.component import Drawn, Suits, adam, component, times
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch, Batches, Record
from ganatomy.gan.objectives import Losses, Scores
from ganatomy.gan.player import Player


def _batch_norm(player: str) -> Suits:
    return lambda config: getattr(config, player).family == "dcgan" and getattr(config, player).norm == "batch"


@component("swapped", players.labels_swapped)
def swapped(random: np.random.Generator, config: Config) -> Drawn:
    """Labels of real and generated images exchanged for the discriminator."""
    return Drawn("labels swapped", alter=alterations.swapped)


@component("wrong sign", players.generator_climbs_its_loss, players.generator_stalls, players.labels_swapped)
def wrong_sign(random: np.random.Generator, config: Config) -> Drawn:
    """The generator climbs its loss."""

    def alter(method: Adversarial, batches: Batches) -> Batches:
        losses = method.objective.losses

        def climbing(real: Scores, fake: Scores) -> Losses:
            found = losses(real, fake)
            return found._replace(generator=-found.generator)

        method.objective = replace(method.objective, losses=climbing)
        return batches

    return Drawn("the generator's loss with the wrong sign", alter=alter)


@component("cut off", players.generator_stands_still, suits=lambda config: not config.training.simultaneous)
def cut_off(random: np.random.Generator, config: Config) -> Drawn:
    """No gradient reaches the generator."""
    return Drawn("no gradient reaches the generator", alter=alterations.cut_off)


@component("frozen discriminator", players.discriminator_learns_nothing, fallbacks.not_learning_yet, effect=True)
def frozen_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator learns only at every 50th step or later, or never."""
    every = int(random.choice([50, 200, 10**9]))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        _thinned(method.discriminator, every)
        return batches

    return Drawn(f"the discriminator learns at every {every:,}th step", alter=alter)


# Standing still is the fault itself: the finding says at how many of the last probes nothing had changed.
@component("rare generator", players.generator_stands_still, players.generator_stalls, fallbacks.not_learning_yet)
def rare_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator learns only at every 50th step or later."""
    every = int(random.choice([50, 200]))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        _thinned(method.generator, every)
        return batches

    return Drawn(f"the generator learns at every {every:,}th step", alter=alter)


@component(
    "clipped gradients", fallbacks.not_learning_yet, players.generator_stalls, players.discriminator_learns_nothing
)
def clipped_gradients(random: np.random.Generator, config: Config) -> Drawn:
    """Gradients of one player or both clipped to a norm far below what Adam can scale back up."""
    norm, which = 10 ** float(random.uniform(-10, -8)), ["generator", "discriminator", "both"][random.integers(3)]

    def alter(method: Adversarial, batches: Batches) -> Batches:
        for name in ("generator", "discriminator"):
            if which in (name, "both"):
                _scaled(getattr(method, name), norm)
        return batches

    return Drawn(f"gradients clipped to {norm:.0e}: {which}", alter=alter)


@component("few latents", images.mode_collapse)
def few_latents(random: np.random.Generator, config: Config) -> Drawn:
    """2 to 8 latent vectors, always the same."""
    few = int(random.integers(2, 9))
    return Drawn(f"{few} latent vectors", alter=alterations.few_latents(few))


@component("one latent", players.batch_without_variety)
def one_latent(random: np.random.Generator, config: Config) -> Drawn:
    """One latent vector for all images of a batch."""
    return Drawn("one latent vector a batch", alter=alterations.one_latent)


@component("mixed batches", players.batch_statistics_leak, suits=_batch_norm("discriminator"))
def mixed_batches(random: np.random.Generator, config: Config) -> Drawn:
    """Real and generated images share the discriminator's batch statistics."""
    return Drawn("real and generated images in one batch", alter=alterations.mixed)


@component("statistics", players.train_and_eval_differ, suits=_batch_norm("generator"))
def statistics(random: np.random.Generator, config: Config) -> Drawn:
    """Running statistics that never follow."""
    return Drawn("running statistics that never follow", alter=alterations.frozen_statistics)


@component("grid", images.checkerboard)
def grid(random: np.random.Generator, config: Config) -> Drawn:
    """A grid over the generator's images that the discriminator cannot see."""
    return Drawn("a grid that the discriminator cannot see", alter=alterations.grid)


@component("gain", players.output_saturates, effect=True)
def gain(random: np.random.Generator, config: Config) -> Drawn:
    """A gain of 5 to 30 behind the generator, or a shift of its output."""
    factor, shift = (float(random.uniform(5, 30)), 0.0) if random.integers(2) else (1.0, float(random.uniform(1, 2)))
    return Drawn(f"images × {factor:.0f} + {shift:.1f}, clipped", alter=alterations.amplified(factor, shift))


@component("no latent", players.latent_code_ignored, suits=lambda config: config.generator.family == "dcgan")
def no_latent(random: np.random.Generator, config: Config) -> Drawn:
    """By class, and the latent vector never arrives."""
    return Drawn("a latent vector that never arrives", {"prior.conditional": True}, alterations.without_latent)


@component("by heart", players.memorisation)
def by_heart(random: np.random.Generator, config: Config) -> Drawn:
    """A generator that shows training images."""
    return Drawn("a generator that shows training images", alter=alterations.by_heart)


@component("shaken weights", images.steps_too_large, images.oscillation, inputs.not_finite, effect=True)
def shaken_weights(random: np.random.Generator, config: Config) -> Drawn:
    """Noise is added to the generator's weights at each step: 3% to 30% of their size."""
    size = times(random, -1.5, -0.5)

    def alter(method: Adversarial, batches: Batches) -> Batches:
        player, apply = method.generator, method.generator.apply

        def shaken(gradients: Any, loss: Tensor, step: int) -> Tensor:
            found = apply(gradients, loss, step)
            noise = torch.Generator().manual_seed(step)
            with torch.no_grad():
                for weights in player.parameters:
                    if weights.ndim > 1:
                        weights.add_(size * weights.std() * torch.randn(weights.shape, generator=noise).to(weights))
            return found

        player.apply = shaken  # type: ignore[method-assign]
        return batches

    return Drawn(f"noise of {size:.0%} on the generator's weights at each step", alter=alter)


@component("stale images", suits=lambda config: not config.training.simultaneous)
def stale_images(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator goes on learning from the images that the generator drew in its first 10 to 100 steps."""
    number = int(random.integers(10, 101))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        learn, kept = method.discriminator_step, list[Batch]()

        def stale(real: Batch, fake: Batch, step: int, turn: int = 0) -> Record:
            if len(kept) < number:
                kept.append(Batch(fake.images.detach().clone(), fake.classes))
            return learn(real, kept[step % len(kept)], step, turn)

        method.discriminator_step = stale  # type: ignore[method-assign]
        return batches

    return Drawn(f"the discriminator learns from generated images of the first {number} rounds", alter=alter)


@component("forgetful optimiser", suits=lambda config: not config.training.simultaneous and adam(config))
def forgetful_optimiser(random: np.random.Generator, config: Config) -> Drawn:
    """The optimisers forget their moments before each step."""

    def alter(method: Adversarial, batches: Batches) -> Batches:
        for player in (method.generator, method.discriminator):
            _forgetting(player)
        return batches

    return Drawn("optimisers that forget their moments", alter=alter)


def _forgetting(player: Player) -> None:
    apply = player.apply

    def fresh(gradients: tuple[Tensor, ...], loss: Tensor, step: int) -> Tensor:
        player.optimiser.state.clear()
        return apply(gradients, loss, step)

    player.apply = fresh  # type: ignore[method-assign]


def _thinned(player: Player, every: int) -> None:
    """The player's parameters move at every so-many-th update only."""
    apply, turn = player.apply, count(1)

    def some(gradients: tuple[Tensor, ...], loss: Tensor, step: int) -> Tensor:
        if next(turn) % every:
            return torch.nn.utils.get_total_norm(gradients)
        return apply(gradients, loss, step)

    player.apply = some  # type: ignore[method-assign]


def _scaled(player: Player, norm: float) -> None:
    """Gradients of the player are clipped to a norm."""
    gradients = player.gradients

    def clipped(loss: Tensor, keep_graph: bool = False) -> tuple[Tensor, ...]:
        found = gradients(loss, keep_graph)
        length = torch.nn.utils.get_total_norm(found).clamp_min(1e-30)
        return tuple(each * (norm / length).clamp_max(1) for each in found)

    player.gradients = clipped  # type: ignore[method-assign]
