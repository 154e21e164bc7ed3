"""The charts of a run's records: what they show and how to read them. page.js draws them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from math import isfinite, log
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ganatomy.config.options import Config
from ganatomy.gan.equilibrium import Equilibrium
from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.report.curves import Column, Columns, thin

MARKS = {  # events that a chart shows: plotly's name of their line, and the line in words
    "resumed": ("dot", "dotted where the training was resumed"),
    "not finite": ("dash", "dashed where a number was not finite"),
    "remedy": ("dashdot", "dashed and dotted where a remedy was applied"),
}
PLAYERS = ("discriminator", "generator")


class Chart(NamedTuple):
    """A chart: title and words for people, data for page.js."""

    title: str
    words: str
    data: dict[str, Any]


def of(records: Columns, config: Config | None, info: Mapping[str, Any] = MappingProxyType({})) -> list[Chart]:
    """The charts that the records have numbers for. info: run.json, which says where a stranger's game rests."""
    samples = "points" if "lab" in info else "images"
    charts = [
        _value(records),
        _losses(records, config, info, samples),
        _discriminator(records, samples),
        _gradients(records),
        _penalties(records),
        _speed(records, samples),
    ]
    return [chart for chart in charts if chart.data["series"]]


def marks(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events as vertical lines."""
    return [{"x": event["step"], "dash": MARKS[event["event"]][0]} for event in events]


def equilibrium(config: Config | None, info: Mapping[str, Any] = MappingProxyType({})) -> dict[str, tuple[float, str]]:
    """The players' losses at equilibrium, as numbers and as text; {} where they are not known.

    As run.json has them; runs that are older than that have objectives of ours.
    """
    if isinstance(recorded := info.get("equilibrium"), Mapping):
        with suppress(TypeError, KeyError):  # damaged: not worth a page
            return Equilibrium(**recorded).levels
    if config is None or config.objective.label_smoothing:
        return {}
    objective = OBJECTIVES.get(config.objective.name)
    return objective.equilibrium.levels if objective else {}


def _losses(records: Columns, config: Config | None, info: Mapping[str, Any], samples: str) -> Chart:
    levels = equilibrium(config, info)
    objective = OBJECTIVES.get(config.objective.name) if config else None
    critic = info.get("critic", objective is not None and objective.critic)
    words = "GAN losses need not fall: each player is measured against an opponent that learns too. "
    if levels:
        places = " and ".join(f"{text} for the {player}" for player, (_, text) in levels.items())
        words += f"Dashed lines: the losses at equilibrium, where generated {samples} are like real ones ({places}). "
    words += (
        f"Minus the discriminator's loss estimates the distance between generated and real {samples}."
        if critic
        else f"A discriminator's loss near 0 means that it tells all {samples} apart; the generator then learns little."
    )
    return Chart("Losses", words, {**_group(records, "loss"), "levels": [_level(*item) for item in levels.items()]})


def _value(records: Columns) -> Chart:
    """The value of a game of the lab, where p and q are known."""
    names = {"lab/value": ("V(D, G)", "discriminator"), "lab/best_value": ("−log 4 + 2·JSD(p, q)", "generator")}
    seen = np.isfinite(records["lab/value"]) if "lab/value" in records else np.zeros(0, bool)
    measured = {name: column[seen] for name, column in records.items()} if seen.any() else {}
    series = [_series(measured, name, *words) for name, words in names.items() if name in measured]
    words = (
        "The value for this discriminator, and for the optimal one. Training the discriminator raises the first "
        "towards the second; training the generator lowers the second to −log 4."
    )
    level = {"y": -log(4), "text": "−log 4", "role": "neutral"}
    return Chart("Value of the game", words, {"series": series, "levels": [level]})


def _discriminator(records: Columns, samples: str) -> Chart:
    """D(x) and D(G(z)): probabilities where scores mean that, else the scores with their spread."""
    names = {"real": "D(x), real", "fake": "D(G(z)), generated"}
    if "probability/real" in records:
        series = [
            {**_series(records, f"probability/{side}", name, side), **_likely(records, side)}
            for side, name in names.items()
            if f"probability/{side}" in records
        ]
        words = (
            f"The discriminator's probability that real and generated {samples} are real; the band is one standard "
            "deviation of its scores to either side. At equilibrium both are ½; the further apart the curves, the "
            f"better it tells the {samples} apart."
        )
        half = {"y": 0.5, "text": "½", "role": "neutral"}
        return Chart("The discriminator's probabilities", words, {"series": series, "levels": [half], "range": [0, 1]})
    series = [_band(records, side, name) for side, name in names.items() if f"score/{side}" in records]
    words = (
        f"The discriminator's scores of real and generated {samples}; the band is one standard deviation to either "
        f"side. The more the bands overlap, the less it tells the {samples} apart."
    )
    return Chart("The discriminator's scores", words, {"series": series})


def _gradients(records: Columns) -> Chart:
    words = (
        "The norm of each player's gradient, on a logarithmic scale. A norm that falls towards 0 means that this "
        "player has stopped learning; jumps by factors of ten mean that training is about to diverge."
    )
    return Chart("Gradient norms", words, {**_group(records, "gradient_norm"), "log": True})


def _penalties(records: Columns) -> Chart:
    words = "Added to the discriminator's loss to keep it smooth; shown without its weight. It should level off."
    return Chart("Penalties", words, _group(records, "penalty"))


def _speed(records: Columns, samples: str) -> Chart:
    words = f"Real {samples} per second that the discriminator sees. Dips are other work of this run or of the machine."
    name = "images_per_second"
    series = [_series(records, name, f"{samples} per second", "neutral")] if name in records else []
    return Chart("Speed", words, {"series": series, "zero": True})


def _group(records: Columns, prefix: str) -> dict[str, Any]:
    """The curves of all names `prefix/…`; players have their own colours."""
    names = [name for name in records if name.startswith(f"{prefix}/")]
    labels = [name.removeprefix(f"{prefix}/") for name in names]
    others = [label for label in labels if label not in PLAYERS]
    roles = [label if label in PLAYERS else f"other{others.index(label) % 3}" for label in labels]
    return {"series": [_series(records, *each) for each in zip(names, labels, roles, strict=True)]}


def _series(records: Columns, name: str, label: str, role: str) -> dict[str, Any]:
    return {"name": label, "role": role, **curve(records["step"], records[name])}


def _band(records: Columns, side: str, label: str) -> dict[str, Any]:
    """A curve with the edges of its band, one standard deviation off."""
    mean = records[f"score/{side}"]
    spread = records.get(f"score/{side}_std", np.zeros_like(mean))
    edges = {"low": curve(records["step"], mean - spread), "high": curve(records["step"], mean + spread)}
    return {**_series(records, f"score/{side}", label, side), **edges}


def _likely(records: Columns, side: str) -> dict[str, Any]:
    """The edges of a band of probabilities: σ of scores one standard deviation off."""
    mean, spread = records.get(f"score/{side}"), records.get(f"score/{side}_std")
    if mean is None or spread is None:
        return {}
    low, high = (1 / (1 + np.exp(-np.clip(edge, -500, 500))) for edge in (mean - spread, mean + spread))
    return {"low": curve(records["step"], low), "high": curve(records["step"], high)}


def curve(steps: Column, values: Column) -> dict[str, Any]:
    """Points [N] as JSON, at most 2,000: five digits, which is more than a screen shows, and null for a gap."""
    x, y = thin(steps, values)
    return {"x": [int(step) for step in x], "y": [float(f"{value:.5g}") if isfinite(value) else None for value in y]}


def _level(player: str, level: tuple[float, str]) -> dict[str, Any]:
    return {"y": level[0], "text": level[1], "role": player}
