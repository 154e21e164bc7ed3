"""ganatomy export"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Parts, Place, Raw, Step
from ganatomy.system.terminal import show


def export(
    run: Place,
    to: Annotated[
        str | None,
        typer.Option(
            help="onnx: a graph; web: a page that draws, or takes pictures; gradio: a demo, for a Hugging Face Space; "
            "safetensors: weights for ganatomy.load, the one form for tables and sounds; onnx if not given."
        ),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Weights in 16 bits: half the size, a few grey levels or cells.")
    ] = False,
    title: Annotated[str | None, typer.Option(help='Of the page or demo: "This cat does not exist".')] = None,
    licence: Annotated[str | None, typer.Option(help="The generator's, for its card: mit, cc-by-4.0, …")] = None,
    step: Step = None,
    raw: Raw = False,
    parts: Parts = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; RUN/exports/onnx, … if not given.")] = None,
) -> None:
    """Write a generator for others to draw from: an ONNX graph, a web page, a demo, or weights; with its model card.

    ganatomy export last
    ganatomy export last --to web --title "This cat does not exist"
    """
    from ganatomy.generators.export.api import export

    made = export(run, to, half=half, title=title, licence=licence, step=step, raw=raw, out=out)
    show(f"{made.file}\n{made.message}")
