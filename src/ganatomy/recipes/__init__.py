"""Recipes: one file a paper, each with a function that returns a configuration."""

from collections.abc import Callable

from ganatomy.config import Config
from ganatomy.errors import unknown
from ganatomy.recipes.auto import auto
from ganatomy.recipes.dcgan import dcgan
from ganatomy.recipes.diffusion import diffusion
from ganatomy.recipes.digits import digits
from ganatomy.recipes.goodfellow2014 import goodfellow2014
from ganatomy.recipes.gsn import gsn
from ganatomy.recipes.lsgan import lsgan
from ganatomy.recipes.r3gan import r3gan
from ganatomy.recipes.sngan import sngan
from ganatomy.recipes.stylegan2 import stylegan2
from ganatomy.recipes.vae import vae
from ganatomy.recipes.wgan import wgan
from ganatomy.recipes.wgan_gp import wgan_gp

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
