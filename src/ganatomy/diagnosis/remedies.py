"""What helps against a finding: in words and, where options do it, as changed options."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import yaml

from ganatomy.config.inactive import why_not
from ganatomy.config.schedules import at
from ganatomy.config.settings import change
from ganatomy.diagnosis.context import TrainingContext

PLAYERS = ("generator", "discriminator")
USUAL = (1e-4, 2e-3)  # learning rates of Adam in published recipes
MOMENTUM = 0.5  # Adam's β₁ in them, at most


class Remedy(NamedTuple):
    """What helps, as a verb phrase and, where options do it, as changed options; command: to type where none does."""

    words: str
    settings: Mapping[str, Any] = {}
    command: str | None = None


def inspect_data(context: TrainingContext) -> Remedy:
    """For data that cannot work."""
    place = None if context.config is None else context.config.data.path
    return Remedy("look at the data first", command=place and context.command("data", "inspect", place))


def lower_rates(context: TrainingContext) -> Remedy:
    """A quarter of both learning rates, of Adam's at most what is usual: for steps that are too large."""
    rates = {f"{player}_optimiser.learning_rate": _lower(context, player) for player in PLAYERS}
    return Remedy("lower both learning rates and the momentum", {**rates, **_damped(context)})


def balance_rates(context: TrainingContext) -> Remedy:
    """Learning rates close to each other: for a game in which one player learns much faster than the other."""
    changes = {**_balanced(context), "training.discriminator_steps": 1, **_non_saturating(context)}
    return Remedy("bring the two learning rates closer together", changes)


def smooth_discriminator(context: TrainingContext) -> Remedy:
    """An R1 penalty instead of normalisation: for a discriminator that is too sharp."""
    smooth = {"discriminator.norm": "none", "penalties.r1": 1.0}
    changes = {**smooth, **_non_saturating(context), **_balanced(context), **_damped(context)}
    return Remedy("smooth the discriminator with an R1 penalty", changes)


def bound_slope(context: TrainingContext) -> Remedy:
    """A gradient penalty: for a critic without a Lipschitz bound."""
    changes = {"penalties.wgan_gp": 10.0, "penalties.clip": 0.0, "discriminator.norm": "none", **_balanced(context)}
    return Remedy("bound the critic's slope with a gradient penalty", changes)


AUGMENT = Remedy(
    "collect more images, or augment what the discriminator sees",
    {"augmentation.policies": ["colour", "translation", "cutout"]},
)


def _rate(context: TrainingContext, player: str) -> float:
    return at(getattr(context.config, f"{player}_optimiser").learning_rate, 0) if context.config else 2e-4


def _lower(context: TrainingContext, player: str) -> float:
    """A quarter; of Adam's at most the highest usual rate, half of it for the discriminator."""
    adam = context.config is None or getattr(context.config, f"{player}_optimiser").name == "adam"
    return min(_rate(context, player) / 4, USUAL[1] / (1 if player == "generator" else 2) if adam else np.inf)


def _damped(context: TrainingContext) -> dict[str, Any]:
    """Less momentum, and players that answer each other: a game turns in circles without (Gidel et al. 2019)."""
    if context.config is None or context.config.method != "adversarial":
        return {}
    optimisers = {f"{player}_optimiser": getattr(context.config, f"{player}_optimiser") for player in PLAYERS}
    calm = {f"{name}.betas": (MOMENTUM, each.betas[1]) for name, each in optimisers.items() if each.betas[0] > MOMENTUM}
    return {**calm, "training.simultaneous": False}


def _balanced(context: TrainingContext) -> dict[str, Any]:
    """The generator's rate twice the discriminator's: the one of the two that is usual stays, or their mean."""
    generator, discriminator = (_rate(context, player) for player in PLAYERS)
    usual = [rate for rate in (generator / 2, discriminator) if USUAL[0] <= rate <= USUAL[1]]
    middle = float(np.exp(np.mean(np.log(usual or USUAL))))
    return {"generator_optimiser.learning_rate": 2 * middle, "discriminator_optimiser.learning_rate": middle}


def _non_saturating(context: TrainingContext) -> dict[str, Any]:
    return {"objective.name": "non_saturating"} if context.objective == "minimax" else {}


def applicable(remedy: Remedy, context: TrainingContext) -> Remedy:
    """The remedy without options that this training lacks, that are so already, or that would change nothing."""
    if context.config is None:
        return remedy
    known = context.config.model_dump()
    parts = ((name, *name.partition(".")[::2]) for name in remedy.settings)
    kept = {
        name: remedy.settings[name]
        for name, part, option in parts
        if option in known[part] and known[part][option] != remedy.settings[name]
    }
    changed = change(context.config, kept)
    return remedy._replace(settings={name: value for name, value in kept.items() if not why_not(changed, name)})


def command_of(remedy: Remedy, context: TrainingContext) -> str | None:
    """What to type: the same training with the remedy's options; None where no option does it."""
    if not remedy.settings or context.path is None:
        return remedy.command
    changes = [f"--set={name}={_one_line(value)}" for name, value in remedy.settings.items()]
    return context.command("train", "--config", f"{context.path}/config.yaml", *changes)


def _one_line(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(yaml.safe_dump(value, default_flow_style=True)).removesuffix("\n").removesuffix("\n...")
