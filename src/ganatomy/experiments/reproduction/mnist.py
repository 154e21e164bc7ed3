"""Every recipe and baseline on MNIST with the same budget, measured in the same way."""

from collections.abc import Callable, Iterator
from functools import partial
from math import nan
from typing import Any

from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import (
    MEASURED,
    TRAINING_IMAGES,
    Interval,
    ReproductionContext,
    interval_of,
    interval_text,
)
from ganatomy.experiments.reproduction.rows import Row, both, measured, ranked, rates, rows_shown, run_name, train_row
from ganatomy.generators.api import load
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import number

MINUTES = 10
METRICS = ["fd", "kd", "prdc", "classes"]
UNSEEN = "mnist-unseen"
# What makes a recipe fit for ten minutes of two cores: widths, batches, rates. Losses and structure stay, penalties too
# but StyleGAN2's, whose published weights are for faces of a million pixels.
# A row is named after its recipe, and perhaps what is changed of it.
RECIPES: dict[str, dict[str, Any]] = {
    "auto": {},
    "digits by class": {"prior.conditional": True},
    "digits": {},
    "dcgan": {**both(width=24), **rates(1e-3)},
    "goodfellow2014": {},
    "lsgan": {**both(width=24), **rates(1e-3)},
    "wgan": {**both(width=24), **rates(2e-4)},
    "wgan-gp": {**both(width=16), **rates(1e-3)},
    "sngan": {**both(width=24), **rates(1e-3)},
    "sngan by class": {**both(width=24), **rates(1e-3), "prior.conditional": True},
    "r3gan": {**both(widths=[64, 32, 16], blocks=[1], cardinality=[8, 4, 2]), "training.batch": 64, **rates(1e-3)},
    "stylegan2": {
        **both(channels_base=512, channels_most=64),
        "generator.mapping_layers": 2,
        "generator.style": 64,
        "prior.dimension": 64,
        "penalties.r1": 1.0,
        "penalties.path_length": 0.0,
    },
    "vae": {**both(width=32), "prior.dimension": 16, "vae.likelihood": "bernoulli"},
    "diffusion": {"generator.width": 16, "training.batch": 32, "generator_optimiser.learning_rate": 1e-3},
    "gsn": {},
}


def find(context: ReproductionContext) -> Iterator[Figures]:
    """A row of scores for each recipe, and its likelihood by the 2014 protocol.

    Raises UserError where MNIST is missing or a training is stopped.
    """
    unseen = _unseen(context)
    rows: dict[str, Row] = {}
    for name in RECIPES:
        rows[name] = _row(context, name)
        yield {"minutes": context.minutes or MINUTES, "unseen": unseen, "rows": rows}


def parts(context: ReproductionContext) -> list[Parts]:
    """Its rows."""
    rows = {run_name("mnist", name): partial(_row, context, name) for name in RECIPES}
    return [{UNSEEN: partial(_unseen, context), **rows}]


def trained(context: ReproductionContext, name: str) -> Run:
    """The run of a row. Raises UserError where its training is stopped."""
    return train_row(
        context, "mnist", name, context.digits.path, {"data.first": TRAINING_IMAGES, **RECIPES[name]}, MINUTES
    )


def _row(context: ReproductionContext, name: str) -> Row:
    run = trained(context, name)
    likelihood = context.kept(run, "parzen", lambda: context.digits.likelihood(context.samples(load(run))))
    return {**measured(context, run, METRICS), "parzen": likelihood}


def _unseen(context: ReproductionContext) -> Interval:
    """The Fréchet distance of real digits that no model was trained on."""

    def make() -> Interval:
        digits = context.digits
        count = min(context.images or MEASURED, len(digits.test))
        card = evaluate(digits.test, reference=digits.training, metrics=["fd"], n=count, features="lenet")
        return interval_of(card.scores["fd_lenet"])

    return context.made(context.runs, UNSEEN, make)


def show(found: Figures) -> str:
    """The table of recipes, as Markdown."""
    best, first = ranked(found["rows"])[0]
    distance = first["scores"]["fd_lenet"]
    floor = distance["floor"] or nan
    scores = ("fd", "kd", "precision", "recall", "classes")
    missing = ", ".join(name for name in RECIPES if name not in found["rows"])
    likelihood: dict[str, Callable[[Row], str]] = {
        "Parzen, nats": lambda row: f"{row['parzen']['nats']:.0f} ± {row['parzen']['error']:.1f}"
    }
    alone = "one after the other\non an otherwise idle machine"
    where = f"side by side,\neach with {found['share']}" if "share" in found else alone
    return f"""{found["minutes"]:g} minutes of training each, on the first 50,000 training images, {where}; \
scores of {first["protocol"]["samples"]:,} images of the averaged generator against those
50,000, with 95% intervals. Real data against itself, images of the same writers: fd_lenet {number(floor)}.
The best, {best}, reaches {distance["value"] / floor:.1f} times that. MNIST's test images, of other
writers, measured in the same way: {interval_text(found["unseen"])}. Parzen windows by the 2014 protocol, of 10,000
images; they do not rank models. The last column but one: seconds to draw 1,000 images in batches of 64.

One training each: the intervals are those of the measurement, not between trainings. The rows were not tuned equally.
What `auto` begins with was chosen among some eight variants by this same distance on MNIST, so its row flatters it.
`stylegan2` was trained twice: with `penalties.r1=0.1` and path lengths it had collapsed to 3 classes, fd_lenet 73.9;
its row is the second.

{f"Not measured yet: {missing}.{2 * chr(10)}" if missing else ""}{rows_shown(found["rows"], scores, likelihood)}"""
