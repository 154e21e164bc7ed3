"""Recipes trained with one budget and measured in one way: a row each."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganatomy import build
from ganatomy.reproduction.workshop import Figures, Workshop, generator_of, seconds_for, table
from ganatomy.run import Run
from ganatomy.scorecard import number

DRAWN = 1000  # images whose drawing is timed


def both(**settings: Any) -> dict[str, Any]:
    """Options of both networks: {"generator.width": 32, "discriminator.width": 32}."""
    return {f"{role}.{name}": value for role in ("generator", "discriminator") for name, value in settings.items()}


def row(
    shop: Workshop, place: str, data: str, recipe: str, settings: Mapping[str, Any], minutes: float, metrics: list[str]
) -> Figures:
    """One recipe trained on `data` and measured; its run is called place-recipe."""
    run = shop.trained(f"{place}-{recipe}", data, recipe, settings, minutes=minutes)
    card, sampler, info = shop.scores(run, metrics), generator_of(run), run.info()
    shop.picture(run.name, sampler)
    drawn = min(DRAWN, shop.images or DRAWN)
    return {
        "settings": dict(settings),
        "parameters": parameters(run),
        "steps": info["step"],
        "images_per_second": info["images"] / info["seconds"],
        "seconds_for_1000": seconds_for(sampler, drawn) * DRAWN / drawn,
        "protocol": card.protocol,
        "scores": {
            name: {"value": score.value, "low": score.low, "high": score.high, "floor": score.floor}
            for name, score in card.scores.items()
        },
    }


def parameters(run: Run) -> int:
    """Numbers that a run's generator has learnt."""
    options = run.config()
    assert options.data.size is not None
    assert options.data.channels is not None
    network = build.generator(options, (options.data.channels, *options.data.size))
    return sum(parameter.numel() for parameter in network.parameters())


def ranked(rows: Mapping[str, Figures]) -> list[tuple[str, Figures]]:
    """Best Fréchet distance first."""
    return sorted(rows.items(), key=lambda item: item[1]["scores"][distance(item[1])]["value"])


def distance(row: Figures) -> str:
    """What its Fréchet distance is called."""
    return next(name for name in row["scores"] if name.startswith("fd_") or name == "fid")


def shown(rows: Mapping[str, Figures], scores: Sequence[str], more: Mapping[str, Any], place: str) -> str:
    """The rows as a table, what was changed of each recipe, and their pictures. more: further columns by their head."""
    names = {score: name for score in scores for name in next(iter(rows.values()))["scores"] if name.startswith(score)}
    body = table(
        ["recipe", *names.values(), *more, "steps", "images/s", "s for 1,000", "parameters"],
        [
            [
                f"`{recipe}`",
                *(_score(row["scores"][name]) for name in names.values()),
                *(say(row) for say in more.values()),
                f"{row['steps']:,}",
                f"{row['images_per_second']:,.0f}",
                f"{row['seconds_for_1000']:.2f}",
                f"{row['parameters']:,}",
            ]
            for recipe, row in ranked(rows)
        ],
    )
    changed = "\n".join(f"- `{recipe}`: {_changes(row)}" for recipe, row in ranked(rows))
    pictures = table([f"`{recipe}`" for recipe in rows], [[f"![]({_file(place, recipe)})" for recipe in rows]])
    return f"{body}\n\nWhat was changed of each recipe to fit the budget:\n\n{changed}\n\n{pictures}"


def _file(place: str, recipe: str) -> str:
    return f"reproduction/{place}-{recipe}.png"


def _changes(row: Figures) -> str:
    changes = {name: value for name, value in row["settings"].items() if name != "data.first"}
    return ", ".join(f"{name} = {value}" for name, value in changes.items()) or "nothing"


def _score(score: Figures) -> str:
    return f"{number(score['value'])} [{number(score['low'])}, {number(score['high'])}]"
