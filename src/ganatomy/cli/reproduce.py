"""ganatomy reproduce"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import On, Parts, ProcessResources, engine_of


def reproduce(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME", help="Chapters to measure: all, or {ganatomy.experiments.reproduction.chapters:CHAPTERS}."
        ),
    ],
    mnist: Annotated[str | None, typer.Option(metavar="DATA", help="MNIST's four IDX files, in a folder.")] = None,
    cifar10: Annotated[
        str | None, typer.Option(metavar="DATA", help="CIFAR-10 as images: a folder or zip with one folder per class.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.001, help="Minutes of each training, for a rehearsal: the page says so.")
    ] = None,
    images: Annotated[int | None, typer.Option(min=100, help="Generated images per score, for a rehearsal.")] = None,
    runs: Annotated[Path, typer.Option(help="Where trainings are kept; they go on from there.")] = Path(
        "runs/reproduction"
    ),
    out: Annotated[Path, typer.Option(help="Where REPRODUCTION.md, its JSON and its pictures go.")] = Path("docs"),
    on: On = None,
    resources: ProcessResources = None,
    parts: Parts = None,
) -> None:
    """Train and measure every recipe, and write a page with the papers' figures beside ours. Takes hours.

    ganatomy reproduce mnist modes --mnist MNIST/raw
    ganatomy reproduce modes --mnist MNIST/raw --on 10.0.0.1:6379 --resources gpu=1,cpu=4
    """
    from ganatomy.experiments.reproduction import api as reproduction
    from ganatomy.experiments.reproduction.context import ReproductionContext
    from ganatomy.system.terminal import Terminal, show

    context = ReproductionContext(mnist, cifar10, runs, out / "reproduction", minutes, images, Terminal())
    show(reproduction.reproduce(names, context, out, engine_of(on, resources)))
