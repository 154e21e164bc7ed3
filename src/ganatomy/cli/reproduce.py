"""ganatomy reproduce"""

from pathlib import Path
from typing import Annotated

import typer


def reproduce(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="goodfellow2014, mnist, comparisons, modes, cifar10, or all.")
    ],
    mnist: Annotated[str | None, typer.Option(metavar="DATA", help="MNIST's four IDX files, in a folder.")] = None,
    cifar10: Annotated[
        str | None, typer.Option(metavar="DATA", help="CIFAR-10 as images, a folder or zip with a folder a class.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Minutes of each training, to rehearse: the page says so.")
    ] = None,
    images: Annotated[int | None, typer.Option(min=100, help="Generated images a score, to rehearse.")] = None,
    runs: Annotated[Path, typer.Option(help="Where trainings are kept, and go on from.")] = Path("runs/reproduction"),
    out: Annotated[Path, typer.Option(help="Where REPRODUCTION.md, its JSON and its pictures go.")] = Path("docs"),
) -> None:
    """Train and measure what the papers claim, and write a page of it. Takes hours."""
    from rich.console import Console

    from ganatomy.experiments.reproduction import api as reproduction
    from ganatomy.experiments.reproduction.workshop import Workshop

    shop = Workshop(mnist, cifar10, runs, out / "reproduction", minutes, images, Console())
    print(reproduction.reproduce(names, shop, out))
