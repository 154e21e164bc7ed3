"""Every recipe and baseline on MNIST with the same budget, measured in the same way."""

from typing import Any

from ganatomy.reproduction.rows import both, ranked, row, shown
from ganatomy.reproduction.workshop import LEARNT, Figures, Workshop, generator_of
from ganatomy.run import Run
from ganatomy.scorecard import number

MINUTES = 10
METRICS = ["fd", "kd", "prdc", "classes"]
# What makes a recipe fit for ten minutes of two cores: widths and batches. Its losses, penalties and structure stay.
RECIPES: dict[str, dict[str, Any]] = {
    "goodfellow2014": {},
    "dcgan": both(width=32),
    "lsgan": both(width=32),
    "wgan": both(width=32),
    "wgan-gp": both(width=32),
    "sngan": both(width=32),
    "r3gan": {**both(widths=[48], blocks=[1], cardinality=[12]), "training.batch": 64},
    "stylegan2": {
        **both(channels_base=1024, channels_most=64, mapping_layers=2),
        "generator.style": 64,
        "prior.dimension": 64,
    },
    "digits": {},
    "vae": both(width=32),
    "diffusion": {"generator.width": 32},
    "gsn": {},
}


def find(shop: Workshop) -> Figures:
    """A row of scores for each recipe, and its likelihood by the 2014 protocol."""
    rows = {}
    for recipe, changes in RECIPES.items():
        settings = {"data.first": LEARNT, **changes}
        rows[recipe] = row(shop, "mnist", shop.digits.path, recipe, settings, MINUTES, METRICS)
        sampler = generator_of(Run(shop.runs / f"mnist-{recipe}"))
        rows[recipe]["parzen"] = shop.digits.likelihood(shop.samples(sampler))
    return {"minutes": shop.minutes or MINUTES, "rows": rows}


def show(found: Figures) -> str:
    """The table and what follows from it."""
    best, first = ranked(found["rows"])[0]
    distance = first["scores"]["fd_lenet"]
    scores = ("fd", "kd", "precision", "recall", "classes")
    likelihood = {"Parzen, nats": lambda row: f"{row['parzen']['nats']:.0f} ± {row['parzen']['error']:.1f}"}
    return f"""{found["minutes"]:g} minutes of training each, on the first 50,000 training images, one after the other
on an otherwise idle machine; scores of {first["protocol"]["samples"]:,} images of the averaged generator against those
50,000, with 95% intervals. Real data against itself: fd_lenet {number(distance["floor"])}. The best, `{best}`, stands
at {distance["value"] / distance["floor"]:.1f} times that. Parzen windows by the 2014 protocol, of 10,000 images; they
do not rank models. The last but one column: seconds to draw 1,000 images in batches of 64.

{shown(found["rows"], scores, likelihood, "mnist")}"""
