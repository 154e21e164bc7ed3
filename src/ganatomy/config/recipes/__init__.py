"""Recipes: one file a paper, each with a function that returns a configuration."""

from collections.abc import Callable

from ganatomy.config.options import Config
from ganatomy.config.recipes.auto import auto
from ganatomy.config.recipes.dcgan import dcgan
from ganatomy.config.recipes.diffusion import diffusion
from ganatomy.config.recipes.digits import digits
from ganatomy.config.recipes.goodfellow2014 import goodfellow2014
from ganatomy.config.recipes.gsn import gsn
from ganatomy.config.recipes.lsgan import lsgan
from ganatomy.config.recipes.r3gan import r3gan
from ganatomy.config.recipes.sngan import sngan
from ganatomy.config.recipes.stylegan2 import stylegan2
from ganatomy.config.recipes.vae import vae
from ganatomy.config.recipes.wgan import wgan
from ganatomy.config.recipes.wgan_gp import wgan_gp
from ganatomy.errors import unknown

GAMES = (goodfellow2014, dcgan, lsgan, wgan, wgan_gp, sngan, r3gan, stylegan2, digits)
BASELINES = (vae, diffusion, gsn)
RECIPES: dict[str, Callable[[], Config]] = {make().recipe: make for make in (*GAMES, *BASELINES, auto)}


def recipe(name: str) -> Config:
    """The configuration of a recipe; UserError with near names if there is no such recipe."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]()


def summaries() -> dict[str, str]:
    """Each recipe's first line of documentation, by name."""
    return {name: (make.__doc__ or "").strip().splitlines()[0] for name, make in RECIPES.items()}
