"""Train a generator, from data to run folder: the functions behind `ganatomy train`."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from torch import nn

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config import inactive
from ganatomy.config.options import Config
from ganatomy.config.recipes import recipe as recipe_named
from ganatomy.config.settings import change, over_budget, read
from ganatomy.data.choices import remembered
from ganatomy.data.pairs import Pairs, whole
from ganatomy.data.recognition import modality_of
from ganatomy.data.rows import Rows, keep
from ganatomy.data.sounds import Sounds
from ganatomy.data.sources.prepared import PREFIX
from ganatomy.errors import UserError
from ganatomy.runs import checkpoint, mirror
from ganatomy.runs.images import cached, located
from ganatomy.runs.parts import check_at_hand
from ganatomy.runs.run import RUNS, Run, free_name
from ganatomy.system import runtime as runtimes
from ganatomy.system.addresses import filesystem, is_address
from ganatomy.system.terminal import Terminal
from ganatomy.training import auto, forecast, initial, parts, session, trackers
from ganatomy.training.loop import Callback
from ganatomy.training.parts import Loss
from ganatomy.training.prepare import Samples, accept, budget_of, prepare_training, refuse_few, resolve
from ganatomy.training.results import show_results


def train(
    data: str | Path | Any | None = None,
    *,
    labels: Any | None = None,
    classes: Sequence[str] | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    objective: str | Loss | None = None,
    callbacks: Sequence[Callback] = (),
    anyway: bool = False,
    name: str | None = None,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Train on images, a table or sounds and return the run, a new folder `runs/name`.

    data            folder, zip, array file, IDX, named set; or images in memory: an array uint8 [N, H, W, C], a tensor
                    [N, C, H, W], a torch Dataset; or a table: its file, or a pandas DataFrame
    labels          [N], of images in memory: whole numbers or names
    classes         the names of the classes that whole numbers stand for, from 0
    recipe, config  what to start from: a recipe's name, or a Config or YAML file
    settings        options to change, by dotted name: {"training.steps": 500}
    generator       a network z [B, latent_dim] → images [B, C, H, W] in [−1, 1], instead of the recipe's
    discriminator   a network images → raw scores [B], instead of the recipe's
    objective       a registered name, or a function of scores real [B], fake [B] → (D's loss, G's loss)
    callbacks       subclasses of `ganatomy.Callback`; what they add to a step's record is written with it
    anyway          train on fewer images than can be learnt from, which are refused otherwise

    Networks are copied: the ones that are passed stay as they are. Raises UserError where the data, the options or the
    parts cannot be trained with.
    """
    console = console or Terminal()
    path = _path(data, labels, classes)
    named = initial.pinned({**(settings or {}), **parts.given(generator, discriminator, objective)}, runs)
    planned, check = plan(path, recipe, config, named, runs=runs), accept if anyway else refuse_few
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        build.check(planned, runtime.world)
        console = console if runtime.leads else Terminal(quiet=True)
        for sentence in inactive.sentences(planned):  # of a file or a recipe
            console.print(sentence, style="yellow", highlight=False)
        name = name or free_name(planned.recipe, Path(runs))
        runtime.any(False)  # every process has read the names before the first one takes one
        claimed = Run.claim(name, Path(runs)) if runtime.leads else nullcontext(Run(Path(runs) / name))
        with claimed as run:  # before minutes of measuring, so that no name is refused after them
            if path == IN_MEMORY:
                planned = change(planned, {"data.path": _kept(data, labels, classes, planned, console)})
            if recipe == "auto":
                planned = auto.choose(planned, given_options(path, named, runs), runtime, console, check).config
                inactive.check(planned, named)
            resolved = resolve(prepare_training(planned, runtime, console, check=check), console)
            if runtime.leads:
                run.write_config(resolved.config)
                timed = resolved.timings or recipe == "auto"
                if timed and resolved.config.modality == "images":  # nothing is measured for the forecast alone
                    forecast.show(resolved, console)
        session.train(run, resolved, console, callbacks=callbacks)
        return run


