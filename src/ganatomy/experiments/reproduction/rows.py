"""Recipes trained with one budget and measured in one way: a row each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from ganatomy.config.recipes import recipe
from ganatomy.experiments.reproduction.context import (
    Interval,
    Likelihood,
    ReproductionContext,
    interval_of,
    interval_text,
    seconds_for,
    slug,
    table,
)
from ganatomy.generators.api import load
from ganatomy.runs.run import Run

DRAWN = 1000  # images whose drawing is timed
PARTS = (
    "prior",
    "generator",
    "discriminator",
    "penalties",
    "generator_optimiser",
    "discriminator_optimiser",
    "training",
)
FOLLOWS = ("prior.classes", "training.steps", "training.images", "training.minutes")  # from the data and the budget


class RowScore(Interval):
    """A score, its interval, and that of real data against itself."""

    floor: float | None


class Row(TypedDict):
    """What is known of a trained recipe, as JSON keeps it."""

    picture: str
    changes: dict[str, Any]
    parameters: int
    steps: int
    images_per_second: float
    seconds_for_1000: float
    protocol: dict[str, Any]
    scores: dict[str, RowScore]
    parzen: NotRequired[Likelihood]


Rows = Mapping[str, Row]


def both(**settings: Any) -> dict[str, Any]:
    """Options of both networks: {"generator.width": 32, "discriminator.width": 32}."""
    return {f"{role}.{name}": value for role in ("generator", "discriminator") for name, value in settings.items()}


def rates(learning_rate: float | Mapping[str, Any]) -> dict[str, Any]:
    """One learning rate, or schedule of it, for both players."""
    return {f"{role}_optimiser.learning_rate": learning_rate for role in ("generator", "discriminator")}


def run_name(prefix: str, name: str) -> str:
    """The name of a row's run."""
    return f"{prefix}-{slug(name)}"


def train_row(
    context: ReproductionContext, prefix: str, name: str, data: str, settings: Mapping[str, Any], minutes: float
) -> Run:
    """The run of a row. name: the recipe's, and perhaps more words: "sngan by class"."""
    return context.trained(run_name(prefix, name), data, name.split()[0], settings, minutes=minutes)


def measured(context: ReproductionContext, run: Run, metrics: list[str]) -> Row:
    """A run's row of figures, measured once, and its picture."""
    return context.kept(run, "row", lambda: _measure(context, run, metrics))


def _measure(context: ReproductionContext, run: Run, metrics: list[str]) -> Row:
    card, sampler, info = context.scores(run, metrics), load(run), run.info()
    drawn = min(DRAWN, context.images or DRAWN)
    return {
        "picture": context.picture(run.name, sampler),
        "changes": changes(run),
        "parameters": sum(parameter.numel() for parameter in sampler.network.parameters()),
        "steps": info["step"],
        "images_per_second": info["images"] / info["seconds"],
        "seconds_for_1000": seconds_for(sampler, drawn) * DRAWN / drawn,
        "protocol": card.protocol,
        "scores": {name: {**interval_of(score), "floor": score.floor} for name, score in card.scores.items()},
    }


def changes(run: Run) -> dict[str, Any]:
    """What a run changes of its recipe's networks, batch, rates, losses: not its data, budget, logs and machine."""
    options = run.config()
    base = recipe(options.recipe)
    found: dict[str, Any] = {}
    for part in PARTS:
        now, before = getattr(options, part).model_dump(mode="json"), getattr(base, part).model_dump(mode="json")
        found |= {f"{part}.{name}": value for name, value in now.items() if value != before.get(name)}
    return {name: value for name, value in found.items() if name not in FOLLOWS}


def ranked(rows: Rows) -> list[tuple[str, Row]]:
    """Best Fréchet distance first."""
    return sorted(rows.items(), key=lambda item: item[1]["scores"][distance(item[1])]["value"])


def distance(row: Row) -> str:
    """The name of its Fréchet distance."""
    return next(name for name in row["scores"] if name.startswith("fd_") or name == "fid")


def rows_shown(rows: Rows, scores: Sequence[str], more: Mapping[str, Callable[[Row], str]]) -> str:
    """The rows as a table, what was changed of each recipe, and their pictures.

    more: further columns by their head, each a function of the row.
    """
    names = [
        next(name for name in next(iter(rows.values()))["scores"] if name == score or name.startswith(f"{score}_"))
        for score in scores
    ]
    body = table(
        ["recipe", *names, *more, "steps", "images/s", "s for 1,000", "parameters"],
        [
            [
                name,
                *(interval_text(row["scores"][score]) for score in names),
                *(text(row) for text in more.values()),
                f"{row['steps']:,}",
                f"{row['images_per_second']:,.0f}",
                f"{row['seconds_for_1000']:.2f}",
                f"{row['parameters']:,}",
            ]
            for name, row in ranked(rows)
        ],
    )
    changed = "\n".join(f"- {name}: {_changes(row)}" for name, row in ranked(rows))
    shown = pictures({name: row["picture"] for name, row in ranked(rows)})
    return f"{body}\n\nWhat was changed of each recipe:\n\n{changed}\n\n{shown}"


def pictures(files: Mapping[str, str], columns: int = 3) -> str:
    """Pictures under their names, so many side by side."""
    names = list(files)
    lines = [names[start : start + columns] for start in range(0, len(names), columns)]
    return "\n\n".join(table(line, [[f"![](reproduction/{files[name]})" for name in line]]) for line in lines)


def _changes(row: Row) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in row["changes"].items()) or "nothing"
