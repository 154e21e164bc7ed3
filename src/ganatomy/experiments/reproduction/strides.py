"""Strides or pooling: one of DCGAN's rules, kept and broken, over several seeds."""

from collections.abc import Iterator
from functools import partial
from statistics import mean
from typing import Any

from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import TRAINING_IMAGES, ReproductionContext, interval_text, table
from ganatomy.experiments.reproduction.rows import Row, both, distance, measured, pictures
from ganatomy.runs.scorecard import number

MINUTES = 10
SEEDS = (0, 1, 2)
WIDTH = 32
KINDS: dict[str, dict[str, Any]] = {"strides": {}, "pooling": both(resampling="pooling")}


def find(context: ReproductionContext) -> Iterator[Figures]:
    """A row for each seed and kind. Raises UserError where MNIST is missing or a training is stopped."""
    rows: dict[str, list[Row]] = {kind: [] for kind in KINDS}
    for seed in SEEDS:
        for kind in KINDS:
            rows[kind].append(_row(context, kind, seed))
        yield {"minutes": context.minutes or MINUTES, "rows": rows}


def parts(context: ReproductionContext) -> list[Parts]:
    """Its trainings."""
    return [{f"{kind}-{seed}": partial(_row, context, kind, seed) for seed in SEEDS for kind in KINDS}]


def _row(context: ReproductionContext, kind: str, seed: int) -> Row:
    settings = {"data.first": TRAINING_IMAGES, "training.seed": seed, **both(width=WIDTH), **KINDS[kind]}
    run = context.trained(f"{kind}-{seed}", context.digits.path, "dcgan", settings, minutes=MINUTES)
    return measured(context, run, ["fd", "prdc"])


def show(found: Figures) -> str:
    """The table and what follows from it, as Markdown."""
    rows: dict[str, list[Row]] = found["rows"]
    name = distance(rows["strides"][0])
    distances = {kind: [row["scores"][name]["value"] for row in each] for kind, each in rows.items()}
    ahead = sum(pooled < strided for strided, pooled in zip(distances["strides"], distances["pooling"], strict=True))
    cells = {
        kind: [(interval_text(row["scores"][name]), f"{row['steps']:,}") for row in each] for kind, each in rows.items()
    }
    body = table(
        ["seed", *(f"{kind}: {what}" for kind in KINDS for what in (name, "steps"))],
        [
            [f"{seed}", *strided, *pooled]
            for seed, strided, pooled in zip(SEEDS, cells["strides"], cells["pooling"], strict=False)
        ],
    )
    means = ", ".join(f"{kind} {number(mean(each))}" for kind, each in distances.items())
    return f"""Radford et al. 2015 replace pooling by strided convolutions. `dcgan` at width {WIDTH} on MNIST, \
{found["minutes"]:g} minutes each, with one
and with the other; steps differ because a step of each costs something else.

{body}

Pooling is ahead in {ahead} of {len(distances["pooling"])} seeds; means of {name}: {means}.

{pictures({kind: rows[kind][0]["picture"] for kind in KINDS}, 2)}"""
