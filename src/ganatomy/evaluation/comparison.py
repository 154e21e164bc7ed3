"""Runs side by side: the function behind `ganatomy compare`, which refuses to compare scores of different protocols.

No torch: it reads the score cards in the runs' folders.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ganatomy.errors import UserError
from ganatomy.runs.run import RUNS, Run
from ganatomy.runs.scorecard import Score, ScoreCard, cards, number, read

ARROWS = {"lower": "↓", "higher": "↑", "as real": "≈ real"}


class Comparison:
    """Score cards of one protocol, and the scores that all of them have."""

    def __init__(self, chosen: Sequence[ScoreCard]) -> None:
        """chosen: two or more. Raises UserError where their protocols or settings differ, or they share no score."""
        first, *others = chosen
        for other in others:
            if differing := list(_differences(first.protocol, other.protocol)):
                raise UserError(_refusal(first, other, differing))
        self.cards = list(chosen)
        self.scores = [name for name in first.scores if all(name in card.scores for card in others)]
        if not self.scores:
            raise UserError(
                f"{first.name} and {others[0].name} have no score in common: evaluate both with the same --metrics."
            )
        for name in self.scores:
            for other in others:
                if differing := list(_differences(first.scores[name].settings, other.scores[name].settings)):
                    raise UserError(_refusal(first, other, differing, name))

    def best(self, name: str) -> list[bool]:
        """For each card, whether its score is the best or its interval overlaps the best one's."""
        scores = [card.scores[name] for card in self.cards]
        winner = min(scores, key=badness)
        return [score.overlaps(winner) for score in scores]

    def table(self) -> list[list[str]]:
        """Rows of text: a heading, one a card, and real data against itself."""
        rows = [["", *(f"{name} {ARROWS[self.cards[0].scores[name].better]}" for name in self.scores)]]
        marks = {name: self.best(name) for name in self.scores}
        for i, card in enumerate(self.cards):
            cells = (card.scores[name].interval() + (" *" if marks[name][i] else "") for name in self.scores)
            rows.append([card.name, *cells])
        return [*rows, ["real data", *(number(self.cards[0].scores[name].floor) for name in self.scores)]]

    def text(self) -> str:
        """A table for a terminal, with what its marks mean."""
        rows = self.table()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(
            [
                *lines,
                "",
                f"Each score: {self.cards[0].terms}; in brackets, the 95% interval over other generated samples.",
                "* the best, or an interval that overlaps the best one's. Real data: one half against the other.",
            ]
        )

    def latex(self) -> str:
        """A table for a paper, for LaTeX with the package booktabs."""
        arrows = {"↓": r"$\downarrow$", "↑": r"$\uparrow$", "≈ real": r"$\approx$ real"}
        heading, *rows = self.table()
        titles = [_escaped(cell) for cell in heading]
        for sign, command in arrows.items():
            titles = [title.replace(sign, command) for title in titles]
        bold = [
            [rf"\textbf{{{_escaped(cell[:-2])}}}" if cell.endswith(" *") else _escaped(cell) for cell in row]
            for row in rows
        ]
        lines = [" & ".join(row) + r" \\" for row in bold]
        return "\n".join(
            [
                rf"\begin{{tabular}}{{l{'r' * len(self.scores)}}}",
                r"\toprule",
                " & ".join(titles) + r" \\",
                r"\midrule",
                *lines[:-1],
                r"\midrule",
                lines[-1],
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )

    def json(self) -> str:
        """Subjects, scores and the protocol as JSON."""
        entries = [
            {
                "subject": card.subject,
                "scores": {
                    name: {key: getattr(card.scores[name], key) for key in ("value", "low", "high", "floor", "better")}
                    for name in self.scores
                },
            }
            for card in self.cards
        ]
        return json.dumps({"protocol": self.cards[0].protocol, "compared": entries}, indent=2, ensure_ascii=False)


def compare(subjects: Sequence[str | Path | Run], features: str | None = None, runs: str | Path = RUNS) -> Comparison:
    """Compare the newest score card of each run, of given features if any; a subject may be a card's file.

    Raises UserError where a run has no card, and where the cards' protocols differ.
    """
    if len(subjects) < 2:
        raise UserError("Give at least two runs: ganatomy compare RUN RUN.")
    return Comparison([_card(subject, features, Path(runs)) for subject in subjects])


def _card(subject: str | Path | Run, features: str | None, runs: Path) -> ScoreCard:
    if not isinstance(subject, Run) and str(subject).endswith(".json"):
        return read(Path(subject))
    run = subject if isinstance(subject, Run) else Run.find(subject, runs)
    found = [card for card in cards(run) if features in (None, card.protocol["features"]["name"])]
    if not found:
        option = f" --features {features}" if features else ""
        raise UserError(f"{run.path} has no scores yet: ganatomy evaluate {run.address}{option}")
    return max(found, key=lambda card: (card.subject["step"], card.made["time"]))


def _differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two protocols differ: (dotted name, one's value, the other's)."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from _differences(one.get(key), other.get(key), f"{path}.{key}" if path else key)
    elif one != other:
        yield path, one, other


def _refusal(one: ScoreCard, other: ScoreCard, differing: list[tuple[str, Any, Any]], score: str = "") -> str:
    reasons = "; ".join(f"{name} is {_short(mine)} and {_short(its)}" for name, mine, its in differing)
    whose = f"The score {score} of {one.name} and {other.name}" if score else f"{one.name} and {other.name}"
    return f"{whose} cannot be compared: {reasons}; evaluate both in the same way."


def _short(value: Any) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else text[:12] + "…"


def badness(score: Score) -> float:
    """How bad a score is: the value, its negative where higher is better, or its distance from real data's."""
    if score.better == "as real":
        return 0.0 if score.floor is None else abs(score.value - score.floor)
    return score.value if score.better == "lower" else -score.value


def _escaped(text: str) -> str:
    return "".join("\\" + letter if letter in "_&%#$" else letter for letter in text)
