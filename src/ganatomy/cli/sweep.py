"""ganatomy sweep"""

from pathlib import Path
from typing import Annotated

import typer

from ganatomy.cli.arguments import On, Parts, ProcessResources, engine_of


def sweep(
    data: Annotated[str | None, typer.Argument(metavar="DATA", help="{data.path}")] = None,
    space: Annotated[
        Path | None,
        typer.Option(help="A YAML file of options with ranges and lists; without it, around the recipe's own values."),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="What every trial starts from: see `ganatomy recipes`.")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file that every trial starts from.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PART.OPTION=VALUE", help="Change any option in every trial; repeatable."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many trials, counted from the beginning; 20 without --minutes.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.001, help="Begin no trial after this many; --set training.minutes=2 ends each after two."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Trials at a time, each in a process with its share of the cores.")
    ] = 1,
    optimise: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="What is best, as in fd,seconds: scores of `ganatomy evaluate`, "
            "{ganatomy.sweeps.objectives:OBJECTIVES_OF_RUNS}; several give a Pareto front; empty: fd, of tables c2st.",
        ),
    ] = "",
    n: Annotated[
        int | None,
        typer.Option(
            "--n",
            min=100,
            help="Generated samples of each evaluation; by default 10,000 images, as many rows or sounds as real ones.",
        ),
    ] = None,
    features: Annotated[
        str, typer.Option(help="What the scores compare: auto, {ganatomy.evaluation.features:EXTRACTORS}.")
    ] = "auto",
    again: Annotated[int, typer.Option(min=0, help="How many of the best are trained again with other seeds.")] = 3,
    seeds: Annotated[int, typer.Option(min=1, help="With how many other seeds.")] = 2,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides which trials there are; trial n is trained with seed + n.")
    ] = None,
    no_pruning: Annotated[
        bool,
        typer.Option("--no-pruning", help="End no trial early: neither collapsed ones nor those that fall behind."),
    ] = False,
    name: Annotated[str | None, typer.Option(help="Name of the new sweep under sweeps/.")] = None,
    resume: Annotated[str | None, typer.Option(metavar="SWEEP", help="Go on with this sweep (path or name).")] = None,
    on: On = None,
    resources: ProcessResources = None,
    parts: Parts = None,
) -> None:
    """Look for the best settings: trials of a space of options, by Optuna, each a run like any other.

    ganatomy sweep digits --recipe digits --trials 20 --workers 2
    ganatomy sweep cats/ --space space.yaml --set training.minutes=5 --optimise fd,seconds
    ganatomy sweep --resume sweep-001 --trials 40
    ganatomy sweep cats/ --workers 8 --on 10.0.0.1:6379 --resources gpu=1,cpu=4

    Raises UserError where arguments do not go together.
    """
    from ganatomy.config.settings import parse_settings
    from ganatomy.errors import UserError
    from ganatomy.sweeps import api

    engine = engine_of(on, resources)
    if resume is not None:
        if data or space or recipe or config or settings or name or seed is not None:
            raise UserError(
                "--resume goes on with a sweep as it is: only --trials, --minutes, --workers, --on, --resources and "
                "--parts go with it."
            )
        api.resume_sweep(resume, trials=trials, minutes=minutes, workers=workers, engine=engine)
        return
    api.sweep(
        data,
        space=space,
        recipe=recipe,
        config=config,
        settings=parse_settings(settings or []),
        objectives=[each.strip() for each in optimise.split(",") if each.strip()],
        trials=trials,
        minutes=minutes,
        workers=workers,
        n=n,
        features=features,
        again=again,
        seeds=seeds,
        seed=seed or 0,
        prune=not no_pruning,
        name=name,
        engine=engine,
    )
