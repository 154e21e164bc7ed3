"""Recipes: one file a paper, each with a function that returns a configuration."""

from collections.abc import Callable

from ganatomy.config import Config
from ganatomy.errors import unknown
from ganatomy.recipes.dcgan import dcgan
from ganatomy.recipes.digits import digits
from ganatomy.recipes.goodfellow2014 import goodfellow2014

RECIPES: dict[str, Callable[[], Config]] = {recipe.__name__: recipe for recipe in (dcgan, goodfellow2014, digits)}


def recipe(name: str) -> Config:
    """The configuration of a recipe; UserError with near names if there is no such recipe."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]()


def summaries() -> dict[str, str]:
    """Each recipe's first line of documentation, by name."""
    return {name: (make.__doc__ or "").strip().splitlines()[0] for name, make in RECIPES.items()}
