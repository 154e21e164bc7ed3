"""ganatomy evaluate"""

from pathlib import Path
from typing import Annotated, Any

import typer

from ganatomy.cli.arguments import Changes, Label, Parts, Raw, Step, Truncation, not_of


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="RUN|IMAGES|TABLE|SOUNDS",
            help="A run, or generated images: a folder, zip or array file; a table; or a folder of sounds.",
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
        typer.Option(metavar="DATA", help="The real images, table or sounds; by default a run's own training images."),
    ] = None,
    held_out: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Real images not trained on, which some metrics need; by default the split `test` of the real images. "
            "Of a table or sounds: by default a third of the real ones.",
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
    ganatomy evaluate generated-drums/ --reference drums/

    Raises UserError for options that go with another kind of data.
    """
    from ganatomy.config.options import Config
    from ganatomy.config.settings import change, parse_settings
    from ganatomy.data.sounds import are_sounds
    from ganatomy.errors import UserError
    from ganatomy.evaluation import api as evaluation
    from ganatomy.evaluation.pairs.of_run import evaluate_run as evaluate_pairs
    from ganatomy.evaluation.rows import api as rows
    from ganatomy.evaluation.rows.of_run import evaluate_run as evaluate_rows
    from ganatomy.evaluation.sounds import api as sounds
    from ganatomy.evaluation.sounds.of_run import evaluate_run as evaluate_sounds
    from ganatomy.generators import trained
    from ganatomy.modalities.tables import files
    from ganatomy.system.terminal import Terminal, show

    chosen = [name.strip() for name in metrics.split(",") if name.strip()]
    given: dict[str, object] = {
        "--n": n,
        "--features": features != "auto",
        "--reference": reference,
        "--target": target,
        "--weights": weights,
        "--sha256": sha256,
        "--size": size,
        "--channels": channels,
        "--class": label,
        "--set": changes,
        "--step": step,
        "--raw": raw,
        "--truncation": truncation,
        "--first-seed": first_seed,
        "--device": device != "auto",
        "--page": page,
    }
    of_run = ("--n", "--step", "--raw", "--device")
    of_seeds = (*of_run, "--truncation", "--first-seed")

    def only(names: tuple[str, ...], what: str) -> None:
        not_of({name: value for name, value in given.items() if name not in names}, what)

    common: dict[str, Any] = {"held_out": held_out, "metrics": chosen, "out": out}
    drawn: dict[str, Any] = {"n": n, "step": step, "raw": raw, "device": device}
    by_seed: dict[str, Any] = {**drawn, "truncation": truncation, "first_seed": first_seed}
    if files.is_table(subject):
        only(("--reference", "--target", "--page"), f"a table, which {subject} is")
        if reference is None:
            raise UserError("--reference DATA is required: the real rows to compare against.")
        show(rows.evaluate(subject, reference, target=target, page=page, **common))
        return
    if run := trained.of_modality(subject, "tables"):
        only((*of_seeds, "--reference", "--target", "--page"), f"a table, whose rows {subject} draws")
        show(evaluate_rows(run, reference=reference, target=target, page=page, **common, **by_seed))
        return
    if run := trained.of_modality(subject, "pairs"):
        only((*of_run, "--features"), f"a generator that is given images, as that of {subject} is")
        show(evaluate_pairs(run, features=features, **common, **drawn))
        return
    if run := trained.of_modality(subject, "sounds"):
        only(of_seeds, f"sounds, which {subject} draws")
        show(evaluate_sounds(run, **common, **by_seed))
        return
    if are_sounds(subject) and not evaluation.is_export(Path(subject)):
        only(("--reference", "--n"), f"sounds, which {subject} holds")
        if reference is None:
            raise UserError("--reference DATA is required: the real sounds to compare against.")
        show(sounds.evaluate(subject, reference, n=n, **common))
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
