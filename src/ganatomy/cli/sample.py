"""ganatomy sample"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Changes, Device, Label, Parts, Place, Raw, Step, Truncation, how, parse_seeds
from ganatomy.system.terminal import show


def sample(
    run: Place,
    seeds: Annotated[str, typer.Option(help="Which images: 0-63, 3,9,4 or a mix.")] = "0-63",
    truncation: Truncation = None,
    step: Step = None,
    raw: Raw = False,
    label: Label = None,
    changes: Changes = None,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/generated if not given.")] = None,
) -> None:
    """Draw images: PNG files named by seed, and a grid.

    ganatomy sample last --seeds 0-63
    ganatomy sample last --seeds 3,9,4 --truncation 0.7
    """
    from ganatomy.generators import api as sampling

    folder = sampling.sample(
        run, parse_seeds(seeds), label=label, device=device, out=out, **how(truncation, step, raw, changes)
    )
    show(f"{len(parse_seeds(seeds))} images and grid.png in {folder}")
