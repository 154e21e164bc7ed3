"""The function behind `ganatomy sweep`: which settings are best?"""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from ganatomy.config.options import Config
from ganatomy.config.settings import read as read_config
from ganatomy.errors import UserError
from ganatomy.evaluation.features.choice import AUTO
from ganatomy.runs.run import free_name
from ganatomy.sweeps import checks, space
from ganatomy.sweeps.default import default_space
from ganatomy.sweeps.folder import SWEEPS, UNLIMITED, Sweep, SweepOptions
from ganatomy.sweeps.objectives import USUAL
from ganatomy.sweeps.places import Places, places
from ganatomy.system import extras, stopping
from ganatomy.system.terminal import Terminal
from ganatomy.training import initial
from ganatomy.training.cluster.engine import Engine

TRIALS = 20
SAMPLES = 10_000  # generated images of each evaluation
AGAIN, SEEDS = 3, 2


def sweep(
    data: str | Path | None = None,
    *,
    space: str | Path | Mapping[str, Any] | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    objectives: Sequence[str] = (),
    trials: int | None = None,
    minutes: float | None = None,
    workers: int = 1,
    n: int | None = None,
    features: str = AUTO,
    again: int = AGAIN,
    seeds: int = SEEDS,
    seed: int = 0,
    prune: bool = True,
    name: str | None = None,
    sweeps: str | Path = SWEEPS,
    engine: Engine | None = None,
    console: Console | None = None,
) -> Sweep:
    """Look for the best settings in a space of options, and return the sweep, a new folder `sweeps/name`.

    data, recipe, config, settings   what every trial starts from, as for `ganatomy.train`; a trial's budget too
    space       a YAML file or a mapping of options to ranges and lists; by default rates, weights and batch around the
                recipe's own
    objectives  what is best: names of scores, "seconds", "verdict"; several give a Pareto front; by default fd, of
                tables c2st
    trials      how many, 20 if neither they nor minutes are limited
    minutes     begin no trial after so many
    workers     how many trials at a time; each has its share of this machine's cores
    engine      where they are trained instead: each has what Ray reserves for it
    n           generated samples of each evaluation: by default 10,000 images, and as many rows or sounds as real ones
    features    of the scores, as for `ganatomy.evaluate`
    again       how many of the best are trained again, and with how many other seeds (`seeds`); 0: none
    seed        decides which trials there are; trial n is trained with seed + n
    prune       end a trial that collapses, and one that is behind half of those that have finished

    Raises UserError where an option does not exist or a combination cannot be trained, before the first trial; and
    where Ray is missing or a machine of its cluster has not the sweep's folder.
    """
    _needed()
    console = console or Terminal()
    if recipe is not None and config is not None:
        raise UserError("Choose either --recipe or --config, not both.")
    file = config if config is None or isinstance(config, Config) else read_config(config)
    options = SweepOptions(
        data=None if data is None else os.fspath(data),
        recipe=recipe,
        config=None if file is None else file.model_dump(mode="json"),
        settings=initial.pinned(settings or {}),
        space={},
        objectives=list(dict.fromkeys(objectives)),
        samples=n,
        features=features,
        trials=_limit(trials, minutes),
        again=again,
        seeds=seeds,
        seed=seed,
        prune=prune,
    )
    options, source = _with_space(options, space)
    options = _with_objectives(options)
    parsed = _parse(options.space, source)
    checks.check(options, parsed, source, console)
    sweeps = Path(sweeps)
    with places(workers, engine, console) as here:  # before the folder is made
        made = Sweep.create(name or free_name("sweep", sweeps), options, sweeps)
        return _carry_out(made, minutes, here, console)


