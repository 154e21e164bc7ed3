"""The space of a sweep: options by name, each with a range or a list of values, some only beside a value of another.

generator_optimiser.learning_rate: log 1e-5..1e-2
training.batch: int 16..128 by 16
generator.width, discriminator.width: [16, 32]
recipe: [dcgan, sngan]
recipe=dcgan:
  average.decay: [0.99, 0.999]
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product
from math import exp, floor, log, prod
from pathlib import Path
from random import Random
from typing import Any, Literal, Protocol, TypeAlias

from ganatomy.config.settings import parse_settings, read_yaml
from ganatomy.errors import UserError, short

MOST_POINTS = 500  # that are checked before the first trial
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
WRITTEN = re.compile(
    rf"(?P<words>(?:(?:int|log)\s+)*)(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})(?:\s+by\s+(?P<step>{NUMBER}))?", re.I
)
FORM = "write a range, such as 0.1..0.9, log 1e-5..1e-2 or int 16..64 by 16, or a list of values"

Point: TypeAlias = dict[str, Any]  # a value for each option, by dotted name
Part = Literal["low", "middle", "high"]


class Suggests(Protocol):
    """What chooses values: one of Optuna's trials."""

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        """One of the choices."""

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        """A number from low to high."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """A whole number from low to high."""


@dataclass(frozen=True)
class NumberRange:
    """Numbers from low to high: whole ones or all, evenly distributed or their logarithms, in steps or not."""

    low: float
    high: float
    whole: bool = False
    logarithmic: bool = False
    step: float | None = None

    def suggest(self, trial: Suggests, name: str) -> float:
        """A value of the parameter `name`."""
        if self.whole:
            step = int(self.step or 1)
            return trial.suggest_int(name, int(self.low), int(self.high), step=step, log=self.logarithmic)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.logarithmic)

    def at(self, part: Part) -> float:
        """An end, or a number between them that is nothing special."""
        if part != "middle":
            return self._rounded(self.low if part == "low" else self.high)
        share = 0.381966
        if self.logarithmic:
            return self._rounded(exp(log(self.low) + share * (log(self.high) - log(self.low))))
        middle = self.low + share * (self.high - self.low)
        return self._rounded(self.low + self.step * floor((middle - self.low) / self.step) if self.step else middle)

    def holds(self, value: object) -> bool:
        """Whether a value is in it, and not between two steps."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            return False
        steps = (value - self.low) / (self.step or (1 if self.whole else 0) or 1)
        return not (self.step or self.whole) or abs(steps - round(steps)) < 1e-9

    def _rounded(self, value: float) -> float:
        return round(value) if self.whole else float(value)


@dataclass(frozen=True)
class Choices:
    """A list of values; some have a space of their own, by their label."""

    values: tuple[Any, ...]
    branches: Mapping[str, "Space"] = field(default_factory=dict)

    def suggest(self, trial: Suggests, name: str) -> Any:
        """A value of the parameter `name`."""
        label = trial.suggest_categorical(name, [label_of(value) for value in self.values])
        return next(value for value in self.values if label_of(value) == label)

    def below(self, value: Any) -> "Space | None":
        """The space of a value, if it has one."""
        return self.branches.get(label_of(value))


def label_of(value: Any) -> str:
    """A value as it is written after an equals sign."""
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Space:
    """Options by dotted name, each with the values that it may have; names with commas have one value together."""

    options: Mapping[str, NumberRange | Choices]

    def draw(self, trial: Suggests, within: str = "") -> Point:
        """A point that the trial chooses. within: the condition, part of the names of parameters."""
        point: Point = {}
        for name, values in self.options.items():
            value = values.suggest(trial, f"{name}{within}")
            point |= dict.fromkeys(together(name), value)
            if isinstance(values, Choices) and (below := values.below(value)):
                point |= below.draw(trial, f" ({name}={label_of(value)}){within}")
        return point

    def parameters(self, point: Mapping[str, Any], within: str = "") -> dict[str, Any] | None:
        """The parameters that lead to a point; None where it is not in the space."""
        found: dict[str, Any] = {}
        for name, values in self.options.items():
            value, *others = (point.get(each) for each in together(name))
            if any(other != value for other in others):
                return None
            if isinstance(values, NumberRange):
                if not values.holds(value):
                    return None
                found[f"{name}{within}"] = value
                continue
            if label_of(value) not in map(label_of, values.values):
                return None
            found[f"{name}{within}"] = label_of(value)
            if below := values.below(value):
                inner = below.parameters(point, f" ({name}={label_of(value)}){within}")
                if inner is None:
                    return None
                found |= inner
        return found

    def names(self) -> list[str]:
        """All options, those under conditions too."""
        below = (space.names() for values in self.options.values() for space in _branches(values))
        return list(dict.fromkeys(chain(*map(together, self.options), *below)))

    def lists(self) -> set[str]:
        """The options that are chosen from a list."""
        here = (together(name) for name, values in self.options.items() if isinstance(values, Choices))
        below = (space.lists() for values in self.options.values() for space in _branches(values))
        return set(chain(*here, *below))

    def to_check(self) -> Iterator[Point]:
        """Each combination of listed values with the low ends, the middles and the high ends of all ranges.

        Of very many combinations MOST_POINTS at random.
        """
        if self._count() <= MOST_POINTS / 3:
            for part in _PARTS:
                yield from self._points(part)
            return
        chance = Random(0)
        for _ in range(MOST_POINTS):
            yield self._random(chance)

    def _count(self) -> int:
        return prod(
            sum(below._count() if (below := values.below(value)) else 1 for value in values.values)
            for values in self.options.values()
            if isinstance(values, Choices)
        )

    def _points(self, part: Part) -> Iterator[Point]:
        sides: list[list[Point]] = []
        for name, values in self.options.items():
            if isinstance(values, NumberRange):
                sides.append([dict.fromkeys(together(name), values.at(part))])
                continue
            sides.append([])
            for value in values.values:
                here, below = dict.fromkeys(together(name), value), values.below(value)
                sides[-1] += [here | inner for inner in (below._points(part) if below else [{}])]
        for chosen in product(*sides):
            yield {name: value for point in chosen for name, value in point.items()}

    def _random(self, chance: Random) -> Point:
        point: Point = {}
        for name, values in self.options.items():
            if isinstance(values, NumberRange):
                point |= dict.fromkeys(together(name), values.at(chance.choice(_PARTS)))
                continue
            value = chance.choice(values.values)
            point |= dict.fromkeys(together(name), value)
            if below := values.below(value):
                point |= below._random(chance)
        return point


