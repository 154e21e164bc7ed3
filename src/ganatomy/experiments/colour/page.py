"""docs/COLOUR.md: tables, curves and pictures of the trainings there are, and what is missing."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot

from ganatomy.experiments.colour.configurations import CONFIGURATIONS, OLD, TAKEN
from ganatomy.experiments.reproduction.context import MEASURED, interval_text, table

SEEDS = "0,1,2"
FEATURES = ("classifier", "mobilenetv2")
FAR = 3.0  # times the best distances: further away by all features, one seed says enough

TITLE = """# Colour images: which discriminator is worth its time

    python -m ganatomy.experiments.colour --cifar10 CIFAR.zip

CIFAR-10 at 32×32 pixels, without classes. Every training sees as many images as its configuration reaches in
{minutes:g} minutes of all cores of one machine ({measured}),
at the speed that was measured there for each, one after the other. Trained: {machines}.

{taken}
{missing}

Pretrained features share ImageNet with fd_mobilenetv2, which flatters what learns from them (Kynkäänniemi et al.
2022, arXiv:2203.06026); fd_classifier's features are a small network's that knows only these images."""


def by_configuration(trainings: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The trainings of each configuration, by seed."""
    found = {name: [each for each in trainings.values() if each["configuration"] == name] for name in CONFIGURATIONS}
    return {name: sorted(each, key=lambda entry: entry["seed"]) for name, each in found.items() if each}


def draw(found: Mapping[str, Any], folder: Path) -> None:
    """The Fréchet distances over core-seconds, a picture for each set of features."""
    matplotlib.use("agg")
    seconds = found["minutes"] * 60 * found["speeds"]["cores"]
    colours = pyplot.get_cmap("tab20")  # as many as configurations, and more
    for features in FEATURES:
        figure, axes = pyplot.subplots(figsize=(10, 4.5), layout="constrained")
        for number, (name, entries) in enumerate(by_configuration(found["trainings"]).items()):
            for entry in entries:
                points = {float(share): scores[f"fd_{features}"]["value"] for share, scores in entry["curve"].items()}
                points[1.0] = entry["scores"][f"fd_{features}"]["value"]
                label = CONFIGURATIONS[name].words if entry is entries[0] else None
                axes.plot(
                    [share * seconds for share in points],
                    list(points.values()),
                    ".-",
                    color=colours(number),
                    label=label,
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