def resume_sweep(
    sweep: str | Path | Sweep,
    *,
    trials: int | None = None,
    minutes: float | None = None,
    workers: int = 1,
    sweeps: str | Path = SWEEPS,
    engine: Engine | None = None,
    console: Console | None = None,
) -> Sweep:
    """Go on with a sweep that was stopped or killed, half trials first, each from its newest checkpoint.

    trials: how many there shall be in all; minutes: begin no trial after so many from now on; workers, engine: as for
    `sweep`, whatever they were before. Raises UserError where there is no such sweep, it is damaged, or another process
    goes on with it; about Ray as `sweep`.
    """
    _needed()
    console = console or Terminal()
    found = sweep if isinstance(sweep, Sweep) else Sweep.find(sweep, Path(sweeps))
    with places(workers, engine, console) as here:
        return _carry_out(found, minutes, here, console, trials)


def _needed() -> None:
    extras.needed("optuna", "sweep", "`ganatomy sweep`")


def _limit(trials: int | None, minutes: float | None) -> int:
    """How many trials there shall be."""
    if trials is not None:
        return trials
    return TRIALS if minutes is None else UNLIMITED


def _parse(written: Mapping[str, Any], source: str) -> space.Space:
    return space.parse(written, source)


def _with_space(options: SweepOptions, given: str | Path | Mapping[str, Any] | None) -> tuple[SweepOptions, str]:
    """The options with their space, and what messages call it."""
    if given is None:
        own = checks.planned_at(options, {})
        return replace(options, space=default_space(own, options.settings)), "the default space"
    written = dict(given) if isinstance(given, Mapping) else space.read(given)
    recipes = written.get("recipe")
    if isinstance(recipes, list) and recipes and options.recipe is None and options.config is None:
        options = replace(options, recipe=str(recipes[0]))
    return replace(options, space=written), "the space" if isinstance(given, Mapping) else str(given)


def _with_objectives(options: SweepOptions) -> SweepOptions:
    """With what is usual for the kind of data, where nobody chose it."""
    modality = checks.planned_at(options, {}).modality
    samples = SAMPLES if options.samples is None and modality in ("images", "pairs") else options.samples
    return replace(options, objectives=options.objectives or [USUAL[modality]], samples=samples)


def _carry_out(
    sweep: Sweep, minutes: float | None, places: Places, console: Console, trials: int | None = None
) -> Sweep:
    from ganatomy.sweeps import page, results
    from ganatomy.sweeps.journal import Journal
    from ganatomy.sweeps.supervisor import Supervisor

    deadline = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    with ExitStack() as stack:
        stack.enter_context(sweep.lock())
        options = sweep.options()
        if trials is not None and trials != options.trials:
            options = replace(options, trials=trials)
            sweep.write_options(options)
        journal = Journal.of(sweep)
        own = checks.point_of(checks.planned_at(options, {}), sweep.space())
        console.print(f"{sweep.path}: {len(journal.trials()):,} trials so far", highlight=False)
        supervisor = Supervisor(sweep, journal, own, places, console, deadline)
        supervisor.asked_to_stop = stack.enter_context(
            stopping.stop_requests(lambda: console.print(_stopping(sweep), style="yellow"), supervisor.kill)
        )
        supervisor.trials()
        if not supervisor.stopping:
            supervisor.train_again(each for trainings in results.trainings_again(sweep, journal) for each in trainings)
        results.write_table(sweep, journal)
        best = results.write_best(sweep, journal)
        page.write(sweep, journal)
        console.print(results.text(sweep, journal), highlight=False)
        if best is not None:
            console.print(f"\nThe best settings: ganatomy train --config {sweep.path / 'best.yaml'}", highlight=False)
        console.print(f"Report: {sweep.path / 'report.html'}", highlight=False)
        if supervisor.stopping:
            console.print(f"Stopped. To go on: ganatomy sweep --resume {sweep.address}", highlight=False)
    return sweep


def _stopping(sweep: Sweep) -> str:
    return (
        f"\nStopping: trials save where they are, for ganatomy sweep --resume {sweep.address}. Ctrl-C again: at once."
    )
