"""Recipes: one file a paper, each with a function that returns a configuration. A file in this folder is a recipe."""

import pkgutil
from importlib import import_module
from inspect import getdoc

from ganatomy.config.options import Config
from ganatomy.config.recipes.registry import RECIPES, register_recipe
from ganatomy.config.settings import to_yaml

__all__ = ["RECIPES", "as_file", "listing", "recipe", "register_recipe", "summaries"]

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def recipe(name: str) -> Config:
    """The configuration of a recipe. Raises UserError with near names if there is no such recipe."""
    return RECIPES.find(name)()


def summaries() -> dict[str, str]:
    """Each recipe's first line of documentation, by name."""
    return {name: RECIPES.summary(name) for name in RECIPES}


def listing() -> str:
    """Names and summaries: `ganatomy recipes`."""
    width = max(map(len, RECIPES))
    return "\n".join(f"{name:{width}}  {summary}" for name, summary in summaries().items())


def as_file(name: str) -> str:
    """A recipe as the YAML that --config reads, its docstring as a comment. Raises UserError if there is none."""
    made = RECIPES.find(name)
    words = "".join(f"# {line}".rstrip() + "\n" for line in (getdoc(made) or "").splitlines())
    return f"{words}\n{to_yaml(made())}".strip()
