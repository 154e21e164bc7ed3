"""ganatomy walk"""

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


def walk(
    run: Place,
    seeds: Annotated[str, typer.Option(help="The images to pass through, in order: 3,9,4.")] = "0-7",
    frames: Annotated[
        int, typer.Option(min=2, max=10_000, help="Pictures in the animation, at least one for each seed.")
    ] = 96,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Its length; 12 pictures a second if not given.")
    ] = None,
    truncation: Truncation = None,
    step: Step = None,
    raw: Raw = False,
    label: Label = None,
    latents: LatentFiles = None,
    changes: Changes = None,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write, .webp, .gif or .mp4; in the run folder if not given.")
    ] = None,
) -> None:
    """Walk through latent space from seed to seed: an endless animation.

    ganatomy walk last --seeds 3,9,4
    ganatomy walk last --frames 48 --out walk.gif
    ganatomy walk last --seconds 10 --out walk.mp4
    """
    from ganatomy.generators import api as sampling

    chosen = seeds_without(latents, seeds, default="0-7")
    path = sampling.walk(
        run,
        chosen,
        frames,
        seconds=seconds,
        label=label,
        files=latents or [],
        device=device,
        out=out,
        **how(truncation, step, raw, changes),
    )
    show(path)
