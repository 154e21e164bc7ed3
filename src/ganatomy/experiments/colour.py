"""Which discriminator is worth its time on natural colour images: one generator, equal time, several seeds.

    python -m ganatomy.experiments.colour --cifar10 CIFAR.zip      writes docs/COLOUR.md

Time is counted in images: a configuration trains on as many as a machine showed it in `--minutes`, at the speed that
was measured once, idle, one configuration after the other. So trainings may share a machine with other work, run on
other machines, go on where they were stopped, and repeat exactly. What docs/colour/colour.json holds, speeds and
trainings, is not measured again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import filelock
import matplotlib
import numpy as np
import typer
from matplotlib import pyplot

from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.reproduction.cifar import RECIPES as SMALL
from ganatomy.experiments.reproduction.context import (
    MEASURED,
    ReproductionContext,
    interval_of,
    interval_text,
    made,
    named,
    table,
    whole_numbers,
)
from ganatomy.experiments.reproduction.rows import both, rates
from ganatomy.generators.api import load
from ganatomy.runs.run import Run
from ganatomy.system.files import write_text
from ganatomy.system.runtime import cores
from ganatomy.system.terminal import Terminal

SIDE = 32  # pixels
MINUTES = 20.0
SEEDS = "0,1,2"
FEATURES = ("classifier", "mobilenetv2")
METRICS = ["fd", "kd", "prdc"]
POINTS = 5  # of each curve
ALONG = 2_500  # generated images, for a point before the end
FAR = 3.0  # times the best distances: further away by all features, one seed says enough
ROUNDS = 3  # in which every configuration's speed is measured, one after the other
OLD = "auto"  # whose speed is measured beside that of a configuration that comes later
TAKEN = "tapered"  # what `auto` takes today
PAGE, FOLDER, FIGURES = "COLOUR.md", "colour", "colour.json"


@dataclass(frozen=True)
class Configuration:
    """A recipe with its changes, and what it is in words."""

    words: str
    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)


def _rates(start: float, betas: tuple[float, float]) -> dict[str, Any]:
    """A cosine over the whole budget, of both players."""
    schedule = {"kind": "cosine", "start": start, "end": start / 50}
    return rates(schedule) | {f"{role}_optimiser.betas": list(betas) for role in ("generator", "discriminator")}


_RESIDUAL = {
    **both(family="resnet", width=32),
    "discriminator.norm": "none",
    "objective.name": "hinge",
    **_rates(1e-3, (0.0, 0.9)),
}
_TAPERED = {**_RESIDUAL, **both(widest=4)}
_PROJECTED = {  # the generator is that of `auto`
    "prior.dimension": 64,
    "generator.width": 64,
    "discriminator.family": "projected",
    "discriminator.width": 64,
    "discriminator.pixels": 48,
    "objective.name": "hinge",
    "penalties.r1": 0.1,
    "penalties.every": 16,
    **_rates(6e-4, (0.0, 0.99)),
}
CONFIGURATIONS = {
    "pretrained": Configuration("pretrained features and pixels", "dcgan", _PROJECTED),
    "random": Configuration(
        "the same network with random weights", "dcgan", {**_PROJECTED, "discriminator.features": "random"}
    ),
    "pixels": Configuration("pixels alone", "dcgan", {**_PROJECTED, "discriminator.features": "none"}),
    "dcgan-hinge": Configuration(
        "DCGAN, hinge, spectral normalisation",
        "dcgan",
        {"discriminator.norm": "spectral", "objective.name": "hinge", **_rates(1e-3, (0.5, 0.999))},
    ),
    "sngan": Configuration("SNGAN", "sngan", {**SMALL["sngan"], **_rates(1e-3, (0.0, 0.9))}),
    "r3gan": Configuration("R3GAN", "r3gan", {**SMALL["r3gan"], **_rates(1e-3, (0.0, 0.99))}),
    "auto": Configuration("auto, as it was: DCGAN's networks, R1", "auto", both(family="dcgan", width=64)),
    "residual": Configuration("SNGAN's networks, R1, hinge", "auto", _RESIDUAL),
    "tapered": Configuration("SNGAN's networks, tapered, R1, hinge", "auto", _TAPERED),
    "deep": Configuration(
        "SNGAN's networks, tapered, down to 4×4, R1, hinge",
        "auto",
        {**_RESIDUAL, **both(width=24, widest=8), "discriminator.flat": 1},
    ),
    "relativistic": Configuration(
        "SNGAN's networks, tapered, R1, relativistic",
        "auto",
        {**_TAPERED, "objective.name": "relativistic_pairing"},
    ),
}
COMMON = {  # a folder of images: no classes; mirror images of photographs are photographs
    "data.size": [SIDE, SIDE],
    "data.flip": True,
    "prior.conditional": False,
    "diagnosis.on": False,
}


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
        left = [name for name, seed in wanted if f"{name}-{seed}" not in found["trainings"]]
        left = [name for name in dict.fromkeys(left) if name not in far_behind(found["trainings"])]
        found["speeds"] = with_speeds(found["speeds"], left, cifar10, runs, console)
        context = ReproductionContext(cifar10=cifar10, runs=runs, pictures=out / FOLDER, console=console)
        for name, seed in wanted:
            if f"{name}-{seed}" not in found["trainings"] and name not in far_behind(found["trainings"]):
                images = round(60 * minutes * found["speeds"]["images_per_second"][name])
                entry = trained(context, name, seed, images, found["speeds"]["precision"][name], threads)
                found = add(out, found, f"{name}-{seed}", entry)
    except UserError as error:
        raise SystemExit(f"ganatomy: {error}") from None


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


def by_configuration(trainings: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The trainings of each configuration, by seed."""
    found = {name: [each for each in trainings.values() if each["configuration"] == name] for name in CONFIGURATIONS}
    return {name: sorted(each, key=lambda entry: entry["seed"]) for name, each in found.items() if each}


