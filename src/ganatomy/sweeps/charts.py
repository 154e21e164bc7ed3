"""The charts of a sweep, for plotly: Optuna's, and parallel coordinates as lines.

Optuna's own parallel coordinates are drawn with WebGL, for which plotly compiles code in the page: the page's content
security policy forbids that.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import optuna
from optuna import visualization
from optuna.trial import FrozenTrial, TrialState

from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.space import label_of

FEWEST = 4  # finished trials before importance means anything
LINES = 200  # of parallel coordinates at most
WIDEST = 40  # characters of a parameter's name on a chart


@dataclass(frozen=True)
class SweepChart:
    """A chart with what it shows in words, as plotly's data and layout."""

    title: str
    words: str
    figure: dict[str, Any]


def charts(journal: Journal) -> list[SweepChart]:
    """What can be drawn of the trials so far."""
    done = journal.trials(TrialState.COMPLETE)
    if len(done) < 2:
        return []
    labels = [str(outcome["label"]) for outcome in done[0].user_attrs["outcomes"]]
    return [
        *_front(journal, labels),
        *_importance(journal, labels, len(done)),
        *_parallel(done, labels),
        *_slices(journal, labels),
    ]


def importance(journal: Journal, objective: int = 0) -> dict[str, float]:
    """The share of the objective's variance that each parameter explains, 0 to 1, by fANOVA (Hutter et al. 2014).

    Of parameters that all finished trials have; empty where there are none, or too few trials.
    """
    done = journal.trials(TrialState.COMPLETE)
    if len(done) < FEWEST or len({_value(trial, objective) for trial in done}) == 1:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found = optuna.importance.get_param_importances(
        journal.study, evaluator=evaluator, target=lambda trial: _value(trial, objective)
    )
    return {name: float(share) for name, share in found.items()}


def _value(trial: FrozenTrial, objective: int) -> float:
    return float(trial.user_attrs["outcomes"][objective]["value"])


def _front(journal: Journal, labels: list[str]) -> Iterator[SweepChart]:
    if len(labels) > 1:
        words = "Each point is a trial. No other trial is better in every objective than one on the front."
        yield SweepChart(f"{labels[0]} against {labels[1]}", words, _scatter(journal, labels))


def _scatter(journal: Journal, labels: list[str]) -> dict[str, Any]:
    front = {trial.number for trial in journal.study.best_trials}
    done = journal.trials(TrialState.COMPLETE)
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "marker": {"size": 9, "color": colour},
            "x": [_value(trial, 0) for trial in chosen],
            "y": [_value(trial, 1) for trial in chosen],
            "text": [f"trial {trial.number}" for trial in chosen],
        }
        for name, colour, chosen in (
            ("on the front", "#d55e00", [trial for trial in done if trial.number in front]),
            ("others", "#0072b2", [trial for trial in done if trial.number not in front]),
        )
    ]
    layout = {"height": 380, "xaxis": {"title": {"text": labels[0]}}, "yaxis": {"title": {"text": labels[1]}}}
    return {"data": data, "layout": layout}


def _importance(journal: Journal, labels: list[str], done: int) -> Iterator[SweepChart]:
    for objective, label in enumerate(labels):
        shares = importance(journal, objective)
        if not shares:
            continue
        names = list(shares)[::-1]
        bars: dict[str, Any] = {
            "type": "bar",
            "orientation": "h",
            "x": [shares[name] for name in names],
            "y": list(map(_short, names)),
            "marker": {"color": "#0072b2"},
        }
        words = f"The share of the variance of {label} over {done} trials that each option explains: fANOVA."
        layout = {"margin": {"l": 260, "t": 20}, "height": 90 + 28 * len(names), "xaxis": {"range": [0, 1]}}
        yield SweepChart(f"Importance of options for {label}", words, {"data": [bars], "layout": layout})


def _parallel(done: list[FrozenTrial], labels: list[str]) -> Iterator[SweepChart]:
    """Each trial a line through its options, each scaled to the chart's height, in the first objective's colour."""
    names = list(dict.fromkeys(name for trial in done for name in trial.params))
    values = [_value(trial, 0) for trial in done]
    low, high = min(values), max(values)
    lines = []
    for trial, value in sorted(zip(done, values, strict=True), key=lambda pair: -pair[1])[-LINES:]:
        heights = [_height(trial, name) for name in names]
        share = (value - low) / (high - low) if high > low else 0.0
        lines.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [_short(name) for name in names] + [labels[0]],
                "y": [*heights, share],
                "text": [f"{_short(name)}: {_shown(trial.params.get(name))}" for name in names]
                + [f"{labels[0]}: {value:.4g}"],
                "hoverinfo": "text+name",
                "name": f"trial {trial.number}",
                "line": {"color": _colour(share), "width": 1.5},
                "showlegend": False,
                "connectgaps": True,
            }
        )
    words = (
        f"Each line is a trial, orange where {labels[0]} is low, blue where it is high; each option from its lowest "
        "value below to its highest above."
    )
    layout = {"margin": {"b": 140, "t": 20}, "height": 460, "yaxis": {"visible": False}, "xaxis": {"tickangle": 30}}
    yield SweepChart("Parallel coordinates", words, {"data": lines, "layout": layout})


def _height(trial: FrozenTrial, name: str) -> float | None:
    """Where in its distribution a parameter lies, 0 to 1; None where the trial has no such parameter."""
    if name not in trial.params:
        return None
    value, distribution = trial.params[name], trial.distributions[name]
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return distribution.choices.index(value) / max(1, len(distribution.choices) - 1)
    if not isinstance(distribution, optuna.distributions.IntDistribution | optuna.distributions.FloatDistribution):
        return None
    low, high = distribution.low, distribution.high
    if distribution.log:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return float((value - low) / (high - low)) if high > low else 0.5


def _slices(journal: Journal, labels: list[str]) -> Iterator[SweepChart]:
    """A small chart for each parameter: the first objective against its value."""
    figure = visualization.plot_slice(journal.study, target=lambda trial: _value(trial, 0), target_name=labels[0])
    plain = json.loads(figure.to_json())
    for name in ("template", "title"):
        plain["layout"].pop(name, None)
    plain["layout"] |= {"height": 340, "margin": {"t": 20}}
    words = f"Each point is a trial: {labels[0]} against each option. The darker, the later."
    yield SweepChart("Slices", words, {"data": plain["data"], "layout": plain["layout"]})


def _colour(share: float) -> str:
    """From orange at 0 to blue at 1."""
    ends = ((0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2))
    return "#" + "".join(f"{round(one + share * (other - one)):02x}" for one, other in zip(*ends, strict=True))


def _short(name: str) -> str:
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else label_of(value)
