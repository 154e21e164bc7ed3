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
    not_of,
    parse_seeds,
    seeds_without,
)
from ganatomy.system.terminal import show


def sample(
    run: Place,
    seeds: Annotated[
        str | None,
        typer.Option(help="Which images, sounds or rows: 0-63, 3,9,4 or a mix; images 0-63, sounds 0-15 if not given."),
    ] = None,
    rows: Annotated[
        int | None, typer.Option(metavar="N", help="Of a table: how many rows; 1,000 if nothing is given.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="TERM", help="Of a table: only such rows, as in 'age > 60' or 'city = Bonn'; repeatable."),
    ] = None,
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
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to, of a table a file; in RUN/generated if not given.")
    ] = None,
) -> None:
    """Draw images, PNG files named by seed and a grid; sounds, WAV files; or rows of a table, a CSV or Parquet file.

    ganatomy sample last --seeds 0-63
    ganatomy sample last --seeds 3,9,4 --truncation 0.7
    ganatomy sample last --latents photo.safetensors
    ganatomy sample last --move directions.safetensors:1=2.5
    ganatomy sample last --rows 1000 --where "age > 60" --out rows.csv

    Raises UserError for options that go with another kind of data.
    """
    from ganatomy.errors import UserError
    from ganatomy.generators import api as sampling
    from ganatomy.generators import kinds
    from ganatomy.generators.rows import RowSampler, sample_rows
    from ganatomy.generators.sounds import sample_sounds

    if found := kinds.find(run):
        of_images: dict[str, object] = {"--latents": latents, "--move": move, "--set": changes}
        of_others = (
            of_images if found.kind is RowSampler else {"--rows": rows is not None, "--where": where, **of_images}
        )
        not_of(of_others, f"{found.kind.DRAWS}, which {run} draws")
        some = None if seeds is None else parse_seeds(seeds)
        sampler = found.load(step, raw, truncation, device)
        if isinstance(sampler, RowSampler):
            show(sample_rows(sampler, rows, some, wheres=where or [], label=label, out=out)[1])
        else:
            show(sample_sounds(sampler, some, label=label, out=out)[1])
        return
    if rows is not None or where:
        raise UserError(f"--rows and --where go with tables, and {run} draws images.")
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
