"""The registry of recipes."""

from collections.abc import Callable
from typing import TypeAlias

from ganatomy.config.options import Config
from ganatomy.system.registry import Registry

Recipe: TypeAlias = Callable[[], Config]

RECIPES: Registry[Recipe] = Registry("recipe")


def register_recipe(name: str) -> Callable[[Recipe], Recipe]:
    """Make a function that returns a configuration known by name: `ganatomy train DATA --recipe NAME`.

    Its docstring is what `ganatomy recipes NAME` prints. Raises UserError where the name is taken.
    """
    return lambda make: RECIPES.add(name, make, module=make.__module__)
