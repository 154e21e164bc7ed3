"""What helps against a finding: in words and, where options do it, as changed options."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import yaml

from ganatomy.config.schedules import at
from ganatomy.diagnosis.context import TrainingContext

USUAL = (1e-4, 2e-3)  # learning rates of Adam in published recipes


class Remedy(NamedTuple):
    """What helps, as a verb phrase and, where options do it, as changed options; command: to type where none does."""

    words: str
    settings: Mapping[str, Any] = {}
    command: str | None = None


def inspect_data(context: TrainingContext) -> Remedy:
    """For data that cannot work."""
    place = None if context.config is None else context.config.data.path
    return Remedy("look at the data first", command=place and shlex.join(["ganatomy", "data", "inspect", place]))


def lower_rates(context: TrainingContext) -> Remedy:
    """A quarter of both learning rates: for numbers that explode."""
    rates = {
        f"{player}_optimiser.learning_rate": _rate(context, player) / 4 for player in ("generator", "discriminator")
    }
    return Remedy("lower both learning rates", rates)


def balance_rates(context: TrainingContext) -> Remedy:
    """Learning rates close to each other: for a game in which one player learns much faster than the other."""
    changes = {**_balanced(context), "training.discriminator_steps": 1, **_non_saturating(context)}
    return Remedy("bring the two learning rates closer together", changes)


def smooth_discriminator(context: TrainingContext) -> Remedy:
    """An R1 penalty instead of normalisation: for a discriminator that is too sharp."""
    changes = {"discriminator.norm": "none", "penalties.r1": 1.0, **_non_saturating(context), **_balanced(context)}
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


def _balanced(context: TrainingContext) -> dict[str, Any]:
    """The generator's rate twice the discriminator's: the one of the two that is usual stays, or their mean."""
    generator, discriminator = (_rate(context, player) for player in ("generator", "discriminator"))
    usual = [rate for rate in (generator / 2, discriminator) if USUAL[0] <= rate <= USUAL[1]]
    middle = float(np.exp(np.mean(np.log(usual or USUAL))))
    return {"generator_optimiser.learning_rate": 2 * middle, "discriminator_optimiser.learning_rate": middle}


def _non_saturating(context: TrainingContext) -> dict[str, Any]:
    return {"objective.name": "non_saturating"} if context.objective == "minimax" else {}


def applicable(remedy: Remedy, context: TrainingContext) -> Remedy:
    """The remedy without options that the networks of this training lack."""
    if context.config is None:
        return remedy
    known = context.config.model_dump()
    parts = ((name, *name.partition(".")[::2]) for name in remedy.settings)
    kept = {name: remedy.settings[name] for name, part, option in parts if option in known[part]}
    return remedy._replace(settings=kept)


def command_of(remedy: Remedy, context: TrainingContext) -> str | None:
    """What to type: the same training with the remedy's options; None where no option does it."""
    if not remedy.settings or context.path is None:
        return remedy.command
    changes = [f"--set={name}={_one_line(value)}" for name, value in remedy.settings.items()]
    return shlex.join(["ganatomy", "train", "--config", f"{context.path}/config.yaml", *changes])


def _one_line(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(yaml.safe_dump(value, default_flow_style=True)).removesuffix("\n").removesuffix("\n...")
