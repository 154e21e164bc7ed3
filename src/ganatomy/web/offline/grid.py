"""Which games a page of the lab holds: every combination of a few values of each setting."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeVar

from ganatomy.errors import UserError
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.gan.penalties import PENALTIES
from ganatomy.system.registry import Registry
from ganatomy.theory.lab.api import lab_options
from ganatomy.theory.lab.options import LabOptions
from ganatomy.theory.lab.targets import TARGETS

Rates = tuple[float, float]
Penalties = Mapping[str, float]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Axis:
    """A setting of a page's games: its name in the page's address, its label, and its values.

    keys       a value each, as the address has it
    words      the same, as people read it
    explained  what the setting is; what each value is, where that has a summary
    """

    name: str
    label: str
    keys: Sequence[str]
    words: Sequence[str]
    explained: str
    summaries: Sequence[str]


@dataclass(frozen=True)
class GameGrid:
    """The values of each setting; one game for each combination, on one target.

    rates      learning rates of the generator and of the discriminator
    penalties  weights by name; {} for none
    shared     other options of `LabOptions`, the same for all games
    """

    target: str
    objectives: Sequence[str]
    ks: Sequence[int]
    rates: Sequence[Rates]
    penalties: Sequence[Penalties]
    seeds: Sequence[int]
    shared: Mapping[str, Any]

    def games(self) -> list[LabOptions]:
        """The options of every game, the last axis fastest.

        Raises UserError for a name that does not exist, or a value out of its bounds.
        """
        TARGETS.find(self.target)
        for objective in self.objectives:
            OBJECTIVES.find(objective)
        for name in (name for penalties in self.penalties for name in penalties):
            PENALTIES.find(name)
        return [
            lab_options(
                {
                    "lab": self.target,
                    "objective": objective,
                    "k": k,
                    "learning_rate_generator": generator,
                    "learning_rate_discriminator": discriminator,
                    "penalties": dict(penalties),
                    "seed": seed,
                    **self.shared,
                }
            )
            for objective, k, (generator, discriminator), penalties, seed in product(
                self.objectives, self.ks, self.rates, self.penalties, self.seeds
            )
        ]

    def axes(self) -> list[Axis]:
        """The settings, in the order in which `games` combines them."""
        return [
            Axis(
                "objective",
                "Objective",
                self.objectives,
                [name.replace("_", " ") for name in self.objectives],
                "The objective is what each player minimises.",
                [_summary(OBJECTIVES, name) for name in self.objectives],
            ),
            Axis(
                "k",
                "k",
                [str(k) for k in self.ks],
                [f"k = {k}" for k in self.ks],
                "k is the number of the discriminator’s steps for each step of the generator.",
                [""] * len(self.ks),
            ),
            Axis(
                "rates",
                "Learning rates",
                [f"{g:g}:{d:g}" for g, d in self.rates],
                [f"rates G {g:g}, D {d:g}" for g, d in self.rates],
                "The learning rates say how far each player moves in one step.",
                [""] * len(self.rates),
            ),
            Axis(
                "penalty",
                "Penalty",
                [_penalty(each, "=", "+") or "none" for each in self.penalties],
                [_penalty(each, " ", " + ").replace("_", " ") or "no penalty" for each in self.penalties],
                "A penalty is added to the discriminator’s loss.",
                ["; ".join(_summary(PENALTIES, name) for name in each) for each in self.penalties],
            ),
            Axis(
                "seed",
                "Seed",
                [str(seed) for seed in self.seeds],
                [f"seed {seed}" for seed in self.seeds],
                "The seed decides the networks at the start and every point that is drawn: it is luck.",
                [""] * len(self.seeds),
            ),
        ]

    @property
    def command(self) -> str:
        """The command that plays these games."""
        lists = {
            option: ",".join(axis.keys)
            for option, axis in zip(("objectives", "ks", "rates", "penalties", "seeds"), self.axes(), strict=True)
        }
        options = " ".join(f"--{name} {value}" for name, value in {**lists, **_stated(self.shared)}.items())
        return f"ganatomy lab {self.target} --to web FOLDER {options}"


def parse_grid(
    target: str,
    *,
    objectives: str,
    ks: str,
    rates: str,
    penalties: str,
    seeds: Sequence[int],
    shared: Mapping[str, Any],
) -> GameGrid:
    """A grid from lists as people write them: minimax,hinge; 1,5; G:D rates; none,r1=0.1+r2=0.1.

    Raises UserError for another form, and for a value that stands twice in its list.
    """
    grid = GameGrid(
        target,
        _values("--objectives", objectives, str, "NAME,NAME"),
        _values("--ks", ks, int, "whole numbers as 1,5"),
        _values("--rates", rates, _rates, "G:D pairs as 0.001:0.001,0.0005:0.004"),
        _values("--penalties", penalties, _weights, "penalties as none,r1=0.1,r1=0.1+r2=0.1"),
        seeds,
        shared,
    )
    for axis in grid.axes():
        for key in axis.keys:
            if list(axis.keys).count(key) > 1:
                raise UserError(f"{axis.label}: {key} is in the list twice.")
    return grid


def _values(option: str, text: str, parse: Callable[[str], Value], form: str) -> list[Value]:
    """Raises UserError for another form."""
    try:
        return [parse(part.strip() or _nothing()) for part in text.split(",")]
    except ValueError:
        raise UserError(f"{option} {text}: write {form}.") from None


def _nothing() -> str:
    raise ValueError


def _rates(text: str) -> Rates:
    generator, discriminator = text.split(":")
    return float(generator), float(discriminator)


def _weights(text: str) -> Penalties:
    if text == "none":
        return {}
    named = [each.partition("=") for each in text.split("+")]
    return {name.strip(): float(weight if equals else "1") for name, equals, weight in named}


def _stated(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in options.items() if value}


def _summary(registry: Registry[Any], name: str) -> str:
    return registry.summary(name) if name in registry else ""  # of an unknown one `games` says so


def _penalty(weights: Penalties, equals: str, plus: str) -> str:
    return plus.join(f"{name}{equals}{weight:g}" for name, weight in weights.items())
