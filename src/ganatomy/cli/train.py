"""ganatomy train"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import On, Parts, ProcessResources

REMEDIES = 2  # of --remedy auto


def train(
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="{data.path}")] = None,
    recipe: Annotated[str | None, typer.Option(help="What to start from: see `ganatomy recipes`.")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file to start from, such as a run's config.yaml.")] = None,
    init: Annotated[
        str | None,
        typer.Option(metavar="RUN|FILE|hf:…", help="Start from this generator, with its networks: fine-tuning."),
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="N or HxW", help="{data.size}")] = None,
    channels: Annotated[int | None, typer.Option(help="{data.channels}")] = None,
    fit: Annotated[str | None, typer.Option(metavar="crop|pad|stretch", help="{data.fit}")] = None,
    flip: Annotated[bool | None, typer.Option("--flip/--no-flip", help="{data.flip}")] = None,
    batch: Annotated[int | None, typer.Option(help="{training.batch}")] = None,
    steps: Annotated[int | None, typer.Option(help="{training.steps}")] = None,
    images: Annotated[int | None, typer.Option(help="{training.images}")] = None,
    minutes: Annotated[float | None, typer.Option(help="{training.minutes}")] = None,
    more_steps: Annotated[
        int | None, typer.Option(min=1, help="With --resume: stop after this many more steps.")
    ] = None,
    more_minutes: Annotated[
        float | None, typer.Option(min=0.001, help="With --resume: stop after this many more minutes.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new run under runs/.")] = None,
    runs: Annotated[str | None, typer.Option(metavar="ADDRESS", help="{log.mirror}")] = None,
    seed: Annotated[int | None, typer.Option(help="{training.seed}")] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with this run (path, name, last or ADDRESS/NAME of --runs)."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="PART.OPTION=VALUE", help="Change any option; repeatable.")
    ] = None,
    conditional: Annotated[bool, typer.Option("--conditional", help="{prior.conditional}")] = False,
    classes_from: Annotated[int | None, typer.Option(metavar="LEVEL", help="{data.classes_from}")] = None,
    device: Annotated[str | None, typer.Option(help="{runtime.device}")] = None,
    precision: Annotated[str | None, typer.Option(help="{runtime.precision}")] = None,
    log: Annotated[
        list[str] | None,
        typer.Option(metavar="TRACKER", help="Also log to {ganatomy.training.trackers:TRACKERS}; repeatable."),
    ] = None,
    evaluate_every: Annotated[int | None, typer.Option(metavar="STEPS", help="{evaluation.every}")] = None,
    remedy: Annotated[
        str | None, typer.Option(metavar="auto", help="Let findings of the diagnosis be remedied: roll back, change.")
    ] = None,
    remedies: Annotated[int | None, typer.Option(help="{diagnosis.remedies}")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Train on fewer images than can be learnt from.")] = False,
    studio: Annotated[bool, typer.Option("--studio", help="Watch it in a browser meanwhile: ganatomy studio.")] = False,
    parts: Parts = None,
    allow_changed_parts: Annotated[
        bool, typer.Option("--allow-changed-parts", help="Resume although the code of your own parts has changed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be trained and how long it takes; train nothing.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Train in so many processes, which Ray places: see docs/CLUSTER.md.")
    ] = None,
    on: On = None,
    resources: ProcessResources = None,
    restarts: Annotated[
        int | None,
        typer.Option(min=0, help="With --workers: how often it may go on after a process died; 3 if not given."),
    ] = None,
) -> None:
    """Train a generator on your images, or on the rows of a table.

    ganatomy train cats/ --size 64 --minutes 60
    ganatomy train cats/ --recipe auto
    ganatomy train people.csv --minutes 10
    ganatomy train kittens/ --init cats --minutes 20
    ganatomy train cats/ --recipe sngan --set training.batch=32 --dry-run
    ganatomy train --resume last --more-steps 20000
    ganatomy train cats/ --parts my_parts.py --set objective.name=my_loss
    ganatomy train cats/ --workers 4 --on 10.0.0.1:6379 --resources gpu=1,cpu=4

    Raises UserError where arguments are missing or do not go together.
    """
    from ganatomy.cli.arguments import engine_of
    from ganatomy.config.settings import parse_settings
    from ganatomy.errors import UserError
    from ganatomy.system.terminal import Terminal
    from ganatomy.training import api as training
    from ganatomy.training import dryrun
    from ganatomy.training.cluster.api import Workers
    from ganatomy.training.cluster.engine import Engine
    from ganatomy.training.cluster.programs import RESTARTS
    from ganatomy.training.prepare import accept, refuse_few
    from ganatomy.training.results import show_results
    from ganatomy.web.studio import companion

    if remedy not in (None, "auto", "off"):
        raise UserError(f"--remedy {remedy}: auto or off.")
    if remedy == "off" and remedies:
        raise UserError(f"--remedy off and --remedies {remedies} contradict each other.")
    if dry_run and (studio or name):
        raise UserError("--dry-run trains nothing: leave out --studio and --name.")
    placed = {"--workers": workers, "--on": on, "--resources": resources, "--restarts": restarts}
    given = [flag for flag, value in placed.items() if value is not None]
    if dry_run and given:
        raise UserError(f"--dry-run trains nothing: leave out {' and '.join(given)}.")
    allowed = RESTARTS if restarts is None else restarts
    trainer = Workers(workers or 1, engine_of(on, resources) or Engine(), allowed) if given else training
    if remedy == "auto" and remedies is None:
        remedies = REMEDIES
    flags = {
        "init.path": init,
        "data.size": size,
        "data.channels": channels,
        "data.fit": fit,
        "data.flip": flip,
        "training.batch": batch,
        "training.steps": steps,
        "training.images": images,
        "training.minutes": minutes,
        "training.seed": seed,
        "prior.conditional": conditional or None,
        "data.classes_from": classes_from,
        "runtime.device": device,
        "runtime.precision": precision,
        "evaluation.every": evaluate_every,
        "diagnosis.remedies": 0 if remedy == "off" else remedies,
        "log.trackers": log or None,
        "log.mirror": runs,
    }
    named = {option: value for option, value in flags.items() if value is not None}
    changes = parse_settings(settings or [])
    for option in named.keys() & changes.keys():
        raise UserError(f"{option} is given twice, by a flag of its own and by --set: leave one of them out.")
    changes = named | changes
    console = Terminal()
    if resume is not None:
        if recipe or config or name or dry_run or anyway:
            raise UserError(
                "--resume goes on with a run as it is: no --recipe, --config, --name, --anyway or --dry-run with it."
            )
        if studio:
            companion.start(resume)
        run = trainer.resume(
            resume,
            data=data,
            settings=changes,
            more_steps=more_steps,
            more_minutes=more_minutes,
            allow_changed_parts=allow_changed_parts,
            console=console,
        )
    else:
        if more_steps is not None or more_minutes is not None or allow_changed_parts:
            raise UserError("--more-steps, --more-minutes and --allow-changed-parts go with --resume RUN.")
        if data is None and config is None:
            raise UserError(
                "Which images? Give a folder, a zip, an array file, a table or a named set: ganatomy train digits"
            )
        if dry_run:
            chosen = training.given_options(data, changes) if recipe == "auto" else None
            check = accept if anyway else refuse_few
            dryrun.show(training.plan(data, recipe, config, changes), console, chosen, check)
            return
        if studio:
            companion.start()
        run = trainer.train(
            data, recipe=recipe, config=config, settings=changes, anyway=anyway, name=name, console=console
        )
    show_results(run, console)