def together(names: str) -> list[str]:
    """The options that have one value: "generator.width, discriminator.width" are two."""
    return [name.strip() for name in names.split(",")]


_PARTS: tuple[Part, ...] = ("low", "middle", "high")


def _branches(values: NumberRange | Choices) -> list[Space]:
    return list(values.branches.values()) if isinstance(values, Choices) else []


def read(path: str | Path) -> dict[str, Any]:
    """What is written in a file: options and their values. Raises UserError where it cannot be read, or has none."""
    written = read_yaml(path)
    if not isinstance(written, dict) or not written:
        raise UserError(f"{path} is not a space: it should hold options, such as `training.batch: int 16..64`.")
    return {str(name): values for name, values in written.items()}


def parse(written: Mapping[str, Any], source: str = "space", taken: frozenset[str] = frozenset()) -> Space:
    """The space that is written so. taken: options that the surrounding space has.

    Raises UserError where a range or a list is not one, and for a condition on what is no list of the space.
    """
    plain = {", ".join(together(str(name))): values for name, values in written.items() if "=" not in str(name)}
    names = list(chain(*(together(str(name)) for name in written if "=" not in str(name))))
    if again := sorted(taken.intersection(names)):
        raise UserError(f"{source}: {again[0]} is given twice, once under a condition.")
    if again := sorted(name for name in set(names) if names.count(name) > 1):
        raise UserError(f"{source}: {again[0]} is given twice.")
    options = {name: _values(values, f"{source}: {name}") for name, values in plain.items()}
    for condition, inner in written.items():
        name, equals, _ = str(condition).partition("=")
        if not equals:
            continue
        where = next((key for key in options if name in together(key)), name)
        chosen = options.get(where)
        if not isinstance(chosen, Choices):
            raise UserError(f"{source}: {condition}: {name} must be a list of values in the space beside it.")
        label = label_of(parse_settings([str(condition)])[name])
        if label not in map(label_of, chosen.values):
            listed = ", ".join(map(label_of, chosen.values))
            raise UserError(f"{source}: {condition}: that value is not in the list of {name}, which has {listed}.")
        if not isinstance(inner, Mapping) or not inner:
            raise UserError(f"{source}: {condition}: should hold options of its own.")
        below = parse(inner, source, taken.union(names))
        options[where] = Choices(chosen.values, {**chosen.branches, label: below})
    return Space(options)


def _values(written: Any, source: str) -> NumberRange | Choices:
    """The values of an option. Raises UserError where there are none."""
    if isinstance(written, list):
        labels = [label_of(value) for value in written]
        if len(set(labels)) < max(2, len(labels)):
            raise UserError(f"{source}: a list has at least two values, each once: {short(json.dumps(written))}.")
        return Choices(tuple(written))
    found = WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        raise UserError(f"{source} = {short(label_of(written))}: {FORM}; one value is for --set.")
    words, low, high = found["words"].lower().split(), float(found["low"]), float(found["high"])
    step = float(found["step"]) if found["step"] else None
    whole, logarithmic = "int" in words, "log" in words
    if len(set(words)) < len(words) or not low < high:
        raise UserError(f"{source} = {written}: {FORM}, the smaller end first.")
    if whole and any(number is not None and number != round(number) for number in (low, high, step)):
        raise UserError(f"{source} = {written}: the ends of a range of whole numbers are whole.")
    if logarithmic and (low <= 0 or step is not None):
        raise UserError(f"{source} = {written}: a logarithmic range begins above 0 and has no steps.")
    if step is not None and not 0 < step <= high - low:
        raise UserError(f"{source} = {written}: the step must be greater than 0 and fit into the range.")
    if step is not None:
        high = low + step * floor((high - low) / step + 1e-9)  # the last that a step reaches
    return NumberRange(low, high, whole, logarithmic, step)
