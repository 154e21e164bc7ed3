"""The tables of docs/EVALUATION.md, made from the registries."""

from inspect import getdoc
from typing import Any

from ganatomy.evaluation.features import EXTRACTORS
from ganatomy.evaluation.metrics import METRICS


def extractor_table() -> str:
    """Every feature extractor, in Markdown."""
    return _table(["`--features`", "what it is"], [[f"`{name}`", _text(make)] for name, make in EXTRACTORS.items()])


def metric_table() -> str:
    """Every metric with its scores, in Markdown; \\* marks the usual ones."""
    rows = []
    for name, metric in METRICS.items():
        ending = "" if metric.pixels else "_…"
        scores = [f"`{score}{ending}`" for score in metric.scores] + [f"`{metric.official}`"] * bool(metric.official)
        mark = r" \*" if metric.usual else ""
        rows.append([f"`{name}`{mark}", ", ".join(scores), _text(metric.measure)])
    return _table(["`--metrics`", "scores", "what it measures"], rows)


def _text(part: Any) -> str:
    """A docstring as one line."""
    return " ".join((getdoc(part) or "").split())


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])