def resume(
    run: str | Path | Run = "last",
    *,
    data: str | Path | Any | None = None,
    labels: Any | None = None,
    classes: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    more_steps: int | None = None,
    more_minutes: float | None = None,
    generator: nn.Module | None = None,
    discriminator: nn.Module | None = None,
    objective: str | Loss | None = None,
    callbacks: Sequence[Callback] = (),
    allow_changed_parts: bool = False,
    runs: str | Path = RUNS,
    console: Console | None = None,
) -> Run:
    """Continue a run from its newest checkpoint, as if it had never stopped, and return it.

    run: a folder, its name under `runs`, or ADDRESS/NAME of copies that `log.mirror` made, of which the newest whole
    one becomes a folder under `runs`; data: where the images are now, if they have moved; labels, classes: as for
    `train`; settings: options to change, usually a longer budget, which counts from the beginning; more_steps,
    more_minutes: a budget from here on;
    generator, discriminator, objective: as they were passed to `train`, where they are not registered;
    allow_changed_parts: continue although their code has changed. A run whose budget is spent stays as it is. Raises
    UserError where the run cannot be continued with them.
    """
    console = console or Terminal()
    path = _path(data, labels, classes)
    if not isinstance(run, Run):
        run = mirror.fetch(str(run), Path(runs)) if is_address(str(run)) else Run.find(run, Path(runs))
    named = {**(settings or {}), **parts.given(generator, discriminator, objective)}
    changed = {**(settings or {}), **more_budget(run, named, more_steps, more_minutes)}
    named, config = {**named, **changed}, run.config()
    check_at_hand(run, parts.named(change(config, named)))
    planned = plan(path, config=config, settings=named, resumed=bool(run.checkpoints()))
    if reached := _reached(run, planned, changed):
        console.print(reached, highlight=False, soft_wrap=True)
        return run
    with runtimes.start(planned.runtime.device, planned.runtime.threads) as runtime:
        console = console if runtime.leads else Terminal(quiet=True)
        if runtime.leads:
            with run.lock():  # before minutes of preparation, so that no damage is found after them
                run.check()
                checkpoint.verify(run.checkpoint())
        if path == IN_MEMORY:
            planned = change(planned, {"data.path": _kept(data, labels, classes, planned, console)})
        there = planned.data
        if path is None:
            there = located(run, planned.data, f"ganatomy train --resume {run.address} PLACE")
            if there.path.startswith(PREFIX) and there != planned.data:
                console.print(
                    f"{planned.data.path} is not there: its decoded images are in the cache.", highlight=False
                )
        if (over := over_budget(planned)) and any(name in changed for name in BUDGETS):
            spent = min(_spent(run, planned), 1.0)
            console.print(
                f"{spent:.0%} of the new budget is spent: {' and '.join(over)} follow that share.", highlight=False
            )
        session.train(
            run,
            prepare_training(
                planned, runtime, console, there, lambda images: _check_same(run, images, there.path), begun=run
            ),
            console,
            changed=changed,
            callbacks=callbacks,
            allow_changed_parts=allow_changed_parts,
        )
        return run


def _check_same(run: Run, images: Samples, place: str) -> None:
    data = run.info().get("data") or {}
    recorded = data.get("fingerprint")
    if isinstance(images, datasets.Images) and recorded and recorded == images.former:
        old = cached(data, run.config().data)
        cure = (
            f"`ganatomy train --resume {run.address} {PREFIX}{old[0]}` goes on with them" if old else "start a new run"
        )
        raise UserError(
            f"{run.path} was trained on the images of {place} as an earlier version prepared them, and they come out "
            f"otherwise now: {cure}."
        )
    if recorded and recorded != images.fingerprint:
        what = {Rows: "another table", Pairs: "other pairs", Sounds: "other sounds"}.get(type(images), "other images")
        raise UserError(
            f"{run.path} was trained on {what} than {place} holds now: resume it with the same data, as in "
            f"ganatomy train --resume {run.address} PLACE, or start a new run."
        )


