"""Measure generated rows of a table beside baselines that are no GAN: `ganatomy evaluate` of a table's file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ganatomy.baselines.copula import GaussianCopula
from ganatomy.baselines.independent import IndependentColumns
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.comparison import Comparison
from ganatomy.evaluation.origin import code_of
from ganatomy.evaluation.rows import ROW_METRICS, RowSets
from ganatomy.evaluation.rows.columns import distances
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.detection import Kind
from ganatomy.modalities.tables.files import read
from ganatomy.modalities.tables.schema import Schema
from ganatomy.report import table
from ganatomy.runs.scorecard import Score, ScoreCard, readable
from ganatomy.system import machine
from ganatomy.system.extras import needed
from ganatomy.system.files import explained, write_text
from ganatomy.system.sealed import finite

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = "str | Path | pd.DataFrame"

VERSION = 1  # raise when a score gives another number for the same rows
UNSEEN = 3  # one real row of so many is put aside to test on, where no others are given
LEAST = 120  # real rows: each half has 40 to learn from, and 40 are unseen


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
    for name in metrics:
        ROW_METRICS.find(name)
    tables = [_table(each) for each in (synthetic, reference, held_out) if each is not None]
    schema, (fake, real, *others) = _numbers(tables)
    if len(real) < LEAST or len(fake) < LEAST // UNSEEN:
        raise UserError(
            f"{len(real):,} real and {len(fake):,} generated rows are too few to compare: give {LEAST} real ones and "
            f"{LEAST // UNSEEN} generated ones at least."
        )
    where = _place(schema, target)
    order = np.random.default_rng(0).permutation(len(real))
    unseen, known = (others[0], real[order]) if others else np.split(real[order], [len(real) // UNSEEN])
    chance, half = np.random.default_rng(1), len(known) // 2
    sets = RowSets(schema, known, unseen, fake, where)
    floor, _ = _scores(RowSets(schema, known[:half], unseen, known[half:], where), metrics, {}, intervals=False)
    floors = {name: score.value for name, score in floor.items()}
    generated = {
        _name(synthetic, "the generated rows"): fake,
        "Gaussian copula": GaussianCopula(known, sets.discrete, chance).sample(len(fake), chance),
        "independent columns": IndependentColumns(known, sets.discrete).sample(len(fake), chance),
    }
    protocol = {
        "version": VERSION,
        "samples": len(fake),
        "features": {"name": "cells", "target": str(schema.columns[where].name)},
        "reference": {"fingerprint": sha256(known.tobytes()).hexdigest(), "rows": len(known), "unseen": len(unseen)},
    }
    cards = []
    for name, rows in generated.items():
        scores, skipped = _scores(sets.with_fake(rows), metrics, floors)
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "reference": _name(reference, reference_name),
            "versions": machine.versions(),
            "not_taken": skipped,
        }
        cards.append(ScoreCard({"table": name}, protocol, scores, made))
    if subject is not None:
        cards[0] = replace(cards[0], subject=dict(subject))
    card, *baselines = cards
    if not card.scores:
        raise UserError(f"No score can be measured. {' '.join(card.made['not_taken'])}")
    beside = {each.name: {name: score.value for name, score in each.scores.items()} for each in baselines}
    card = cards[0] = replace(card, made={**card.made, "baselines": beside})
    if out is not None:
        with explained(Path(out).parent):
            card.save(Path(out))
    if page is not None:
        with explained(Path(page).parent):
            by_column = distances(known, fake, sets.discrete)
            write_text(Path(page), table.page(card.name, f"{card.terms}.", schema, known, fake, by_column))
    return RowComparison(tuple(cards), _notes(known, unseen, held_out))


def _scores(
    sets: RowSets, metrics: Iterable[str], floors: dict[str, float], intervals: bool = True
) -> tuple[dict[str, Score], list[str]]:
    """Scores by name, and a sentence on each metric that could not be measured."""
    scores, skipped = {}, []
    for name in metrics or ROW_METRICS:
        try:
            found = ROW_METRICS[name].measure(sets, intervals)
        except UserError as error:
            skipped.append(f"{name}: {error}")
            continue
        low, high = finite(found.estimate.low), finite(found.estimate.high)
        settings = code_of(ROW_METRICS, name)
        scores[name] = Score(
            found.estimate.value, low, high, floors.get(name), found.better, settings, dict(found.details)
        )
    return scores, skipped


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


def _numbers(tables: list[pd.DataFrame]) -> tuple[Schema, list[Numbers]]:
    """The columns that all tables have, but for constant ones, and the numbers of each table.

    tables: the generated one, the reference, and it may be held-out rows. Categories are those of all tables. Raises
    UserError where their columns are not the same.
    """
    pandas = needed("pandas", "tables", "A table")
    ours = tables[1]
    for other in tables:
        for name in [name for name in ours.columns if name not in other.columns]:
            raise UserError(f"A table lacks the column {name!r}, which the reference has.")
        for name in [name for name in other.columns if name not in ours.columns]:
            raise UserError(f"A table has the column {name!r}, which the reference lacks.")
    found = Schema.of(ours)
    # Numbers are compared as numbers: a generator may give fractions where there were none.
    kinds: dict[str, Kind] = {
        column.name: "continuous" if column.kind == "integer" else column.kind  # type: ignore[misc]
        for column in found.columns
    }
    every = pandas.concat([each[ours.columns] for each in tables], ignore_index=True)
    schema = Schema.of(every, kinds)
    varying = [i for i, column in enumerate(schema.columns) if not column.constant]
    if not varying:
        raise UserError("All columns are constant: there is nothing to compare.")
    numbers = schema.numbers(every)[:, varying]
    ends = np.cumsum([len(each) for each in tables])[:-1]
    columns = tuple(schema.columns[i] for i in varying)
    return schema.model_copy(update={"columns": columns}), np.split(numbers, ends)


def _place(schema: Schema, target: str | int | None) -> int:
    names = [column.name for column in schema.columns]
    if target is None:
        return len(names) - 1
    if target not in names:
        raise unknown("column to predict (or it is constant)", str(target), map(str, names))
    return names.index(target)
