"""The command: measure speeds, train, measure scores along the way, and write the page."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import filelock
import typer

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.colour.configurations import COMMON, CONFIGURATIONS, OLD, timed
from ganatomy.experiments.colour.page import FEATURES, SEEDS, draw, far_behind, text
from ganatomy.experiments.reproduction.context import (
    MEASURED,
    ReproductionContext,
    interval_of,
    made,
    named,
    whole_numbers,
)
from ganatomy.generators.api import load
from ganatomy.runs.run import Run
from ganatomy.system.files import write_text
from ganatomy.system.runtime import cores
from ganatomy.system.terminal import Terminal

MINUTES = 20.0
METRICS = ["fd", "kd", "prdc"]
POINTS = 5  # of each curve
ALONG = 2_500  # generated images, for a point before the end
ROUNDS = 3  # in which every configuration's speed is measured, one after the other
PAGE, FOLDER, FIGURES = "COLOUR.md", "colour", "colour.json"


def main(
    cifar10: Annotated[str, typer.Option(help="CIFAR-10 as images: a folder or zip with one folder per class.")],
    names: Annotated[str, typer.Option(help=f"Configurations: {', '.join(CONFIGURATIONS)}.")] = ",".join(
        CONFIGURATIONS
    ),
    seeds: Annotated[str, typer.Option(help="Seeds of each.")] = SEEDS,
    minutes: Annotated[float, typer.Option(help="Minutes of all cores that each training may take.")] = MINUTES,
    threads: Annotated[int, typer.Option(help="CPU threads of a training; 0: one for each core.")] = 0,
    runs: Annotated[Path, typer.Option(help="Where trainings are kept.")] = Path("runs/colour"),
    out: Annotated[Path, typer.Option(help="Where COLOUR.md, its JSON and its pictures go.")] = Path("docs"),
) -> None:
    """Measure speeds, train, measure scores along the way, and write the page."""
    console = Terminal()
    try:
        chosen = named("configuration", names, CONFIGURATIONS)
        numbers = whole_numbers("--seeds", seeds, SEEDS)
        found = kept(out, minutes) or {"minutes": minutes, "speeds": {}, "trainings": {}}
        wanted = [(name, seed) for seed in numbers for name in chosen]
        found["speeds"] = with_speeds(
            found["speeds"], [timed(name) for name, _ in left(wanted, found["trainings"])], cifar10, runs, console
        )
        context = ReproductionContext(cifar10=cifar10, runs=runs, pictures=out / FOLDER, console=console)
        while todo := left(wanted, found["trainings"]):
            name, seed = todo[0]
            images = round(60 * minutes * found["speeds"]["images_per_second"][timed(name)])
            entry = trained(context, name, seed, images, found["speeds"]["precision"][timed(name)], threads)
            found = add(out, found, f"{name}-{seed}", entry)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


def left(wanted: Sequence[tuple[str, int]], trainings: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The configurations and seeds that are still to be trained."""
    far = far_behind(trainings)
    return [(name, seed) for name, seed in wanted if f"{name}-{seed}" not in trainings and name not in far]


def kept(out: Path, minutes: float) -> dict[str, Any]:
    """What the page has: minutes, speeds, trainings; {} where there is none.

    Raises UserError where its trainings had another budget.
    """
    place = out / FOLDER / FIGURES
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}
    if found and found["minutes"] != minutes:
        raise UserError(f"{place} has trainings of {found['minutes']:g} minutes: give another --out.")
    return found


