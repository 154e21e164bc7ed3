"""ganatomy demo"""

from typing import Annotated

import typer


def demo(
    minutes: Annotated[float, typer.Option(min=0.05, help="Minutes of training.")] = 1.5,
    seed: Annotated[int, typer.Option(help="Another seed, other digits.")] = 0,
) -> None:
    """Train on 5,000 real handwritten digits for a minute and a half, and show what came out.

    ganatomy demo
    ganatomy demo --minutes 5 --seed 1
    """
    from ganatomy.system.terminal import Terminal
    from ganatomy.training.api import demo as run_demo

    run_demo(minutes=minutes, seed=seed, console=Terminal())
