"""The scores of a run, from its score cards: a table of the newest, and charts over training."""

from collections.abc import Sequence
from html import escape
from typing import Any

from ganatomy.report.charts import Chart
from ganatomy.runs.scorecard import ScoreCard, number, readable

BETTER = {"lower": "lower is better", "higher": "higher is better", "as real": "best where real data is"}


def section(cards: Sequence[ScoreCard]) -> str:
    """The newest scores of each kind of features as HTML; empty without any."""
    if not cards:
        return ""
    newest = {(card.protocol["features"]["name"], card.protocol["samples"]): card for card in cards}
    tables = "".join(_table(card) for card in newest.values())
    words = (
        "<p>In brackets: the 95% interval, how far the score would move with other samples of the same generator. "
        "Real data: the same score of one half of the real images against the other; anything better is chance. "
        "Compare only scores that were measured in the same way: <code>ganatomy compare</code> checks that.</p>"
    )
    return f'<section class="scores"><h2>Scores</h2>{words}{tables}</section>'


def of(cards: Sequence[ScoreCard]) -> list[Chart]:
    """Charts of scores over training: the first score of each kind of features that was measured more than once."""
    kinds: dict[tuple[str, Any], list[ScoreCard]] = {}
    for card in cards:
        if not card.scores:
            continue
        name = next(iter(card.scores))
        subject = card.subject
        if subject.get("average") and subject.get("truncation") is None and not subject.get("how"):
            kinds.setdefault((name, str(card.protocol)), []).append(card)
    return [_chart(name, found) for (name, _), found in kinds.items() if len(found) > 1]


def _chart(name: str, cards: Sequence[ScoreCard]) -> Chart:
    steps, scores = [card.subject["step"] for card in cards], [card.scores[name] for card in cards]
    curve = {"name": name, "role": "generator", "x": steps, "y": [score.value for score in scores]}
    band = {edge: {"x": steps, "y": [getattr(score, edge) for score in scores]} for edge in ("low", "high")}
    floor = {"y": scores[-1].floor, "text": "real data", "role": "neutral"}
    words = (
        f"{cards[-1].protocol['samples']:,} generated images each time, of the same seeds: "
        f"{BETTER[scores[-1].better]}. Band: 95% interval. Line: real data against itself."
    )
    return Chart(f"Score: {name}", words, {"series": [{**curve, **band}], "levels": [floor]})


def _table(card: ScoreCard) -> str:
    rows = []
    for name, score in card.scores.items():
        beside = "; ".join(f"{key.replace('_', ' ')}: {readable(value)}" for key, value in score.details.items())
        cells = (name, score.interval(), number(score.floor), BETTER[score.better] + (f"; {beside}" if beside else ""))
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "<tr><th>score</th><th>value</th><th>real data</th><th></th></tr>"
    caption = escape(f"{card.name}: {card.terms}; features: {card.protocol['features']['name']}")
    return f"<table><caption>{caption}</caption>{head}{''.join(rows)}</table>"