USUAL = {"images": "dcgan", "tables": "residual-copula", "sounds": "specgan"}  # the recipe of each kind of data
IS = {"tables": "is a table", "sounds": "holds sounds"}
IS_NO = {"tables": "is no table", "sounds": "holds no sounds"}
IN_MEMORY = "in memory"  # instead of a path, until the images have a name in the cache


def _path(data: Any | None, labels: Any | None, classes: Sequence[str] | None) -> str | Path | None:
    """The path or name of the data, or IN_MEMORY; a table in memory is put into the cache."""
    pandas = sys.modules.get("pandas")  # without it there are no tables in memory
    if pandas is not None and isinstance(data, pandas.DataFrame) and labels is None and classes is None:
        return keep(data)
    if data is not None and not isinstance(data, (str, os.PathLike)):
        return IN_MEMORY
    if labels is not None or classes is not None:
        raise UserError("labels go with images in memory, and so do classes; files have their own: see docs/DATA.md.")
    return data if data is None or isinstance(data, Path) else os.fspath(data)


def _kept(data: Any, labels: Any | None, classes: Sequence[str] | None, planned: Config, console: Console) -> str:
    """Put images in memory into the cache; the name that they have there."""
    options = whole(planned.data).model_dump(include={"size", "channels", "fit", "padding", "range"})
    images = datasets.prepare(data, labels=labels, classes=classes, **options)
    if images.values:
        console.print(f"Values: {images.values}", highlight=False)
    return images.source


def more_budget(
    run: Run, settings: Mapping[str, Any], more_steps: int | None, more_minutes: float | None
) -> dict[str, int | float]:
    """The budgets of a run that goes on for so many more steps or minutes.

    Raises UserError where they are less than that, or given beside other budgets.
    """
    more = {"training.steps": more_steps, "training.minutes": more_minutes}
    if all(amount is None for amount in more.values()):
        return {}
    if any(settings.get(budget) is not None for budget in BUDGETS):
        raise UserError("--more-steps and --more-minutes add to what is done, other budgets are totals: give one kind.")
    if any(amount is not None and not amount > 0 for amount in more.values()):
        raise UserError("--more-steps and --more-minutes must be greater than 0.")
    facts = checkpoint.manifest(run.checkpoint())
    done = {"training.steps": facts["step"], "training.minutes": facts["seconds"] / 60}
    return {name: done[name] + amount for name, amount in more.items() if amount is not None}


def _reached(run: Run, planned: Config, changed: Mapping[str, Any]) -> str | None:
    """A sentence where the budget is spent before the first step, and the run's files say what it did."""
    if not run.checkpoints():
        return None
    facts = checkpoint.manifest(run.checkpoint())
    if _spent(run, planned) < 1 or not (run.ended() or changed):  # a killed one has its end still to write
        return None
    return (
        f"{run.path} is already at step {facts['step']:,} ({facts['images']:,} images, {facts['seconds'] / 60:.1f} "
        "minutes): nothing is left to train, and nothing was changed. --steps, --images and --minutes count from the "
        "beginning; --more-steps and --more-minutes go on from here."
    )


def _spent(run: Run, planned: Config) -> float:
    """The share of a budget that is spent at a run's newest checkpoint."""
    facts = checkpoint.manifest(run.checkpoint())
    return budget_of(planned).spent(facts["step"], facts["images"], facts["seconds"])


