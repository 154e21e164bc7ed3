"""Options out of their sane range."""

from typing import Any

import numpy as np

from ganatomy.config.options import Config
from ganatomy.config.schedules import at
from ganatomy.diagnosis.rules import fallbacks, images, inputs, players
from ganatomy.experiments.diagnosis_exam.generated.components.component import (
    Drawn,
    adam,
    component,
    rate,
    rated,
    times,
)


def _with_rates(config: Config, generator: float = 1.0, discriminator: float = 1.0) -> dict[str, Any]:
    factors = {"generator": generator, "discriminator": discriminator}
    return {
        f"{player}_optimiser.learning_rate": rate(config, player) * factor
        for player, factor in factors.items()
        if factor != 1.0
    }


@component(
    "fast discriminator",
    players.generator_stalls,
    players.discriminator_learns_nothing,
    inputs.not_finite,
    players.lipschitz_not_held,
    images.oscillation,
    images.steps_too_large,
    suits=rated,
    effect=True,
)
def fast_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator's rate 10 to 300 times as high."""
    factor = times(random, 1, 2.5)
    return Drawn(f"the discriminator's rate × {factor:g}", _with_rates(config, discriminator=factor))


@component(
    "fast generator",
    players.discriminator_learns_nothing,
    inputs.not_finite,
    images.oscillation,
    players.output_saturates,
    images.steps_too_large,
    suits=rated,
    effect=True,
)
def fast_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator's rate 10 to 300 times as high."""
    factor = times(random, 1, 2.5)
    return Drawn(f"the generator's rate × {factor:g}", _with_rates(config, generator=factor))


@component(
    "slow discriminator", players.discriminator_learns_nothing, fallbacks.not_learning_yet, suits=rated, effect=True
)
def slow_discriminator(random: np.random.Generator, config: Config) -> Drawn:
    """The discriminator's rate 100 to 10,000 times as low."""
    factor = times(random, 2, 4)
    return Drawn(f"the discriminator's rate ÷ {factor:g}", _with_rates(config, discriminator=1 / factor))


@component("slow generator", players.generator_stalls, fallbacks.not_learning_yet, suits=rated)
def slow_generator(random: np.random.Generator, config: Config) -> Drawn:
    """The generator's rate 100 to 10,000 times as low."""
    factor = times(random, 2, 4)
    return Drawn(f"the generator's rate ÷ {factor:g}", _with_rates(config, generator=1 / factor))


@component(
    "high rates",
    images.steps_too_large,
    players.output_saturates,
    inputs.not_finite,
    images.oscillation,
    players.generator_stalls,
    players.discriminator_learns_nothing,
    suits=rated,
    effect=True,
)
def high_rates(random: np.random.Generator, config: Config) -> Drawn:
    """Both rates 10 to 100 times as high."""
    factor = times(random, 1, 2)
    return Drawn(f"both rates × {factor:g}", _with_rates(config, factor, factor))


@component(
    "low rates", fallbacks.not_learning_yet, players.generator_stalls, players.discriminator_learns_nothing, suits=rated
)
def low_rates(random: np.random.Generator, config: Config) -> Drawn:
    """Both rates 100 to 10,000 times as low."""
    factor = times(random, 2, 4)
    return Drawn(f"both rates ÷ {factor:g}", _with_rates(config, 1 / factor, 1 / factor))


@component(
    "saturating loss",
    players.gradient_vanishes,
    suits=lambda config: rated(config) and config.objective.name == "non_saturating",
)
def saturating_loss(random: np.random.Generator, config: Config) -> Drawn:
    """The minimax loss before a discriminator with 2 to 6 steps a round and a rate 2 to 10 times as high."""
    k, factor = int(random.integers(2, 7)), times(random, 0.3, 1)
    settings = {"objective.name": "minimax", "training.discriminator_steps": k, "training.simultaneous": False}
    return Drawn(
        f"minimax, k = {k}, the discriminator's rate × {factor:g}",
        {**settings, **_with_rates(config, discriminator=factor)},
    )


@component(
    "momentum",
    images.oscillation,
    images.steps_too_large,
    players.generator_stalls,
    players.output_saturates,
    suits=adam,
    effect=True,
)
def momentum(random: np.random.Generator, config: Config) -> Drawn:
    """Adam's β₁ from 0.9 to 0.97, rates 3 to 10 times as high."""
    beta, factor = round(float(random.uniform(0.9, 0.97)), 2), times(random, 0.5, 1)
    betas = {f"{player}_optimiser.betas": (beta, 0.999) for player in ("generator", "discriminator")}
    return Drawn(f"β₁ {beta:g}, both rates × {factor:g}", {**betas, **_with_rates(config, factor, factor)})


@component(
    "unbound critic",
    players.lipschitz_not_held,
    inputs.not_finite,
    suits=lambda config: config.objective.name == "wasserstein" and rated(config),
)
def unbound_critic(random: np.random.Generator, config: Config) -> Drawn:
    """A critic without penalty or clipping, its rate 1 to 10 times as high."""
    factor = times(random, 0, 1)
    settings = {"penalties.wgan_gp": 0.0, "penalties.clip": 0.0}
    return Drawn(
        f"no constraint, the critic's rate × {factor:g}", {**settings, **_with_rates(config, discriminator=factor)}
    )


@component(
    "huge penalty",
    players.discriminator_learns_nothing,
    fallbacks.not_learning_yet,
    suits=lambda config: at(getattr(config.penalties, "r1", 0.0), 0) > 0,
    effect=True,
)
def huge_penalty(random: np.random.Generator, config: Config) -> Drawn:
    """An R1 penalty of 300 to 30,000."""
    weight = times(random, 2.5, 4.5)
    return Drawn(f"R1 of {weight:g}", {"penalties.r1": weight})


@component("slow average", players.average_far_behind)
def slow_average(random: np.random.Generator, config: Config) -> Drawn:
    """An average with a memory of 30,000 to a million steps."""
    memory = times(random, 4.5, 6)
    return Drawn(f"an average over {memory:,.0f} steps", {"average.decay": 1 - 1 / memory, "average.warm_up": False})


@component("few images", players.discriminator_overfits, players.memorisation)
def few_images(random: np.random.Generator, config: Config) -> Drawn:
    """16 to 64 images."""
    few = int(times(random, 1.21, 1.8))
    return Drawn(f"{few} images", {"data.first": few})