def draw(found: Mapping[str, Any], folder: Path) -> None:
    """The Fréchet distances over core-seconds, a picture for each set of features."""
    matplotlib.use("agg")
    seconds = found["minutes"] * 60 * found["speeds"]["cores"]
    for features in FEATURES:
        figure, axes = pyplot.subplots(figsize=(10, 4.5), layout="constrained")
        for number, (name, entries) in enumerate(by_configuration(found["trainings"]).items()):
            for entry in entries:
                points = {float(share): scores[f"fd_{features}"]["value"] for share, scores in entry["curve"].items()}
                points[1.0] = entry["scores"][f"fd_{features}"]["value"]
                label = CONFIGURATIONS[name].words if entry is entries[0] else None
                axes.plot(
                    [share * seconds for share in points], list(points.values()), ".-", color=f"C{number}", label=label
                )
        axes.set(yscale="log", xlabel="core-seconds", ylabel=f"fd_{features}, lower is better")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        figure.legend(fontsize=8, loc="outside right upper")
        figure.savefig(folder / f"fd-{features}.png", dpi=120)
        pyplot.close(figure)


def far_behind(trainings: Mapping[str, Any]) -> list[str]:
    """The configurations with more than FAR times the best Fréchet distance by every set of features."""

    def best(entries: Sequence[Mapping[str, Any]], features: str) -> float:
        return min(entry["scores"][f"fd_{features}"]["value"] for entry in entries)

    every = list(trainings.values())
    return [
        name
        for name, entries in by_configuration(trainings).items()
        if all(best(entries, features) > FAR * best(every, features) for features in FEATURES)
    ]


def missing(trainings: Mapping[str, Any]) -> str:
    """Sentences on the trainings that the page lacks; empty where it has all."""
    groups, far = by_configuration(trainings), far_behind(trainings)
    seeds = len(SEEDS.split(","))
    left = {name: seeds - len(groups.get(name, ())) for name in CONFIGURATIONS}
    short = {name: count for name, count in left.items() if count > 0}
    awaited = "; ".join(f"{CONFIGURATIONS[name].words} ({count})" for name, count in short.items() if name not in far)
    once = "; ".join(CONFIGURATIONS[name].words for name in short if name in far)
    words = []
    if once:
        words.append(f"Not repeated, with over {FAR:g} times the best distance by both sets of features: {once}.")
    if awaited:
        words.append(f"**Not trained yet**, of {seeds} seeds each: {awaited}.")
    return "\n".join(words)


