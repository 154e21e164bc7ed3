"""The space of a sweep that names none: around the settings that it starts from."""

from collections.abc import Mapping
from typing import Any

from ganatomy.config import inactive
from ganatomy.config.options import Config

FACTOR = 10  # up and down, for rates and weights
BETAS = [[0.0, 0.9], [0.0, 0.99], [0.5, 0.999]]
DECAYS = [0.99, 0.995, 0.999]


def default_space(config: Config, given: Mapping[str, Any]) -> dict[str, Any]:
    """As `--space` would have it written: what most often decides a training, without the options that are given.

    Learning rates, and weights of the penalties that are on, from a tenth of their values to ten times; half the batch
    or twice as much; Adam's β; the decay of the average.
    """
    space: dict[str, Any] = {}
    for role in ("generator", "discriminator"):
        optimiser = getattr(config, f"{role}_optimiser")
        if isinstance(optimiser.learning_rate, float):
            space[f"{role}_optimiser.learning_rate"] = _around(optimiser.learning_rate, most=10)
        if optimiser.name == "adam":
            space[f"{role}_optimiser.betas"] = _with(list(optimiser.betas), BETAS)
    for name, weight in config.penalties.weights().items():
        if isinstance(weight, float):
            space[f"penalties.{name}"] = _around(weight)
    batch = config.training.batch
    space["training.batch"] = [size for size in (batch // 2, batch, 2 * batch) if 2 <= size <= 65536]
    if config.average.decay:
        space["average.decay"] = _with(config.average.decay, DECAYS)
    return {name: values for name, values in space.items() if name not in given and _acts(config, name)}


def _around(value: float, most: float = float("inf")) -> str:
    return f"log {value / FACTOR:g}..{min(value * FACTOR, most):g}"


def _with(own: Any, others: list[Any]) -> list[Any]:
    return sorted([own, *(other for other in others if other != own)])


def _acts(config: Config, name: str) -> bool:
    return inactive.why_not(config, name) is None


def example() -> str:
    """The default space of the recipe digits, as a file would have it."""
    from ganatomy.config.recipes import recipe
    from ganatomy.sweeps.space import label_of

    lines = [f"    {name}: {label_of(values)}" for name, values in default_space(recipe("digits"), {}).items()]
    return "\n".join(lines)
