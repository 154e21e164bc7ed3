"""Faults that code can draw: each kind with a random severity, and the findings that name it rightly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ganatomy.config.options import Config
from ganatomy.config.schedules import at
from ganatomy.diagnosis import rules
from ganatomy.diagnosis.rule import Rule
from ganatomy.experiments.diagnosis_exam import alterations
from ganatomy.experiments.diagnosis_exam.alterations import Alteration
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.method import Batch, Batches, Record
from ganatomy.gan.objectives import Losses, Scores
from ganatomy.gan.player import Player


@dataclass(frozen=True)
class Drawn:
    """A fault as it was drawn: in words, with the options that it changes and what it does to the game besides."""

    about: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    alter: Alteration = alterations.untouched


Draw: TypeAlias = Callable[[np.random.Generator, Config], Drawn]
Suits: TypeAlias = Callable[[Config], bool]


@dataclass(frozen=True)
class Component:
    """A kind of fault.

    draw    one of its kind, for a training with these options
    names   the findings that name it rightly; none: nothing has its name, and any alarm is all that can be asked
    suits   whether it can happen to a training with these options
    effect  whether a collapse that other scores confirm is a right name, too: no cause has a name of its own
    """

    draw: Draw
    names: tuple[str, ...]
    suits: Suits
    effect: bool


COMPONENTS: dict[str, Component] = {}


def component(
    name: str, *named: Rule, suits: Suits = lambda config: True, effect: bool = False
) -> Callable[[Draw], Draw]:
    """Register a function that draws a fault of a kind."""

    def register(draw: Draw) -> Draw:
        names = tuple(dict.fromkeys(rule.finding for rule in named))
        COMPONENTS[name] = Component(draw, names, suits, effect)
        return draw

    return register


def _times(random: np.random.Generator, low: float, high: float) -> float:
    """A factor between two powers of ten, drawn evenly in its logarithm, with two digits."""
    return float(f"{10 ** random.uniform(low, high):.2g}")


def _rated(config: Config) -> bool:
    return all(isinstance(_rate(config, player), float) for player in ("generator", "discriminator"))


def _rate(config: Config, player: str) -> Any:
    return getattr(config, f"{player}_optimiser").learning_rate


def _with_rates(config: Config, generator: float = 1.0, discriminator: float = 1.0) -> dict[str, Any]:
    factors = {"generator": generator, "discriminator": discriminator}
    return {
        f"{player}_optimiser.learning_rate": _rate(config, player) * factor
        for player, factor in factors.items()
        if factor != 1.0
    }


def _adam(config: Config) -> bool:
    return _rated(config) and "betas" in type(config.generator_optimiser).model_fields


def _batch_norm(player: str) -> Suits:
    return lambda config: getattr(config, player).family == "dcgan" and getattr(config, player).norm == "batch"


# Options out of their sane range


@component(
    "fast discriminator",
    rules.generator_stalls,
    rules.discriminator_learns_nothing,
    rules.not_finite,
    rules.lipschitz_not_held,
    rules.oscillation,
    rules.steps_too_large,
    suits=_rated,
    effect=True,
)
def fast_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator's rate 10 to 300 times as high."""
    factor = _times(random, 1, 2.5)
    return Drawn(f"the discriminator's rate × {factor:g}", _with_rates(config, discriminator=factor))


@component(
    "fast generator",
    rules.discriminator_learns_nothing,
    rules.not_finite,
    rules.oscillation,
    rules.output_saturates,
    rules.steps_too_large,
    suits=_rated,
    effect=True,
)
def fast_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator's rate 10 to 300 times as high."""
    factor = _times(random, 1, 2.5)
    return Drawn(f"the generator's rate × {factor:g}", _with_rates(config, generator=factor))


@component("slow discriminator", rules.discriminator_learns_nothing, rules.not_learning_yet, suits=_rated, effect=True)
def slow_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator's rate 100 to 10,000 times as low."""
    factor = _times(random, 2, 4)
    return Drawn(f"the discriminator's rate ÷ {factor:g}", _with_rates(config, discriminator=1 / factor))


@component("slow generator", rules.generator_stalls, rules.not_learning_yet, suits=_rated)
def slow_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator's rate 100 to 10,000 times as low."""
    factor = _times(random, 2, 4)
    return Drawn(f"the generator's rate ÷ {factor:g}", _with_rates(config, generator=1 / factor))