def plan(
    data: str | Path | None = None,
    recipe: str | None = None,
    config: Config | str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    resumed: bool = False,
    runs: str | Path = RUNS,
) -> Config:
    """The configuration that follows from the arguments, its names checked; `auto` and what the data decide stay open.

    resumed: whether it goes on from a checkpoint; runs: where a run to start from is looked for. Raises UserError where
    names do not exist, parts do not fit together, an option that is given would change nothing, a package is missing or
    the training would never end.
    """
    if recipe is not None and config is not None:
        raise UserError("Choose either --recipe or --config, not both.")
    changes = dict(settings or {})
    origin = None if resumed else _origin(changes, runs)
    if isinstance(config, Config):
        base = config
    elif config is not None:
        base = read(config)
    else:
        base = (
            recipe_named(recipe or USUAL[modality_of(str(data)) or "images"])
            if recipe or origin is None
            else initial.base(origin)
        )

    if data is not None and changes.get("data.path") not in (None, str(data)):
        raise UserError(f"The images are given twice: {data}, and data.path={changes['data.path']}.")
    if data is not None:
        changes["data.path"] = str(data)
        if config is None:
            # A recipe's size and channels are those of its own data.
            own = {} if str(data) == base.data.path else {"data.size": None, "data.channels": None}
            changes = {**own, **_of_origin(origin, changes), **_chosen_before(data, changes), **changes}
    if origin is not None:
        changes |= {"init.path": origin.path, "init.step": origin.step}
    # One budget replaces another: `--minutes 5` must not stop at the recipe's number of steps.
    if any(changes.get(budget) is not None for budget in BUDGETS):
        changes = {**dict.fromkeys(BUDGETS), **changes}

    planned = change(base, changes)
    wanted = "images" if planned.modality == "pairs" else planned.modality
    found = modality_of(planned.data.path) or wanted
    if found != wanted:
        what = IS.get(found) or IS_NO[wanted]
        raise UserError(
            f"{planned.data.path} {what}, and generator.family={planned.generator.family} draws {planned.modality}: "
            "choose another recipe."
        )
    if not any((planned.training.steps, planned.training.images, planned.training.minutes)):
        raise UserError("This training would never end: give --steps, --images or --minutes.")
    if recipe != "auto":  # which may still choose what they need
        inactive.check(planned, settings or {}, resumed)
    build.check(planned)
    trackers.check(planned.log.named)
    if planned.log.mirror:
        filesystem(planned.log.mirror)  # a missing package is said before the training
        if planned.private:
            raise UserError("log.mirror copies no secrets, and privacy.noise has one: leave one of them out.")
    return planned


def given_options(
    data: str | Path | None, settings: Mapping[str, Any] | None, runs: str | Path = RUNS
) -> dict[str, Any]:
    """The options that a person chose, by dotted name; those of a generator to start from are chosen with it."""
    given = dict(settings or {})
    chosen = {} if data is None else _chosen_before(data, given)
    return {"data.path": data, **_of_origin(_origin(given, runs), given), **chosen, **given}


def _origin(given: Mapping[str, Any], runs: str | Path) -> initial.WarmStart | None:
    """The generator to start from, where one is given."""
    return initial.find(given["init.path"], given.get("init.step"), runs) if given.get("init.path") else None


def _of_origin(origin: initial.WarmStart | None, given: Mapping[str, Any]) -> dict[str, Any]:
    return {} if origin is None else initial.networks(origin, given)


def _chosen_before(data: str | Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What `ganatomy data prepare` was told about these images."""
    chosen = remembered(data, str(settings.get("data.split", "train")))
    return {f"data.{name}": value for name, value in chosen.items()}


BUDGETS = ("training.steps", "training.images", "training.minutes")


def demo(
    minutes: float | None = None,
    seed: int = 0,
    runs: str | Path = RUNS,
    console: Console | None = None,
    colour: bool = False,
) -> Run:
    """Train the recipe `digits` on 5,000 digits of MNIST, or in colour `auto` on 1,633 emoji; returns the run.

    The images come with the extra `demo`. minutes: of training; 1.5 for digits and 4 for emoji where none are given.
    """
    console = console or Terminal()
    what = "1,633 emoji of 32×32 pixels" if colour else "5,000 handwritten digits"
    console.print(
        f"A generator and a discriminator will play against each other over {what}.\n"
        "The generator never sees one of them: it learns from the discriminator's gradient alone.\n"
    )
    data, recipe = ("emoji", "auto") if colour else ("digits", "digits")
    settings: dict[str, Any] = {"training.seed": seed, "training.minutes": minutes or (4.0 if colour else 1.5)}
    if colour:
        settings["data.size"] = [32, 32]
    run = train(data, recipe=recipe, settings=settings, runs=runs, console=console)
    show_results(run, console)
    return run
