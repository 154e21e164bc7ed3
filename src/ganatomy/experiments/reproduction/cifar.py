"""CIFAR-10: short runs of four recipes, labelled as such."""

from collections.abc import Iterator
from typing import Any

from ganatomy.experiments.reproduction.rows import both, measured, ranked, rates, shown, train_row
from ganatomy.experiments.reproduction.workshop import Figures, Workshop
from ganatomy.runs.scorecard import number

MINUTES = 20
METRICS = ["fd", "kd", "prdc"]
# Widths, batches and rates for twenty minutes of two cores, and weights of StyleGAN2's penalties for small images.
RECIPES: dict[str, dict[str, Any]] = {
    "dcgan": {**both(width=48), **rates(5e-4)},
    "sngan": {**both(width=32), **rates(1e-3)},
    "r3gan": {
        **both(widths=[128, 64, 32, 16], blocks=[1], cardinality=[16, 8, 4, 2]),
        "training.batch": 64,
        **rates(1e-3),
    },
    "stylegan2": {
        **both(channels_base=512, channels_most=64, mapping_layers=2),
        "generator.style": 64,
        "prior.dimension": 64,
        "penalties.r1": 0.1,
        "penalties.path_length": 0.0,
    },
}


def find(shop: Workshop) -> Iterator[Figures]:
    """A row of scores for each recipe."""
    rows: dict[str, Figures] = {}
    for recipe, changes in RECIPES.items():
        run = train_row(shop, "cifar10", recipe, shop.colours(), changes, MINUTES)
        rows[recipe] = measured(shop, run, METRICS)
        yield {"minutes": shop.minutes or MINUTES, "rows": rows}


def show(found: Figures) -> str:
    """The table."""
    first = ranked(found["rows"])[0][1]
    name, floor = next((name, score["floor"]) for name, score in first["scores"].items())
    return f"""**{found["minutes"]:g} minutes of two CPU cores each**: a few thousandths of what the papers spend. These
figures say how far one comes on such a machine in that time, not how good the methods are; and `{name}` is not FID.
The order is by the features of a small classifier, and an eye may order the pictures otherwise.
{first["protocol"]["samples"]:,} images against the 50,000 training images. Real data against itself: {number(floor)}.

{shown(found["rows"], ("fd", "kd", "precision", "recall"), {})}"""