@component(
    "high rates",
    rules.steps_too_large,
    rules.output_saturates,
    rules.not_finite,
    rules.oscillation,
    rules.generator_stalls,
    rules.discriminator_learns_nothing,
    suits=_rated,
    effect=True,
)
def high_rates(random: np.random.Generator, config: Config) -> Drawn:
    """Both rates 10 to 100 times as high."""
    factor = _times(random, 1, 2)
    return Drawn(f"both rates × {factor:g}", _with_rates(config, factor, factor))


@component(
    "low rates", rules.not_learning_yet, rules.generator_stalls, rules.discriminator_learns_nothing, suits=_rated
)
def low_rates(random: np.random.Generator, config: Config) -> Drawn:
    """Both rates 100 to 10,000 times as low."""
    factor = _times(random, 2, 4)
    return Drawn(f"both rates ÷ {factor:g}", _with_rates(config, 1 / factor, 1 / factor))


@component(
    "saturating loss",
    rules.gradient_vanishes,
    suits=lambda config: _rated(config) and config.objective.name == "non_saturating",
)
def saturating_loss(random: np.random.Generator, config: Config) -> Drawn:
    """The minimax loss before a discriminator with 2 to 6 steps a round and a rate 2 to 10 times as high."""
    k, factor = int(random.integers(2, 7)), _times(random, 0.3, 1)
    settings = {"objective.name": "minimax", "training.discriminator_steps": k, "training.simultaneous": False}
    return Drawn(
        f"minimax, k = {k}, the discriminator's rate × {factor:g}",
        {**settings, **_with_rates(config, discriminator=factor)},
    )


@component(
    "momentum",
    rules.oscillation,
    rules.steps_too_large,
    rules.generator_stalls,
    rules.output_saturates,
    suits=_adam,
    effect=True,
)
def momentum(random: np.random.Generator, config: Config) -> Drawn:
    """Adam's β₁ from 0.9 to 0.97, rates 3 to 10 times as high."""
    beta, factor = round(float(random.uniform(0.9, 0.97)), 2), _times(random, 0.5, 1)
    betas = {f"{player}_optimiser.betas": (beta, 0.999) for player in ("generator", "discriminator")}
    return Drawn(f"β₁ {beta:g}, both rates × {factor:g}", {**betas, **_with_rates(config, factor, factor)})


@component(
    "unbound critic",
    rules.lipschitz_not_held,
    rules.not_finite,
    suits=lambda config: config.objective.name == "wasserstein" and _rated(config),
)
def unbound_critic(random: np.random.Generator, config: Config) -> Drawn:
    """A critic without penalty or clipping, its rate 1 to 10 times as high."""
    factor = _times(random, 0, 1)
    settings = {"penalties.wgan_gp": 0.0, "penalties.clip": 0.0}
    return Drawn(
        f"no constraint, the critic's rate × {factor:g}", {**settings, **_with_rates(config, discriminator=factor)}
    )


@component(
    "huge penalty",
    rules.discriminator_learns_nothing,
    rules.not_learning_yet,
    suits=lambda config: at(getattr(config.penalties, "r1", 0.0), 0) > 0,
    effect=True,
)
def huge_penalty(random: np.random.Generator, config: Config) -> Drawn:
    """An R1 penalty of 300 to 30,000."""
    weight = _times(random, 2.5, 4.5)
    return Drawn(f"R1 of {weight:g}", {"penalties.r1": weight})


@component("slow average", rules.average_far_behind)
def slow_average(random: np.random.Generator, config: Config) -> Drawn:
    """An average with a memory of 30,000 to a million steps."""
    memory = _times(random, 4.5, 6)
    return Drawn(f"an average over {memory:,.0f} steps", {"average.decay": 1 - 1 / memory, "average.warm_up": False})


@component("few images", rules.discriminator_overfits, rules.memorisation)
def few_images(random: np.random.Generator, config: Config) -> Drawn:
    """16 to 64 images."""
    few = int(_times(random, 1.21, 1.8))
    return Drawn(f"{few} images", {"data.first": few})


# Data


