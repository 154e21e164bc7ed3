"""ganatomy recipes"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts
from ganatomy.system.terminal import show


def recipes(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Print this recipe: where it is from, and its configuration.")
    ] = None,
    parts: Parts = None,
) -> None:
    """List the recipes, what `train --recipe` can start from, or print one of them as a file for `train --config`.

    ganatomy recipes
    ganatomy recipes wgan-gp
    """
    from ganatomy.config import recipes

    show(recipes.listing() if name is None else recipes.as_file(name))
