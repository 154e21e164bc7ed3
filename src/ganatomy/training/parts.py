"""Parts of one's own (networks, losses …): passed to `train`, recorded in the run, compared when it is resumed."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from torch import Tensor, nn

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.gan.augment import POLICIES
from ganatomy.gan.objectives import OBJECTIVES, objective_of
from ganatomy.gan.penalties import PENALTIES
from ganatomy.gan.priors import PRIORS
from ganatomy.networks.families import FAMILIES
from ganatomy.networks.registry import Family, NetworkOptions
from ganatomy.runs.parts import file_of, recorded_parts
from ganatomy.runs.run import Run
from ganatomy.system.registry import Registry, origins
from ganatomy.training.trackers import TRACKERS

Loss: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # real [B], fake [B] → D's loss, G's loss


def given(
    generator: nn.Module | None = None, discriminator: nn.Module | None = None, objective: str | Loss | None = None
) -> dict[str, Any]:
    """The options that name these parts, which are registered under their module and name.

    Every training starts from the networks as they were given: they are copied, and never trained themselves.
    """
    settings: dict[str, Any] = {}
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if network is not None:
            settings[f"{role}.family"] = _known(role, network)
    if isinstance(objective, str):
        settings["objective.name"] = objective
    elif objective is not None:
        name = f"{objective.__module__}.{getattr(objective, '__name__', type(objective).__name__)}"
        OBJECTIVES.add(name, objective_of(objective), module=objective.__module__, listed=False)
        settings["objective.name"] = name
    return settings


def _known(role: str, network: nn.Module) -> str:
    """The name of a family of which there is this one network."""
    kind = type(network)
    name, first = f"{kind.__module__}.{kind.__qualname__}", copy.deepcopy(network)

    def make(*given: Any, **options: Any) -> nn.Module:
        return copy.deepcopy(first)

    before = FAMILIES.get(name)
    makes = [make, make] if before is None or before.classes is None else list(before.classes)
    makes[role != "generator"] = make
    family = Family(name, NetworkOptions, NetworkOptions, ("adversarial",), kind.__module__, (makes[0], makes[1]))
    FAMILIES.add(name, family, module=kind.__module__, listed=False)
    return name


def origins_of(options: Config) -> list[dict[str, Any]]:
    """A run's parts that are not Ganatomy's: kind, name, module, file, sha256 of the file, version of the package.

    Raises UserError where one of them is not at hand.
    """
    parts = list(named(options))
    for registry, name in parts:
        registry.find(name)  # one that nobody registered is looked for in its module
    return origins(parts)


def named(options: Config) -> Iterator[tuple[Registry[Any], str]]:
    """All parts of a run, by registry and name."""
    yield PRIORS, options.prior.name
    yield FAMILIES, options.generator.family
    yield from ((TRACKERS, name) for name in options.log.named)
    if options.method == "adversarial":
        yield FAMILIES, options.discriminator.family
        yield OBJECTIVES, options.objective.name
        yield from ((PENALTIES, name) for name in options.penalties.weights())
        yield from ((POLICIES, name) for name in options.augmentation.policies)


def check_same(run: Run, options: Config, allow_changed: bool) -> None:
    """Raises UserError where a run's parts come from other code than before, unless that is allowed and recorded."""
    before = recorded_parts(run)
    for part in origins_of(options):
        recorded = before.get((part["kind"], part["name"]))
        if recorded is None or recorded["sha256"] == part["sha256"]:
            continue
        if not allow_changed:
            raise UserError(
                f"The {part['kind']} {part['name']} comes from other code than when {run.path} was started: "
                f"{file_of(part)} has changed. Restore the file, or accept the change with --allow-changed-parts."
            )
        run.event("parts changed", part=part["name"], before=recorded["sha256"], after=part["sha256"])
