"""ganatomy sample"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import (
    Changes,
    Device,
    Label,
    LatentFiles,
    Parts,
    Place,
    Raw,
    Step,
    Truncation,
    how,
    seeds_without,
)
from ganatomy.system.terminal import show


def sample(
    run: Place,
    seeds: Annotated[str, typer.Option(help="Which images: 0-63, 3,9,4 or a mix.")] = "0-63",
    truncation: Truncation = None,
    step: Step = None,
    raw: Raw = False,
    label: Label = None,
    latents: LatentFiles = None,
    move: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE:NAME=UNITS", help="Move along a direction of ganatomy directions; repeatable."),
    ] = None,
    changes: Changes = None,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/generated if not given.")] = None,
) -> None:
    """Draw images: PNG files named by seed, and a grid.

    ganatomy sample last --seeds 0-63
    ganatomy sample last --seeds 3,9,4 --truncation 0.7
    ganatomy sample last --latents photo.safetensors
    ganatomy sample last --move directions.safetensors:1=2.5
    """
    from ganatomy.generators import api as sampling

    chosen = seeds_without(latents, seeds, default="0-63")
    folder = sampling.sample(
        run,
        chosen,
        label=label,
        files=latents or [],
        moves=move or [],
        device=device,
        out=out,
        **how(truncation, step, raw, changes),
    )
    drawn = "Images of these points" if latents else f"{len(chosen)} images"
    show(f"{drawn} and grid.png in {folder}")