@component("range", rules.wrong_range)
def wrong_range(random: np.random.Generator, config: Config) -> Drawn:
    """Real images in [0, 1], [0, 255] or a dark part of the range."""
    low, high = [(0.0, 1.0), (0.0, 255.0), (-1.0, -0.4), (-2.0, 2.0)][random.integers(4)]

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def moved(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            return batch._replace(images=low + (batch.images + 1) / 2 * (high - low))

        return moved

    return Drawn(f"real images in [{low:g}, {high:g}]", alter=alter)


@component("repeats", rules.real_images_repeat, rules.discriminator_overfits, rules.memorisation)
def repeats(random: np.random.Generator, config: Config) -> Drawn:
    """The first 1 to 8 real batches, again and again."""
    few = int(random.integers(1, 9))
    return Drawn(f"the same {few} batches", alter=lambda method, batches: lambda step, turn: batches(step % few, turn))


@component(
    "wrong labels",
    rules.classes_are_not_obeyed,
    suits=lambda config: config.prior.conditional or config.generator.family == "dcgan",
)
def wrong_labels(random: np.random.Generator, config: Config) -> Drawn:
    """Each batch has the classes of another, by class."""
    return Drawn("labels of other images", {"prior.conditional": True}, alterations.wrong_labels)


@component("poison", rules.not_finite)
def poison(random: np.random.Generator, config: Config) -> Drawn:
    """A pixel that is not a number, in some batches from some step on."""
    first, every = int(random.integers(20, 200)), int(random.integers(1, 20))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def bad(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            if step < first or step % every:
                return batch
            images = batch.images.clone()
            images[0, 0, 0, 0] = torch.nan
            return batch._replace(images=images)

        return bad

    return Drawn(f"a pixel that is not a number, every {every} steps from step {first}", alter=alter)


@component("half hidden", rules.held_out_images_differ)
def half_hidden(random: np.random.Generator, config: Config) -> Drawn:
    """A side of every real image is grey: a third to three quarters of it."""
    share, side = float(random.uniform(0.33, 0.75)), int(random.integers(2))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def hidden(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            images = batch.images.clone()
            images.movedim(2 + side, 0)[: round(share * images.shape[2 + side])] = 0.0
            return batch._replace(images=images)

        return hidden

    return Drawn(f"{share:.0%} of each real image grey", alter=alter)


@component("noise in the data", rules.held_out_images_differ)
def noise_in_the_data(random: np.random.Generator, config: Config) -> Drawn:
    """Noise over the real images, within the range."""
    size = float(random.uniform(0.3, 1.0))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def noisy(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            noise = torch.randn(batch.images.shape, generator=torch.Generator().manual_seed(1000 * step + turn))
            return batch._replace(images=(batch.images + size * noise.to(batch.images)).clamp(-1, 1))

        return noisy

    return Drawn(f"noise of {size:.2f} over the real images", alter=alter)


@component("generated among the real", rules.held_out_images_differ)
def generated_among_real(random: np.random.Generator, config: Config) -> Drawn:
    """A share of each real batch is the generator's own images."""
    share = float(random.uniform(0.3, 0.8))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        def mixed(step: int, turn: int) -> Batch:
            batch = batches(step, turn)
            few = round(share * len(batch.images))
            codes = method.prior.sample(len(batch.images), torch.Generator().manual_seed(1000 * step + turn))
            with torch.no_grad():
                made = method.generator.network(codes.to(batch.images.device), batch.classes)[:few]
            return batch._replace(images=torch.cat([made.to(batch.images), batch.images[few:]]))

        return mixed

    return Drawn(f"{share:.0%} of the real images are generated ones", alter=alter)


@component("sorted images", rules.held_out_images_differ, rules.oscillation)
def sorted_images(random: np.random.Generator, config: Config) -> Drawn:
    """The loader gives dark images first and bright ones last, over 20 to 100 batches, again and again."""
    number = int(random.integers(20, 101))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        some = [batches(step, 0) for step in range(number)]
        images = torch.cat([batch.images for batch in some])
        order = images.flatten(1).mean(1).argsort().chunk(number)
        classes = None if some[0].classes is None else torch.cat([b.classes for b in some if b.classes is not None])

        def in_order(step: int, turn: int) -> Batch:
            chosen = order[step % number]
            return Batch(images[chosen], None if classes is None else classes[chosen])

        return in_order

    return Drawn(f"images sorted by brightness over {number} batches", alter=alter)


# Code of the loop


@component("swapped", rules.labels_swapped)
def swapped(random: np.random.Generator, config: Config) -> Drawn:
    """Labels of real and generated images exchanged for the discriminator."""
    return Drawn("labels swapped", alter=alterations.swapped)


@component("wrong sign", rules.generator_stalls, rules.labels_swapped)
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


@component("cut off", rules.generator_stands_still, suits=lambda config: not config.training.simultaneous)
def cut_off(random: np.random.Generator, config: Config) -> Drawn:
    """No gradient reaches the generator."""
    return Drawn("no gradient reaches the generator", alter=alterations.cut_off)


@component("frozen discriminator", rules.discriminator_learns_nothing, rules.not_learning_yet, effect=True)
def frozen_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator learns only at every 50th step or later, or never."""
    every = int(random.choice([50, 200, 10**9]))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        _thinned(method.discriminator, every)
        return batches

    return Drawn(f"the discriminator learns at every {every:,}th step", alter=alter)


@component("rare generator", rules.generator_stalls, rules.not_learning_yet)
def rare_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator learns only at every 50th step or later."""
    every = int(random.choice([50, 200]))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        _thinned(method.generator, every)
        return batches

    return Drawn(f"the generator learns at every {every:,}th step", alter=alter)


@component("clipped gradients", rules.not_learning_yet, rules.generator_stalls, rules.discriminator_learns_nothing)
def clipped_gradients(random: np.random.Generator, config: Config) -> Drawn:
    """Gradients of one player or both clipped to a norm far below what Adam can scale back up."""
    norm, which = 10 ** float(random.uniform(-10, -8)), ["generator", "discriminator", "both"][random.integers(3)]

    def alter(method: Adversarial, batches: Batches) -> Batches:
        for name in ("generator", "discriminator"):
            if which in (name, "both"):
                _scaled(getattr(method, name), norm)
        return batches

    return Drawn(f"gradients clipped to {norm:.0e}: {which}", alter=alter)


@component("few latents", rules.mode_collapse)
def few_latents(random: np.random.Generator, config: Config) -> Drawn:
    """2 to 8 latent vectors, always the same."""
    few = int(random.integers(2, 9))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        some = method.prior.sample(few, torch.Generator().manual_seed(0))
        method.prior = replace(
            method.prior, draw=lambda number, size, random: some[torch.randint(few, (number,), generator=random)]
        )
        return batches

    return Drawn(f"{few} latent vectors", alter=alter)


@component("one latent", rules.batch_without_variety)
def one_latent(random: np.random.Generator, config: Config) -> Drawn:
    """One latent vector for all images of a batch."""
    return Drawn("one latent vector a batch", alter=alterations.one_latent)


@component("mixed batches", rules.batch_statistics_leak, suits=_batch_norm("discriminator"))
def mixed_batches(random: np.random.Generator, config: Config) -> Drawn:
    """Real and generated images share the discriminator's batch statistics."""
    return Drawn("real and generated images in one batch", alter=alterations.mixed)


@component("statistics", rules.train_and_eval_differ, suits=_batch_norm("generator"))
def statistics(random: np.random.Generator, config: Config) -> Drawn:
    """Running statistics that never follow."""
    return Drawn("running statistics that never follow", alter=alterations.frozen_statistics)


@component("grid", rules.checkerboard)
def grid(random: np.random.Generator, config: Config) -> Drawn:
    """A grid over the generator's images that the discriminator cannot see."""
    return Drawn("a grid that the discriminator cannot see", alter=alterations.grid)


@component("gain", rules.output_saturates, effect=True)
def gain(random: np.random.Generator, config: Config) -> Drawn:
    """A gain of 5 to 30 behind the generator, or a shift of its output."""
    factor, shift = (float(random.uniform(5, 30)), 0.0) if random.integers(2) else (1.0, float(random.uniform(1, 2)))

    def alter(method: Adversarial, batches: Batches) -> Batches:
        for network in (method.generator.network, method.average.module):
            network.register_forward_hook(lambda module, inputs, images: (factor * images + shift).clamp(-1, 1))
        return batches

    return Drawn(f"images × {factor:.0f} + {shift:.1f}, clipped", alter=alter)


@component("no latent", rules.latent_code_ignored, suits=lambda config: config.generator.family == "dcgan")
def no_latent(random: np.random.Generator, config: Config) -> Drawn:
    """By class, and the latent vector never arrives."""
    return Drawn("a latent vector that never arrives", {"prior.conditional": True}, alterations.without_latent)


@component("by heart", rules.memorisation)
def by_heart(random: np.random.Generator, config: Config) -> Drawn:
    """A generator that shows training images."""
    return Drawn("a generator that shows training images", alter=alterations.by_heart)


@component("shaken weights", rules.steps_too_large, rules.oscillation, rules.not_finite, effect=True)
def shaken_weights(random: np.random.Generator, config: Config) -> Drawn:
    """Noise is added to the generator's weights at each step: 3% to 30% of their size."""
    size = _times(random, -1.5, -0.5)

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


@component("forgetful optimiser", suits=lambda config: not config.training.simultaneous and _adam(config))
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
