"""ganatomy apply"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Device, Parts, Place, Raw, Step
from ganatomy.system.terminal import show


def apply(
    run: Place,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE…", help="Image files, or folders of them.")],
    step: Step = None,
    raw: Raw = False,
    device: Device = "auto",
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/applied if not given.")] = None,
) -> None:
    """Apply a generator that is given an image to pictures of any size: enlarge or translate them.

    ganatomy apply last small.png
    ganatomy apply last photos/ --out larger
    """
    from ganatomy.generators import api as sampling

    _, said = sampling.apply(run, pictures, step=step, raw=raw, device=device, out=out)
    show(said)
