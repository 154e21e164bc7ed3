"""What helps against a finding: in words and, where options do it, as changed options that this training has."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ganatomy.config.schedules import at
from ganatomy.diagnosis.facts import Facts


class Remedy(NamedTuple):
    """What helps, in words and, where options do it, as changed options."""

    words: str
    settings: Mapping[str, Any] = {}


def _rate(facts: Facts, player: str) -> float:
    return at(getattr(facts.config, f"{player}_optimiser").learning_rate, 0) if facts.config else 2e-4


def calmer(facts: Facts) -> Remedy:
    """For numbers that explode."""
    rates = {f"{player}_optimiser.learning_rate": _rate(facts, player) / 4 for player in ("generator", "discriminator")}
    return Remedy("lower both learning rates", rates)


def own_rates(facts: Facts) -> Remedy:
    """For a game in which one player learns much faster than the other."""
    return Remedy("bring the learning rates together", _rates(facts) | _non_saturating(facts))


def _rates(facts: Facts) -> dict[str, Any]:
    """The generator's rate twice the discriminator's, and the one that is usual kept; of two usual ones, their mean."""
    generator, discriminator = (_rate(facts, player) for player in ("generator", "discriminator"))
    usual = [rate for rate in (generator / 2, discriminator) if USUAL[0] <= rate <= USUAL[1]]
    middle = float(np.exp(np.mean(np.log(usual or USUAL))))
    return {"generator_optimiser.learning_rate": 2 * middle, "discriminator_optimiser.learning_rate": middle}


USUAL = (1e-4, 2e-3)  # learning rates of Adam that published recipes have


def _non_saturating(facts: Facts) -> dict[str, Any]:
    changes: dict[str, Any] = {"training.discriminator_steps": 1}
    return changes | ({"objective.name": "non_saturating"} if facts.objective == "minimax" else {})


def smoother(facts: Facts) -> Remedy:
    """For a discriminator that is too sharp."""
    return Remedy("smooth the discriminator", _smooth(facts) | _rates(facts))


def _smooth(facts: Facts) -> dict[str, Any]:
    changes = {"discriminator.norm": "none", "penalties.r1": 1.0}
    return changes | ({"objective.name": "non_saturating"} if facts.objective == "minimax" else {})


def augmented(facts: Facts) -> Remedy:
    """For few images."""
    return Remedy(
        "collect more images, or show the discriminator augmented ones",
        {"augmentation.policies": ["colour", "translation", "cutout"]},
    )


def bounded(facts: Facts) -> Remedy:
    """For a critic."""
    return Remedy(
        "bound the critic's slope by a gradient penalty",
        {"penalties.wgan_gp": 10.0, "penalties.clip": 0.0, "discriminator.norm": "none"} | _rates(facts),
    )


def fitting(remedy: Remedy, facts: Facts) -> Remedy:
    """Without the options that networks of this training do not have."""
    if facts.config is None:
        return remedy
    known = facts.config.model_dump()
    own = {name: value for name, value in remedy.settings.items() if _there(known, name)}
    return remedy._replace(settings=own)


def _there(options: Mapping[str, Any], name: str) -> bool:
    part, _, option = name.partition(".")
    return option in options[part]


def said(words: str, **settings: Any) -> Callable[[Facts], Remedy]:
    """The same remedy for all."""
    remedy = Remedy(words, {name.replace("__", "."): value for name, value in settings.items()})
    return lambda facts: remedy
