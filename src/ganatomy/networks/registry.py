"""What a family of networks is, and how one is made known. No torch here: networks are imported when built."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import Field, create_model

from ganatomy.errors import UserError
from ganatomy.system.options import Options
from ganatomy.system.registry import Registry, summary_of

if TYPE_CHECKING:
    from torch import nn

Make: TypeAlias = "Callable[..., nn.Module]"
FAMILY = "Kind of network; each has options of its own."  # what the option `family` is described by


class NetworkOptions(Options):
    """Options of one network; `family` says of which kind it is."""

    family: str


@dataclass(frozen=True)
class Family:
    """A kind of generator with its kind of discriminator.

    generator_options, discriminator_options   their options, beside what every network is given
    methods                                    the methods that train such a generator
    module                                     with the classes Generator and Discriminator; or module:Class of a
                                               generator alone
    classes                                    the two classes themselves, where they are at hand
    generates, discriminates                   whether there is a generator, and a discriminator
    modality                                   what it draws: images, tables, sounds, or images of images, pairs
    """

    name: str
    generator_options: type[NetworkOptions]
    discriminator_options: type[NetworkOptions]
    methods: tuple[str, ...]
    module: str
    classes: tuple[Make, Make] | None = None
    generates: bool = True
    discriminates: bool = True
    modality: str = "images"

    def has(self, role: str) -> bool:
        """Whether there is such a network: the baselines' families have no discriminator."""
        return self.generates if role == "generator" else self.discriminates and "adversarial" in self.methods

    def options(self, role: str) -> type[NetworkOptions]:
        """Of the generator or the discriminator."""
        return self.generator_options if role == "generator" else self.discriminator_options

    def make(self, role: str) -> Make:
        """The class of the generator or the discriminator."""
        if self.classes is not None:
            return self.classes[role != "generator"]
        module, _, name = self.module.partition(":")
        made: Make = getattr(import_module(module), name or role.capitalize())
        return made


def _adopted(name: str, network: Make) -> Family:
    """The family of which there is one network, by its class: made from what a network is given, or from nothing."""

    def make(*given: Any, **options: Any) -> "nn.Module":
        for arguments in (given, ()):
            try:
                inspect.signature(network).bind(*arguments)
            except TypeError:
                continue
            return network(*arguments)
        raise UserError(f"{name} needs arguments that no run records: pass the network itself, or register a family.")

    return Family(name, NetworkOptions, NetworkOptions, ("adversarial",), network.__module__, (make, make))


FAMILIES: Registry[Family] = Registry("network family", adopt=_adopted)


def register_family(
    name: str,
    networks: str | tuple[Make, Make],
    generator_options: type[NetworkOptions] | None = None,
    discriminator_options: type[NetworkOptions] | None = None,
    *,
    methods: tuple[str, ...] = ("adversarial",),
    generates: bool = True,
    discriminates: bool = True,
    modality: str = "images",
) -> Family:
    """Make a kind of network known by name: `generator.family=NAME`, `discriminator.family=NAME` in every command.

    networks: the two classes, Generator(latent_dim, image, …, classes=0) and Discriminator(image, …, classes=0), or the
    name of the module that has them; image is (channels, height, width), for tables a `row_shape.RowShape`, for pairs a
    `pair_shape.PairShape`, for sounds (1, samples). Options that are not given are the keyword arguments of the
    classes, with their defaults; one set alone is of both players. generates, discriminates: whether there is a
    generator, and a discriminator;
    modality: what it draws. Returns the family. Raises UserError where the name is taken, or an argument has no
    default.
    """
    if isinstance(networks, str):
        module, classes = networks, None
    else:
        module, classes = networks[0].__module__, networks
        generator_options = generator_options or _options_of(name, networks[0], given=2)
        discriminator_options = discriminator_options or _options_of(name, networks[1], given=1)
    assert generator_options is not None, "a family in a module of its own declares its options"
    discriminator_options = discriminator_options or generator_options
    roles = (generates, discriminates)
    family = Family(name, generator_options, discriminator_options, methods, module, classes, *roles, modality)
    return FAMILIES.add(name, family, module=module, summary=summary_of(generator_options))


def _options_of(family: str, network: Make, given: int) -> type[NetworkOptions]:
    """Options from the arguments of a class, but for the first `given` ones and what the configuration decides."""
    fields: dict[str, Any] = {"family": (Literal[family], Field(family, description=FAMILY))}  # type: ignore[valid-type]
    for argument in list(inspect.signature(network).parameters.values())[given:]:
        if argument.name in ("classes", "outputs") or argument.kind is argument.VAR_KEYWORD:
            continue
        if argument.default is argument.empty:
            raise UserError(f"{network.__module__}.{network.__qualname__}: {argument.name} needs a default value.")
        kind = Any if argument.annotation is argument.empty else argument.annotation
        fields[argument.name] = (kind, Field(argument.default, description=f"As in {network.__qualname__}."))
    return create_model(
        f"{network.__name__}Options",
        __base__=NetworkOptions,
        __module__=network.__module__,
        __doc__=summary_of(network) or f"Networks of {network.__module__}",
        **fields,
    )
