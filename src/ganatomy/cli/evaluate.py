"""ganatomy evaluate"""

from pathlib import Path
from typing import Annotated, Any

import typer

from ganatomy.cli.arguments import Changes, Label, Parts, Raw, Step, Truncation, not_of


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="RUN|IMAGES|TABLE", help="A run, or generated images: a folder, zip or array file; or a table."
        ),
    ],
    metrics: Annotated[
        str,
        typer.Option(
            help="What to measure, as in fd,prdc: {ganatomy.evaluation.metrics:METRICS}; `all` that these images "
            "allow; empty: the usual ones. Of a table: {ganatomy.evaluation.rows:ROW_METRICS}. Of pairs also: "
            "{ganatomy.evaluation.pairs.fidelity:PAIR_METRICS}. Of sounds: {ganatomy.evaluation.sounds:SOUND_METRICS}."
        ),
    ] = "",
    n: Annotated[
        int | None, typer.Option("--n", min=2, help="Generated images; by default 10,000 of a run, all of a folder.")
    ] = None,
    features: Annotated[
        str, typer.Option(help="What the scores compare: auto, {ganatomy.evaluation.features:EXTRACTORS}.")
    ] = "auto",
    reference: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="The real images or table; by default a run's own training images."),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Real images not trained on, which some metrics need; by default the split `test` of the real images. "
            "Of a table: rows to test on; by default a third of the real ones.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Of a table: the column that is predicted; by default the last one."),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="The file of a large network's weights.")] = None,
    sha256: Annotated[str | None, typer.Option(help="The SHA-256 that this file must have.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="N or HxW", help="Size of images in files, for both sets.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(help="Channels of images in files, for both sets: 1 grey, 3 colour.")
    ] = None,
    step: Step = None,
    raw: Raw = False,
    truncation: Truncation = None,
    label: Label = None,
    changes: Changes = None,
    first_seed: Annotated[int, typer.Option(min=0, help="First seed of a run's images.")] = 0,
    device: Annotated[
        str,
        typer.Option(
            help="Where images are drawn and features computed: cpu, cuda, cuda:N or mps; auto: a GPU if there is one."
        ),
    ] = ("auto"),
    out: Annotated[Path | None, typer.Option(help="Also write the scores to this JSON file.")] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Of a table: also write a page of its columns, real and generated."),
    ] = None,
    parts: Parts = None,
) -> None:
    """Measure a generator: scores with intervals, floors and protocol.

    ganatomy evaluate last
    ganatomy evaluate last --metrics fd,prdc --n 5000
    ganatomy evaluate generated/ --reference cats/
    ganatomy evaluate generated.csv --reference people.csv

    Raises UserError for options that go with another kind of data.
    """
    from ganatomy.config.options import Config
    from ganatomy.config.settings import change, parse_settings
    from ganatomy.errors import UserError
    from ganatomy.evaluation import api as evaluation
    from ganatomy.evaluation.pairs.of_run import evaluate_run as evaluate_pairs
    from ganatomy.evaluation.rows import api as rows
    from ganatomy.evaluation.rows.of_run import evaluate_run
    from ganatomy.evaluation.sounds.of_run import evaluate_run as evaluate_sounds
    from ganatomy.generators import trained
    from ganatomy.modalities.tables import files
    from ganatomy.system.terminal import Terminal, show

    chosen = [name.strip() for name in metrics.split(",") if name.strip()]
    if not files.is_table(subject) and (table := trained.of_modality(subject, "tables")):
        of_images: dict[str, object] = {
            "--features": features != "auto",
            "--weights": weights,
            "--sha256": sha256,
            "--size": size,
            "--channels": channels,
            "--class": label,
            "--set": changes,
        }
        not_of(of_images, f"a table, whose rows {subject} draws")
        found = evaluate_run(
            table,
            reference=reference,
            held_out=held_out,
            target=target,
            metrics=chosen,
            n=n,
            step=step,
            raw=raw,
            truncation=truncation,
            first_seed=first_seed,
            device=device,
            out=out,
            page=page,
        )
        show(found)
        return
    if not files.is_table(subject) and (pairs := trained.of_modality(subject, "pairs")):
        of_others: dict[str, object] = {
            "--reference": reference,
            "--weights": weights,
            "--sha256": sha256,
            "--size": size,
            "--channels": channels,
            "--class": label,
            "--set": changes,
            "--truncation": truncation,
            "--first-seed": first_seed,
            "--target": target,
            "--page": page,
        }
        not_of(of_others, f"a generator that is given images, as that of {subject} is")
        how: dict[str, Any] = {"step": step, "raw": raw, "device": device, "out": out}
        show(evaluate_pairs(pairs, held_out=held_out, metrics=chosen, n=n, features=features, **how))
        return
    if sounds := trained.of_modality(subject, "sounds"):
        of_others = {
            "--features": features != "auto",
            "--reference": reference,
            "--weights": weights,
            "--sha256": sha256,
            "--size": size,
            "--channels": channels,
            "--class": label,
            "--set": changes,
            "--target": target,
            "--page": page,
        }
        not_of(of_others, f"sounds, which {subject} draws")
        drawn: dict[str, Any] = {
            "step": step,
            "raw": raw,
            "truncation": truncation,
            "first_seed": first_seed,
            "device": device,
        }
        show(evaluate_sounds(sounds, held_out=held_out, metrics=chosen, n=n, out=out, **drawn))
        return
    if files.is_table(subject):
        of_images = {
            "--n": n,
            "--features": features != "auto",
            "--weights": weights,
            "--sha256": sha256,
            "--size": size,
            "--channels": channels,
            "--step": step,
            "--raw": raw,
            "--truncation": truncation,
            "--class": label,
            "--set": changes,
            "--first-seed": first_seed,
            "--device": device != "auto",
        }
        not_of(of_images, f"a table, which {subject} is")
        if reference is None:
            raise UserError("--reference DATA is required: the real rows to compare against.")
        show(rows.evaluate(subject, reference, held_out=held_out, target=target, metrics=chosen, out=out, page=page))
        return
    if target is not None or page is not None:
        raise UserError(f"--target and --page go with tables, which end in .csv or .parquet; {subject} is none.")
    prepared = {name: value for name, value in (("data.size", size), ("data.channels", channels)) if value is not None}
    data = change(Config(), prepared).data
    card = evaluation.evaluate(
        subject,
        metrics=chosen,
        n=n,
        features=features,
        reference=reference,
        held_out=held_out,
        weights=weights,
        sha256=sha256,
        size=data.size,
        channels=data.channels,
        step=step,
        raw=raw,
        truncation=truncation,
        label=label,
        first_seed=first_seed,
        changes=parse_settings(changes or []),
        device=device,
        out=out,
        console=Terminal(),
    )
    show(card)
