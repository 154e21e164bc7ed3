"""ganatomy directions"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Device, Parts, Place, Raw, Space, Step, parse_seeds, space_of
from ganatomy.system.terminal import show


def directions(
    run: Place,
    count: Annotated[int, typer.Option(min=1, help="How many principal directions.")] = 8,
    space: Space = None,
    classes: Annotated[bool, typer.Option("--classes", help="Also a direction to each class.")] = False,
    some: Annotated[
        str | None, typer.Option("--with", metavar="SEEDS", help="Images that have something: a direction to it.")
    ] = None,
    others: Annotated[
        str | None, typer.Option("--without", metavar="SEEDS", help="Images that have it not, where it begins.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The image that the sheet moves.")] = 0,
    step: Step = None,
    raw: Raw = False,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/directions if not given.")] = None,
) -> None:
    """Find directions in latent space along which images change most, and write a sheet of them.

    ganatomy directions last
    ganatomy directions last --with 3,9,14 --without 0,2,5
    """
    from ganatomy.generators.api import directions

    folder, found = directions(
        run,
        count,
        space=space_of(space),
        classes=classes,
        some=parse_seeds(some) if some else (),
        others=parse_seeds(others) if others else (),
        seed=seed,
        step=step,
        raw=raw,
        device=device,
        out=out,
    )
    for line in found.lines():
        show(line)
    show(f"directions.png, a row each in this order, from -3 to 3 units, and directions.safetensors in {folder}")
