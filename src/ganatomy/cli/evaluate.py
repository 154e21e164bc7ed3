"""ganatomy evaluate"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import Changes, Label, Raw, Step, Truncation, how


def evaluate(
    subject: Annotated[
        str, typer.Argument(metavar="RUN|IMAGES", help="A run, or generated images: a folder, zip or array file.")
    ],
    metrics: Annotated[
        str, typer.Option(help="Which scores, as in fd,prdc; `all` that can be taken; empty: the usual ones.")
    ] = "",
    n: Annotated[
        int | None, typer.Option("--n", min=2, help="Generated images: 10,000 of a run, all of a folder.")
    ] = None,
    features: Annotated[
        str, typer.Option(help="auto, lenet, classifier, random, pixels, inception or dinov2.")
    ] = "auto",
    reference: Annotated[
        str | None, typer.Option(metavar="DATA", help="The real images; a run's own training images if not given.")
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="Real images not trained on, for parzen and memorisation; its split `test`."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="A file of weights for inception or dinov2.")] = None,
    sha256: Annotated[str | None, typer.Option(help="What that file must hash to.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="N or HxW", help="Bring images of files to this size, both sets alike.")
    ] = None,
    channels: Annotated[int | None, typer.Option(help="1 grey, 3 colour; for images of files, both sets.")] = None,
    step: Step = None,
    raw: Raw = False,
    truncation: Truncation = None,
    label: Label = None,
    changes: Changes = None,
    first_seed: Annotated[int, typer.Option(min=0, help="Seeds of a run's images: this one and those after it.")] = 0,
    device: Annotated[str, typer.Option(help="On what the features are computed: auto, cpu, cuda, cuda:N or mps.")] = (
        "auto"
    ),
    out: Annotated[Path | None, typer.Option(help="Write the scores to this JSON file too.")] = None,
) -> None:
    """Measure a generator: scores with intervals, floors and protocol."""
    from rich.console import Console

    from ganatomy.config.options import Config
    from ganatomy.config.settings import change
    from ganatomy.evaluation import api as evaluation

    asked = {name: value for name, value in (("size", size), ("channels", channels)) if value is not None}
    data = change(Config(), {f"data.{name}": value for name, value in asked.items()}).data
    card = evaluation.evaluate(
        subject,
        metrics=[name.strip() for name in metrics.split(",") if name.strip()],
        n=n,
        features=features,
        reference=reference,
        held_out=held_out,
        weights=weights,
        sha256=sha256,
        prepare=data.model_dump(include=set(asked)),
        sample={"label": label, "first_seed": first_seed, **how(truncation, step, raw, changes)},
        device=device,
        out=out,
        console=Console(),
    )
    print(card)
