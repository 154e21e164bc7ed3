"""The comparisons that articles make: one pass or many, sharp or blurred, DCGAN's rules kept or broken."""

from collections.abc import Iterator
from typing import Any

from ganatomy.evaluation.evaluator import BATCH
from ganatomy.evaluation.metrics import spectrum
from ganatomy.experiments.reproduction import mnist
from ganatomy.experiments.reproduction.rows import both, measured, pictures
from ganatomy.experiments.reproduction.workshop import (
    LEARNT,
    Figures,
    Workshop,
    estimated,
    seconds_for,
    slug,
    table,
    told,
)
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


def find(shop: Workshop) -> Iterator[Figures]:
    """The three comparisons."""
    yield {"speed": _speed(shop), "sharpness": _sharpness(shop), "rules": _rules(shop)}


def _speed(shop: Workshop) -> Figures:
    count = min(TIMED, shop.images or TIMED)
    one = load(mnist.trained(shop, GAN))
    seconds = {"1": seconds_for(one, count) / count}
    for steps in DENOISING:
        rival = load(mnist.trained(shop, RIVAL), changes={"diffusion.sampling_steps": steps})
        seconds[str(steps)] = seconds_for(rival, count) / count
    return seconds


def _sharpness(shop: Workshop) -> Figures:
    real = shop.digits.learnt
    drawn = {recipe: shop.samples(load(mnist.trained(shop, recipe))) for recipe in (GAN, BLURRED)}
    return {recipe: estimated(spectrum.sharpness(real, pixels)) for recipe, pixels in drawn.items()}


def _rules(shop: Workshop) -> Figures:
    found = {}
    for name, changes in RULES.items():
        settings = {"data.first": LEARNT, **both(width=32), **changes}
        run = shop.trained(f"rules-{slug(name)}", shop.digits.path, "dcgan", settings, steps=STEPS)
        found[name] = measured(shop, run, ["fd", "prdc"])
    return found


def show(found: Figures) -> str:
    """Three tables."""
    speed, one = found["speed"], found["speed"]["1"]
    seconds = table(
        ["", "passes an image", "seconds an image", "ratio"],
        [
            [GAN if passes == "1" else RIVAL, passes, f"{value:.2g}", f"{value / one:,.0f}"]
            for passes, value in speed.items()
        ],
    )
    sharp = table(
        ["", "energy at high frequencies, real images = 1"],
        [[name, told(found["sharpness"][name])] for name in found["sharpness"]],
    )
    rules = table(
        ["DCGAN with", "fd_lenet", "precision", "recall", "parameters"],
        [
            [
                name,
                *(told(row["scores"][f"{score}_lenet"]) for score in ("fd", "precision", "recall")),
                f"{row['parameters']:,}",
            ]
            for name, row in found["rules"].items()
        ],
    )
    return f"""### One forward pass against many denoising steps

The `{GAN}` and `{RIVAL}` of the table on MNIST, {TIMED} images in batches of {BATCH}.

{seconds}

### Sharpness

Mean energy of the images above half of the Nyquist frequency, over that of real images (1 is as sharp as real, less is
blurred).

{sharp}

### DCGAN's rules

`dcgan` at width 32 on MNIST, {STEPS:,} steps each, with one of its rules broken.

{rules}

{pictures(found["rules"], 4)}"""