def with_speeds(before: Mapping[str, Any], names: Sequence[str], data: str, runs: Path, console: Any) -> dict[str, Any]:
    """Images/s of configurations on this machine, in the precision that is fastest here, beside those known before.

    The best of a few rounds, which other work has disturbed the least. With what is new, `auto` is measured once more.
    To be measured on an otherwise idle machine. Raises UserError as `train` does.
    """
    speeds, precision = dict(before.get("images_per_second", {})), dict(before.get("precision", {}))
    new = [name for name in names if name not in speeds]
    if not new:
        return dict(before)
    context = ReproductionContext(runs=runs / "speeds", console=console)
    measured: dict[str, list[float]] = {name: [] for name in dict.fromkeys([*new, OLD])}
    for turn in range(ROUNDS):
        for name in measured:
            each = CONFIGURATIONS[name]
            given = {"runtime.precision": precision[name]} if name in precision else {}
            run = context.trained(f"{name}-{turn}", data, each.recipe, {**COMMON, **each.changes, **given}, minutes=0.2)
            info = run.info()
            precision[name] = run.config().runtime.precision
            measured[name].append(info["images"] / info["seconds"])
    machines = [*filter(None, before.get("made", "").split("; ")), made()]
    found = {name: round(max(each)) for name, each in measured.items()}
    return {
        "made": "; ".join(dict.fromkeys(machines)),
        "cores": before.get("cores", cores()),
        "images_per_second": {**found, **speeds},
        "precision": precision,
        "beside": before.get("beside", {}) | (dict.fromkeys(new, found[OLD]) if speeds else {}),
    }


def trained(
    context: ReproductionContext, name: str, seed: int, images: int, precision: str, threads: int
) -> dict[str, Any]:
    """One training and its scores. Raises UserError where it is stopped."""
    each = CONFIGURATIONS[name]
    settings = {**COMMON, **each.changes, "training.seed": seed, "runtime.precision": precision}
    training = change(recipe(each.recipe), settings).training
    steps = images // (training.batch * training.discriminator_steps)
    logs = {"log.keep": 0, "log.checkpoint": max(1, steps // POINTS), "log.snapshot": max(1, steps // POINTS)}
    run = context.trained(
        f"{name}-{seed}", context.cifar, each.recipe, {**settings, **logs, "runtime.threads": threads}, images=images
    )
    info = run.info()
    last = info["step"]
    curve = {step: _scores(context, run, ["fd"], ALONG, step) for step in run.checkpoints() if 0 < step < last}
    return {
        "configuration": name,
        "seed": seed,
        "images": info["images"],
        "steps": info["step"],
        "made": made(),
        "curve": {f"{step / last:.2f}": scores for step, scores in curve.items()},
        "scores": _scores(context, run, METRICS, MEASURED, last),
        "picture": context.picture(run.name, load(run)),
    }


def _scores(context: ReproductionContext, run: Run, metrics: list[str], n: int, step: int) -> dict[str, Any]:
    """Scores of the averaged generator at a step, by every set of features, with their intervals and floors."""

    def measure(features: str) -> dict[str, Any]:
        card = evaluate(run, metrics=metrics, n=n, step=step, features=features, console=context.console)
        return {name: {**interval_of(score), "floor": score.floor} for name, score in card.scores.items()}

    found: dict[str, Any] = {}
    for features in FEATURES:
        found |= context.kept(run, f"colour-{features}-{n}", partial(measure, features), step)
    return found


def add(out: Path, found: Mapping[str, Any], name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Put a training's figures beside the others', draw the curves, and write the page. Returns all figures.

    Another process may have added trainings and speeds meanwhile, which are kept. Raises UserError as `kept` does.
    """
    place = out / FOLDER / FIGURES
    place.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(place.parent / ".lock"):
        others = kept(out, found["minutes"]) or found
        speeds = {
            key: {**others["speeds"].get(key, {}), **value} if isinstance(value, dict) else value
            for key, value in found["speeds"].items()
        }
        trainings = dict(sorted({**others["trainings"], name: entry}.items()))
        found = {**found, "speeds": speeds, "trainings": trainings}
        write_text(place, json.dumps(found, indent=1) + "\n")
        draw(found, place.parent)
        write_text(out / PAGE, text(found))
    return found


if __name__ == "__main__":
    typer.run(main)
