"""The comparisons that articles make: one pass or many, sharp or blurred, DCGAN's rules kept or broken."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ganatomy.evaluation.evaluator import BATCH
from ganatomy.evaluation.metrics import spectrum
from ganatomy.experiments.reproduction import mnist
from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import (
    TRAINING_IMAGES,
    Interval,
    ReproductionContext,
    interval_of,
    interval_text,
    seconds_for,
    table,
)
from ganatomy.experiments.reproduction.rows import Row, both, measured, pictures, run_name
from ganatomy.generators.api import load

GAN, RIVAL, BLURRED = "dcgan", "diffusion", "vae"  # of the table on MNIST, trained with one budget
DENOISING = (50, 1000)
TIMED = 64  # images
STEPS = 2000  # of each of DCGAN's variants
RULES: dict[str, dict[str, Any]] = {
    "the paper's rules": {},
    "no batch normalisation": both(norm="none"),
    "pooling": both(resampling="pooling"),
    "dense hidden layers": both(dense=512),
}


def find(context: ReproductionContext) -> Iterator[Figures]:
    """The three comparisons. Raises UserError where MNIST is missing or a training is stopped."""
    speed, sharpness = _speed(context), _sharpness(context)
    yield {"speed": speed, "sharpness": sharpness, "rules": {name: _rule(context, name) for name in RULES}}


def parts(context: ReproductionContext) -> list[Parts]:
    """The trainings."""
    rows = {run_name("mnist", name): partial(mnist.trained, context, name) for name in (GAN, RIVAL, BLURRED)}
    return [{**rows, **{run_name("rules", name): partial(_rule, context, name) for name in RULES}}]


def _speed(context: ReproductionContext) -> dict[str, float]:
    """Seconds an image, by the passes that it takes."""
    count = min(TIMED, context.images or TIMED)
    one = load(mnist.trained(context, GAN))
    seconds = {"1": seconds_for(one, count) / count}
    for steps in DENOISING:
        rival = load(mnist.trained(context, RIVAL), changes={"diffusion.sampling_steps": steps})
        seconds[str(steps)] = seconds_for(rival, count) / count
    return seconds


def _sharpness(context: ReproductionContext) -> dict[str, Interval]:
    real = context.digits.training
    drawn = {recipe: context.samples(load(mnist.trained(context, recipe))) for recipe in (GAN, BLURRED)}
    return {recipe: interval_of(spectrum.sharpness(real, pixels)) for recipe, pixels in drawn.items()}


def _rule(context: ReproductionContext, name: str) -> Row:
    settings = {"data.first": TRAINING_IMAGES, **both(width=32), **RULES[name]}
    run = context.trained(run_name("rules", name), context.digits.path, "dcgan", settings, steps=STEPS)
    return measured(context, run, ["fd", "prdc"])


def show(found: Figures) -> str:
    """The three tables, as Markdown."""
    speed, one = found["speed"], found["speed"]["1"]
    seconds = table(
        ["", "passes per image", "seconds per image", "ratio"],
        [
            [GAN if passes == "1" else RIVAL, passes, f"{value:.2g}", f"{value / one:,.0f}"]
            for passes, value in speed.items()
        ],
    )
    sharp = table(
        ["", "energy at high frequencies, real images = 1"],
        [[name, interval_text(found["sharpness"][name])] for name in found["sharpness"]],
    )
    rules = table(
        ["DCGAN with", "fd_lenet", "precision", "recall", "parameters"],
        [
            [
                name,
                *(interval_text(row["scores"][f"{score}_lenet"]) for score in ("fd", "precision", "recall")),
                f"{row['parameters']:,}",
            ]
            for name, row in found["rules"].items()
        ],
    )
    return f"""### One forward pass against many denoising steps

The `{GAN}` and `{RIVAL}` of the table on MNIST, {TIMED} images in batches of {BATCH}.

{seconds}

### Sharpness

Mean energy of the images above half the Nyquist frequency, divided by that of real images (1: as sharp as real; less:
blurred).

{sharp}

### DCGAN's rules

`dcgan` at width 32 on MNIST, {STEPS:,} steps each; each row but the first breaks one rule.

{rules}

{pictures({name: row["picture"] for name, row in found["rules"].items()}, 4)}"""
