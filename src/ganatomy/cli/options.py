"""ganatomy options"""

from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts
from ganatomy.system.terminal import show


def options(
    part: Annotated[
        str | None,
        typer.Argument(
            metavar="PART",
            help="Only a part (training), an option (objective.name) or a kind of network (r3).",
        ),
    ] = None,
    parts: Parts = None,
) -> None:
    """List every option that --set can change: default, values and meaning.

    ganatomy options training
    ganatomy options generator.family=r3
    ganatomy options objective.name --parts my_parts.py
    """
    from ganatomy.config.reference import text

    show(text(part))
