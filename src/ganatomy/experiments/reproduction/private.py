"""Differential privacy: what noise costs, what it guarantees, and what an attacker still learns."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

import numpy as np

from ganatomy.data import Images, prepare
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.reproduction.chapters import Figures
from ganatomy.experiments.reproduction.context import (
    Interval,
    ReproductionContext,
    interval_of,
    interval_text,
    table,
)
from ganatomy.experiments.reproduction.rows import both, pictures
from ganatomy.generators.api import load
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import number

FEW = 1000  # digits to train on, and as many that an attacker is to tell from them
SETTINGS: dict[str, Any] = {
    "prior.dimension": 32,
    **both(family="mlp"),
    "generator.hidden": [256, 256],
    "discriminator.hidden": [256, 256],
    "training.batch": 64,
    "runtime.precision": "float32",
    "runtime.convolution": "native",
    "runtime.threads": 1,
    "diagnosis.on": False,
}
STEPS = 3000
NOISE = (0.0, 1.0, 4.0)
SEEDS = (0, 1, 2)
MEASURED = 3000  # generated images a score
FEATURES = "lenet"


class Trained(TypedDict):
    """A trained generator: its guarantee, None without noise, and its scores by name."""

    privacy: dict[str, Any] | None
    scores: dict[str, Interval]


@dataclass(frozen=True)
class Digits:
    """Digits to train on, others that an attacker is to tell from them, and all others, to measure against."""

    few: Images
    unseen: Images
    others: Images

    @classmethod
    def divided(cls) -> "Digits":
        """Raises UserError where the package with the digits is missing."""
        pixels = prepare("digits").pixels
        order = np.random.default_rng(0).permutation(len(pixels))
        few, unseen, others = np.split(pixels[:][order], [FEW, 2 * FEW])
        return cls(prepare(few), prepare(unseen), prepare(others))


def find(context: ReproductionContext) -> Iterator[Figures]:
    """Each amount of noise with each seed. Raises UserError where the digits or Opacus are missing."""
    digits = Digits.divided()
    found: dict[str, Any] = {"noise": {str(noise): {} for noise in NOISE}, "pictures": {}}
    for seed in SEEDS:
        for noise in NOISE:
            settings = {**SETTINGS, "privacy.noise": noise, "training.seed": seed}
            run = context.trained(f"private-{noise:g}-{seed}", digits.few.source, "dcgan", settings, steps=STEPS)
            measured = context.kept(run, "privacy", partial(_measure, context, digits, run))
            found["noise"][str(noise)][str(seed)] = measured
            if seed == SEEDS[0]:
                found["pictures"][f"σ = {noise:g}"] = context.picture(run.name, load(run))
            yield found


def _measure(context: ReproductionContext, digits: Digits, run: Run) -> Trained:
    made = context.samples(load(run), MEASURED)
    distance = evaluate(made, reference=digits.others.pixels, metrics=["fd"], features=FEATURES)
    attack = evaluate(
        made, reference=digits.few.pixels, held_out=digits.unseen.pixels, metrics=["membership"], features="pixels"
    )
    scores = distance.scores | attack.scores
    return {
        "privacy": run.info().get("privacy"),
        "scores": {name: interval_of(score) for name, score in scores.items()},
    }


def show(found: Figures) -> str:
    """The table of amounts of noise, as Markdown."""
    groups: dict[str, list[Trained]] = {noise: [*each.values()] for noise, each in found["noise"].items() if each}
    names = list(next(iter(groups.values()))[0]["scores"])
    body = table(["σ", "ε", *names], [_row(noise, each, names) for noise, each in groups.items()])
    seeds = ", ".join(map(str, SEEDS))
    return f"""{FEW:,} of the 5,000 digits to train on, dense networks, {STEPS:,} steps with batches of
{SETTINGS["training.batch"]} on average, one thread; σ is `privacy.noise` ([Privacy](PRIVACY.md)). `fd` is the distance
to {5000 - 2 * FEW:,} other digits. `membership` is how often an attacker who sees one digit of the training set and one
of {FEW:,} others names the right one, by the nearest generated image in pixels: ½ is a guess.

{body}

Seeds {seeds}, the first in the pictures; {MEASURED:,} generated images each; 95% intervals; δ = {number(0.1 / FEW)}.

{pictures(found["pictures"], 3)}"""


def _row(noise: str, trained: list[Trained], names: list[str]) -> list[str]:
    """A row with a cell for each score, which holds that of every seed."""
    cells = ("; ".join(interval_text(each["scores"][name]) for each in trained) for name in names)
    kept = trained[0]["privacy"]
    return [f"{float(noise):g}", number(kept["epsilon"]) if kept else "∞", *cells]
