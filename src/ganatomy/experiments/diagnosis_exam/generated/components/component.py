"""A kind of fault that code can draw, and the registry of all kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from ganatomy.config.options import Config
from ganatomy.diagnosis.rule import Rule
from ganatomy.experiments.diagnosis_exam import alterations
from ganatomy.experiments.diagnosis_exam.alterations import Alteration


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


def times(random: np.random.Generator, low: float, high: float) -> float:
    """A factor between two powers of ten, drawn evenly in its logarithm, with two digits."""
    return float(f"{10 ** random.uniform(low, high):.2g}")


def rated(config: Config) -> bool:
    """Whether both learning rates are numbers, not schedules."""
    return all(isinstance(rate(config, player), float) for player in ("generator", "discriminator"))


def rate(config: Config, player: str) -> Any:
    """A player's learning rate: a number or a schedule."""
    return getattr(config, f"{player}_optimiser").learning_rate


def adam(config: Config) -> bool:
    """The same, of optimisers with Adam's moments."""
    return rated(config) and "betas" in type(config.generator_optimiser).model_fields
