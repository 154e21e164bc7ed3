"""Measure generated rows of a table beside baselines that are no GAN: `ganatomy evaluate` of a table's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ganatomy.evaluation.comparison import Comparison
from ganatomy.evaluation.rows.columns import distances
from ganatomy.evaluation.rows.evaluator import RowEvaluator
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.files import read
from ganatomy.report import table
from ganatomy.runs import scorecard
from ganatomy.runs.scorecard import ScoreCard, readable
from ganatomy.system.files import explained, write_text

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = "str | Path | pd.DataFrame"


@dataclass(frozen=True)
class RowComparison:
    """Generated rows and baselines side by side.

    cards  score cards: of the generated rows, of the Gaussian copula, of independent columns
    notes  sentences on how they were measured
    """

    cards: tuple[ScoreCard, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        comparison, made = Comparison(self.cards), self.cards[0]
        width = max(map(len, made.scores))
        lines = [f"  {name:<{width}}  {made.scores[name]}" for name in made.scores if name not in comparison.scores]
        for name, score in made.scores.items():
            lines += [
                f"  {name:<{width}}  {key.replace('_', ' ')}: {readable(it)}" for key, it in score.details.items()
            ]
        for card in self.cards:
            whose = "" if card is made else f" of {card.name}"
            missed = [each for each in card.made["not_taken"] if card is made or each not in made.made["not_taken"]]
            lines += [f"  not measured{whose}: {sentence}" for sentence in missed]
        return "\n".join([comparison.text(), "", made.name, *lines, "", *self.notes])


def evaluate(
    synthetic: Table,
    reference: Table,
    *,
    held_out: Table | None = None,
    target: str | int | None = None,
    metrics: Sequence[str] = (),
    out: str | Path | None = None,
    page: str | Path | None = None,
    subject: Mapping[str, Any] | None = None,
    reference_name: str = "the reference",
) -> RowComparison:
    """Scores of generated rows and of two baselines, each with its interval and its floor.

    synthetic  the generated rows: a file, or a DataFrame with the reference's columns
    reference  the real rows that they shall be like
    held_out   real rows that the generator did not learn from; None: a third of the reference, at random
    target     the column that the utility predicts; None: the last one that is not constant
    metrics    names of ROW_METRICS; none: all
    out        a file to write the score card of the generated rows to, for `ganatomy compare`
    page       an HTML file to write the columns to, real and generated side by side
    subject    of the card, where the rows are those of a run; None: the file, or the DataFrame
    reference_name  how the card calls a reference that is a DataFrame

    Raises UserError for tables of other columns, for too few rows, and for names that do not exist.
    """
    made, real = _table(synthetic), _table(reference)
    evaluator = RowEvaluator(
        real,
        None if held_out is None else _table(held_out),
        beside=[made],
        target=target,
        metrics=metrics,
        name=_name(reference, reference_name),
    )
    fake = evaluator.numbers(made)
    card = evaluator.card({"table": _name(synthetic, "the generated rows")}, fake)
    cards = [card, *evaluator.baselines(len(fake))]
    beside = {each.name: {name: score.value for name, score in each.scores.items()} for each in cards[1:]}
    cards[0] = card = replace(card, subject=dict(subject or card.subject), made={**card.made, "baselines": beside})
    scorecard.write(card, out)
    if page is not None:
        with explained(Path(page).parent):
            by_column = distances(evaluator.known, fake, evaluator.discrete)
            words = f"{card.terms}."
            write_text(Path(page), table.page(card.name, words, evaluator.schema, evaluator.known, fake, by_column))
    return RowComparison(tuple(cards), _notes(evaluator.known, evaluator.unseen, held_out))


def _notes(known: Numbers, unseen: Numbers, held_out: Table | None) -> tuple[str, ...]:
    baselines = "The Gaussian copula and independent columns were fitted to the same real rows: they are no networks."
    if held_out is not None:
        return (baselines,)
    return (
        baselines,
        f"{len(unseen):,} of {len(known) + len(unseen):,} real rows, drawn at random, were put aside to test on. A "
        "generator that learnt from them too looks better than it is: --held-out DATA names rows that it has not seen.",
    )


def _table(table: Table) -> pd.DataFrame:
    return read(table) if isinstance(table, (str, Path)) else table


def _name(table: Table, otherwise: str) -> str:
    return str(table) if isinstance(table, (str, Path)) else otherwise