def taken(trainings: Mapping[str, Any]) -> str:
    """A sentence on what `auto` takes today, beside what it was; empty where either is missing."""
    groups = by_configuration(trainings)
    if not {OLD, TAKEN} <= set(groups):
        return ""

    def middle(name: str, features: str) -> float:
        return float(np.median([entry["scores"][f"fd_{features}"]["value"] for entry in groups[name]]))

    ratios = " and ".join(
        f"{middle(TAKEN, features) / middle(OLD, features):.2f} by {features}" for features in FEATURES
    )
    return (
        f"For images in colour on a CPU `auto` takes today: {CONFIGURATIONS[TAKEN].words}. Of the Fréchet distance of "
        f"auto as it was, its own is {ratios} (medians over {len(groups[OLD])} and {len(groups[TAKEN])} seeds)."
    )


def text(found: Mapping[str, Any]) -> str:
    """The page."""
    groups = by_configuration(found["trainings"])
    first = next(iter(found["trainings"].values()))["scores"]
    columns = [name for name in first if not name.startswith(("density", "coverage"))]
    order = sorted(groups, key=lambda name: float(np.median([e["scores"][columns[0]]["value"] for e in groups[name]])))
    rows = [
        [CONFIGURATIONS[name].words, f"{entry['seed']}", f"{entry['images']:,}"]
        + [interval_text(entry["scores"][column]) for column in columns]
        for name in order
        for entry in groups[name]
    ]
    floors = ", ".join(f"{name} {first[name]['floor']:.3g}" for name in columns if first[name].get("floor"))
    speeds = table(
        ["configuration", "images/s", "precision"],
        [
            [CONFIGURATIONS[name].words, f"{each:,}", found["speeds"]["precision"][name]]
            for name, each in found["speeds"]["images_per_second"].items()
        ],
    )
    machines = "; ".join(sorted({entry["made"] for entry in found["trainings"].values()}))
    settings = "\n".join(
        f"- {CONFIGURATIONS[name].words}: recipe `{CONFIGURATIONS[name].recipe}`, "
        + ", ".join(f"`{option}={value}`" for option, value in CONFIGURATIONS[name].changes.items())
        for name in order
    )
    grids = "\n\n".join(
        f"{CONFIGURATIONS[name].words}, seed {groups[name][0]['seed']}\n\n![](colour/{groups[name][0]['picture']})"
        for name in order
    )
    known = found["speeds"]["images_per_second"].get(OLD, 0)
    later = "\n".join(
        f"{CONFIGURATIONS[name].words} was measured later, when {OLD} reached {beside:,} images/s: "
        + ("a slower machine, and a smaller budget." if beside < known else "no slower a machine.")
        for name, beside in found["speeds"].get("beside", {}).items()
    )
    curves = "\n\n".join(f"![](colour/fd-{features}.png)" for features in FEATURES)
    title = TITLE.format(
        minutes=found["minutes"],
        measured=found["speeds"]["made"],
        machines=machines,
        taken=taken(found["trainings"]),
        missing=missing(found["trainings"]),
    )
    return f"""{title}

{table(["configuration", "seed", "images seen", *columns], rows)}

{MEASURED:,} generated images against the 50,000. Real images against each other: {floors}.

{curves}

## Speeds

{speeds}

{later}

## Settings

{settings}

## Pictures

{grids}
"""


TITLE = """# Colour images: which discriminator is worth its time

    python -m ganatomy.experiments.colour --cifar10 CIFAR.zip

CIFAR-10 at 32×32 pixels, without classes. Every training sees as many images as its configuration reaches in
{minutes:g} minutes of all cores of one machine ({measured}),
at the speed that was measured there for each, one after the other. Trained: {machines}.

{taken}
{missing}

Pretrained features share ImageNet with fd_mobilenetv2, which flatters what learns from them (Kynkäänniemi et al.
2022, arXiv:2203.06026); fd_classifier's features are a small network's that knows only these images."""


if __name__ == "__main__":
    typer.run(main)
