"""ganatomy demo"""

from typing import Annotated

import typer


def demo(
    colour: Annotated[bool, typer.Option("--colour", help="Emoji in colour instead of digits; four minutes.")] = False,
    minutes: Annotated[float | None, typer.Option(min=0.05, help="Minutes of training.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other images.")] = 0,
) -> None:
    """Train on 5,000 real handwritten digits for a minute and a half, and show what came out.

    ganatomy demo
    ganatomy demo --minutes 5 --seed 1
    ganatomy demo --colour
    """
    from ganatomy.system.terminal import Terminal
    from ganatomy.training.api import demo as run_demo

    run_demo(minutes=minutes, seed=seed, console=Terminal(), colour=colour)
