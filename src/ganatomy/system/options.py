"""What every group of options is, and options whose values are the names of a registry."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ConfigDict

from ganatomy.system.registry import Registry


class Options(BaseModel):
    """A group of options. Unknown names are errors; values do not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


@dataclass(frozen=True)
class OfSampling:
    """Marks an option that only sampling depends on, which may change after training: Annotated[int, OfSampling()]."""


@dataclass(frozen=True)
class OneOf:
    """Marks an option that takes names of a registry, so that its help lists them: Annotated[str, OneOf("…")].

    place: the registry, as module:name. It is imported when help is asked for: options lie below the rooms that have
    the parts.
    """

    place: str

    @property
    def registry(self) -> Registry[Any]:
        """The registry itself."""
        module, _, name = self.place.partition(":")
        found: Registry[Any] = getattr(import_module(module), name)
        return found
