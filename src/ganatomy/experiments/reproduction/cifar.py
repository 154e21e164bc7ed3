"""CIFAR-10: short runs of five recipes, labelled as such."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import ReproductionContext
from ganatomy.experiments.reproduction.rows import Row, both, measured, ranked, rates, rows_shown, run_name, train_row
from ganatomy.runs.scorecard import number

MINUTES = 20
METRICS = ["fd", "kd", "prdc"]
# Widths, batches and rates for twenty minutes of two cores, and weights of StyleGAN2's penalties for small images.
RECIPES: dict[str, dict[str, Any]] = {
    "auto": {},
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


def find(context: ReproductionContext) -> Iterator[Figures]:
    """A row of scores for each recipe. Raises UserError where CIFAR-10 is missing or a training is stopped."""
    rows: dict[str, Row] = {}
    for recipe in RECIPES:
        rows[recipe] = _row(context, recipe)
        yield {"minutes": context.minutes or MINUTES, "rows": rows}


def parts(context: ReproductionContext) -> list[Parts]:
    """Its rows."""
    return [{run_name("cifar10", recipe): partial(_row, context, recipe) for recipe in RECIPES}]


def _row(context: ReproductionContext, recipe: str) -> Row:
    run = train_row(context, "cifar10", recipe, context.cifar, RECIPES[recipe], MINUTES)
    return measured(context, run, METRICS)


def show(found: Figures) -> str:
    """The table of recipes, as Markdown."""
    first = ranked(found["rows"])[0][1]
    name, floor = next((name, score["floor"]) for name, score in first["scores"].items())
    share = found.get("share", "two CPU cores")
    return f"""**{found["minutes"]:g} minutes of {share} each**: a few thousandths of what the papers spend. These
figures say how far such a machine gets in that time, not how good the methods are; and `{name}` is not FID.
The ranking is by the features of a small classifier; to the eye, the pictures may rank differently.
{first["protocol"]["samples"]:,} images against the 50,000 training images. Real data against itself: {number(floor)}.

{rows_shown(found["rows"], ("fd", "kd", "precision", "recall"), {})}"""
