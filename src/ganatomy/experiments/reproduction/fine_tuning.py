"""Few images: from random weights, from a generator of other images, and with FreezeD."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

import numpy as np

from ganatomy.data import Images, prepare, sources
from ganatomy.evaluation.api import evaluate
from ganatomy.experiments.reproduction.chapters import Figures, Parts
from ganatomy.experiments.reproduction.context import (
    Interval,
    Pixels,
    ReproductionContext,
    interval_of,
    interval_text,
    slug,
    table,
)
from ganatomy.experiments.reproduction.rows import both, pictures
from ganatomy.generators.api import load
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import Score
from ganatomy.system.files import cache_folder

SIDE, WIDTH = 32, 24  # pixels; maps of the networks
SETTINGS = {"data.size": [SIDE, SIDE], "data.flip": False, "runtime.threads": 1, **both(family="dcgan", width=WIDTH)}
SEEN_BEFORE, SEEN = 40_000, 6_400  # images, by the generator to start from and by those of few images
SEEDS = (0, 1, 2)
LAYERS = 2  # of the discriminator, that FreezeD holds fixed
MEASURED = 1000  # generated images a score
FEATURES, SCORES = "random", ("fd", "kd", "nearest_ratio")
# Plants, food and animals: the blocks of Unicode that hold little else.
SUBJECT = (
    range(0x1F32D, 0x1F380),
    range(0x1F400, 0x1F440),
    range(0x1F950, 0x1F970),
    range(0x1F980, 0x1F9AF),
    range(0x1F9C0, 0x1F9CC),
    range(0x1FAB0, 0x1FABE),
    range(0x1FAD0, 0x1FAE0),
)
RANDOM, OTHERS, FROZEN = "random weights", "the other emoji", "the other emoji, FreezeD"
STARTS: dict[str, dict[str, Any]] = {RANDOM: {}, OTHERS: {}, FROZEN: {"init.freeze": LAYERS}}
BEFORE, ORIGIN = "the generator to start from", "finetuning-others"


class FineTuned(TypedDict):
    """A trained generator: how many images it has seen, and its scores by name."""

    seen: int
    scores: dict[str, Interval]


@dataclass(frozen=True)
class Emoji:
    """Emoji of the subject to train on (every second one) and to measure against (the others); and all other emoji."""

    few: Images
    held_out: Images
    others: Images

    @classmethod
    def divided(cls) -> "Emoji":
        """Raises UserError where the package with the emoji is missing."""
        pixels = prepare("emoji", size=SIDE).pixels
        names = sources.find("emoji", "train", cache_folder()).load().names
        codes = [int(name.partition("-")[0], 16) for name in names]
        chosen = np.array([any(code in block for block in SUBJECT) for code in codes])
        subject = np.flatnonzero(chosen)
        return cls(prepare(pixels[subject[::2]]), prepare(pixels[subject[1::2]]), prepare(pixels[~chosen]))


def find(context: ReproductionContext) -> Iterator[Figures]:
    """Each start with each seed. Raises UserError where the emoji are missing or a training is stopped."""
    emoji = Emoji.divided()
    found: dict[str, Any] = {
        "images": {name: len(getattr(emoji, name)) for name in ("few", "held_out", "others")},
        "copies": _scores(emoji, emoji.few.pixels),
        "before": _before(context, emoji),
        "starts": {start: {} for start in STARTS},
        "pictures": {BEFORE: f"{ORIGIN}.png"},
    }
    for seed in SEEDS:
        for start in STARTS:
            found["starts"][start][str(seed)] = _start(context, emoji, start, seed)
            if seed == SEEDS[0]:
                found["pictures"][start] = f"{_name(start, seed)}.png"
            yield found


def parts(context: ReproductionContext) -> list[Parts]:
    """The generator to start from, and the trainings from random weights; then those that start from it."""
    emoji = Emoji.divided()
    trainings = [
        {_name(start, seed): partial(_start, context, emoji, start, seed) for start in starts for seed in SEEDS}
        for starts in ((RANDOM,), (OTHERS, FROZEN))
    ]
    return [{ORIGIN: partial(_before, context, emoji), **trainings[0]}, trainings[1]]


def _before(context: ReproductionContext, emoji: Emoji) -> FineTuned:
    """The generator to start from."""
    run = context.trained(ORIGIN, emoji.others.source, "auto", SETTINGS, images=SEEN_BEFORE)
    context.picture(run.name, load(run))
    return context.kept(run, "fine-tuning", lambda: _measure(context, emoji, run))


def _start(context: ReproductionContext, emoji: Emoji, start: str, seed: int) -> FineTuned:
    init = {} if start == RANDOM else {"init.path": str(context.runs / ORIGIN)}
    settings = {**SETTINGS, **init, **STARTS[start], "training.seed": seed}
    run = context.trained(_name(start, seed), emoji.few.source, "auto", settings, images=SEEN)
    if seed == SEEDS[0]:
        context.picture(run.name, load(run))
    return context.kept(run, "fine-tuning", lambda: _measure(context, emoji, run))


def _name(start: str, seed: int) -> str:
    return f"finetuning-{slug(start)}-{seed}"


def _measure(context: ReproductionContext, emoji: Emoji, run: Run) -> FineTuned:
    made = context.samples(load(run), MEASURED)
    return {"seen": run.info()["images"], "scores": _scores(emoji, made)}


def _scores(emoji: Emoji, made: Pixels) -> dict[str, Interval]:
    """Distances of images uint8 [N, H, W, C] to those that were held out, and how near they are to the few."""
    few, held_out = emoji.few.pixels, emoji.held_out.pixels
    found: dict[str, Score] = {}
    for reference, unseen, metrics in ((held_out, None, ["fd", "kd"]), (few, held_out, ["memorisation"])):
        card = evaluate(made, reference=reference, held_out=unseen, metrics=metrics, features=FEATURES)
        found |= card.scores
    return {name: interval_of(found[f"{name}_{FEATURES}"]) for name in SCORES}


def show(found: Figures) -> str:
    """The table of starts, as Markdown."""
    few, held_out, others = (found["images"][name] for name in ("few", "held_out", "others"))
    starts: dict[str, list[FineTuned]] = {start: [*each.values()] for start, each in found["starts"].items() if each}
    body = table(
        ["", "images seen", *(f"{name}_{FEATURES}" for name in SCORES)],
        [
            ["the training images themselves", "", *(interval_text(found["copies"][name]) for name in SCORES)],
            *(_row(name, each) for name, each in {BEFORE: [found["before"]], **starts}.items()),
        ],
    )
    seeds = ", ".join(map(str, SEEDS))
    return f"""{few} emoji of animals, plants and food at {SIDE}×{SIDE} pixels to train on, {held_out} more of the
kind to measure against; the generator to start from was trained on the {others:,} emoji of all other kinds. Each
training is `auto` with DCGAN's networks of width {WIDTH}, augmentation included, one thread; FreezeD holds the first
{LAYERS} layers of the discriminator fixed.

{body}

Seeds {seeds}, the first in the pictures; {MEASURED:,} generated images each; 95% intervals. `fd` and `kd` are distances
to the emoji that were held out. `nearest_ratio` is 0 for copies of the training images, 1 where they are as far off as
those held out.

{pictures(found["pictures"], 4)}"""


def _row(name: str, measured: list[FineTuned]) -> list[str]:
    """A row with a cell for each score, which holds that of every seed."""
    cells = ("; ".join(interval_text(each["scores"][score]) for each in measured) for score in SCORES)
    return [name, f"{measured[0]['seen']:,}", *cells]
