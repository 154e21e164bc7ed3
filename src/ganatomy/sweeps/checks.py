"""What is wrong with a sweep, found before its first trial."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import torch
from rich.console import Console

from ganatomy import build
from ganatomy import data as datasets
from ganatomy.config.options import OF_PAIRS, OF_SOUNDS, Config
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.evaluation import scoring
from ganatomy.evaluation.features.choice import AUTO, extractor_for
from ganatomy.evaluation.pairs import of_run as pairs
from ganatomy.sweeps import objectives
from ganatomy.sweeps.folder import SweepOptions, training_at
from ganatomy.sweeps.space import Point, Space, label_of
from ganatomy.system import runtime
from ganatomy.system.terminal import Terminal
from ganatomy.training.api import IS, plan
from ganatomy.training.prepare import Prepared, prepare_training

SAME_IMAGES = {"data.flip"}  # the option of `data` that leaves the images that are measured as they are
OF_NETWORKS = ("method", "data", "prior", "generator", "discriminator", "vae", "diffusion")


def check(options: SweepOptions, space: Space, source: str, console: Console) -> None:
    """Raises UserError that names the option or the combination that cannot be trained or measured.

    source: what messages call the space.
    """
    _check_names(options, space, source)
    own = planned_at(options, {})
    for name in options.objectives:
        objectives.check(name, own.modality)
    planned = [own]
    for point in space.to_check():
        try:
            planned.append(planned_at(options, point))
        except UserError as error:
            raise UserError(f"{source}{_where(space, point)}: {str(error).removeprefix('--set: ')}") from None
        if (differing := _other_images(own, planned[-1])) is not None:
            raise UserError(
                f"{source}{_where(space, point)}: {differing} is another than in the settings that the sweep starts "
                f"from, and scores on other images cannot be compared: give --set {differing}=… ."
            )
    with runtime.start(own.runtime.device) as here:
        prepared = prepare_training(_plain(own), here, console)
        _check_networks(planned, here, space, source)
        _check_metrics(options, prepared, here)


def planned_at(options: SweepOptions, point: Point) -> Config:
    """The configuration of a training at a point of the space. Raises UserError where it cannot be trained."""
    training = training_at(options, point, "", options.seed)
    recipe, config = training.start()
    if recipe == "auto":
        raise UserError("The recipe auto chooses the options itself: start the sweep from another recipe.")
    return plan(training.data, recipe, config, training.settings)


def point_of(config: Config, space: Space) -> Point:
    """A configuration's own values of the options of a space; those that it does not have are left out."""
    point: Point = {}
    for name in space.names():
        value: Any = config.model_dump(mode="json")
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            point[name] = value
    return point


def _check_names(options: SweepOptions, space: Space, source: str) -> None:
    for name in space.names():
        if name in options.settings:
            raise UserError(f"{name} is given twice, by --set and in {source}: leave one of them out.")
        if name.startswith("data.") and name not in SAME_IMAGES:
            raise UserError(f"{source}: {name} changes the images, and scores on other images cannot be compared.")


def _where(space: Space, point: Point) -> str:
    lists = space.lists()
    chosen = ", ".join(f"{name}={label_of(value)}" for name, value in point.items() if name in lists)
    return f": with {chosen}" if chosen else ""


def _other_images(own: Config, planned: Config) -> str | None:
    """The option by which a configuration prepares other images, if it does."""
    for name, value in planned.data:
        if f"data.{name}" not in SAME_IMAGES and value != getattr(own.data, name):
            return f"data.{name}"
    return None


def _plain(config: Config) -> Config:
    """Without what is needed only while training."""
    return change(config, {"diagnosis.on": False, "evaluation.every": 0})


def _check_networks(planned: Iterable[Config], here: runtime.Runtime, space: Space, source: str) -> None:
    """Build each kind of networks once, without memory for their weights."""
    different = {repr([getattr(config, part) for part in OF_NETWORKS]): config for config in planned}
    for config in different.values():
        prepared = prepare_training(_plain(config), here, Terminal(quiet=True))
        try:
            with torch.device("meta"):
                build.generator(prepared.config, prepared.modality.shape)
                if config.method == "adversarial":
                    build.discriminator(prepared.config, prepared.modality.shape)
        except UserError as error:
            point = point_of(config, space)
            sizes = ", ".join(f"{name}={label_of(value)}" for name, value in point.items() if _of_networks(name))
            raise UserError(f"{source}{f': with {sizes}' if sizes else ''}: {error}") from None


def _of_networks(name: str) -> bool:
    return name.partition(".")[0] in ("recipe", *OF_NETWORKS)


def _check_metrics(options: SweepOptions, prepared: Prepared, here: runtime.Runtime) -> None:
    """Raises UserError where a score cannot be measured on these samples."""
    config = prepared.config
    metrics = objectives.metrics_of(options.objectives, config.modality)
    if not metrics:
        return
    if held := IS.get(config.modality):
        if options.features != AUTO:
            raise UserError(f"{config.data.path} {held}: --features is for images.")
        measured = change(_plain(config), {"evaluation.every": 1, "evaluation.metrics": metrics})
        prepare_training(measured, here, Terminal(quiet=True))
        return
    if config.modality == "pairs":
        _, metrics = pairs.chosen(metrics, config.data.paired)
    extractor = extractor_for(options.features, prepared.images, str(here.device))
    has_unseen = False
    with suppress(UserError):
        data = prepared.config.data.model_dump(
            exclude={"path", "flip", "split", "first", "leave_out", *OF_PAIRS, *OF_SOUNDS}
        )
        has_unseen = bool(datasets.prepare(prepared.config.data.path, split="test", **data))
    scoring.chosen(metrics, extractor.classes is not None, has_unseen)
