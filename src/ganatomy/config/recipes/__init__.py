"""Recipes: one file a paper, each with a function that returns a configuration. A file in this folder is a recipe."""

import pkgutil
from importlib import import_module

from ganatomy.config.options import Config
from ganatomy.config.recipes.registry import RECIPES, register_recipe

__all__ = ["RECIPES", "recipe", "register_recipe", "summaries"]

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def recipe(name: str) -> Config:
    """The configuration of a recipe. Raises UserError with near names if there is no such recipe."""
    return RECIPES.find(name)()


def summaries() -> dict[str, str]:
    """Each recipe's first line of documentation, by name."""
    return {name: RECIPES.summary(name) for name in RECIPES}
