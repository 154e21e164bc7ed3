"""Scores of generated rows against real ones, each with its interval and floor, and of baselines that are no GAN."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from ganatomy.baselines.copula import GaussianCopula
from ganatomy.baselines.independent import IndependentColumns
from ganatomy.errors import UserError, unknown
from ganatomy.evaluation.origin import code_of
from ganatomy.evaluation.rows import ROW_METRICS, RowSets
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.detection import Kind
from ganatomy.modalities.tables.schema import Schema
from ganatomy.runs.scorecard import Score, ScoreCard
from ganatomy.system import machine
from ganatomy.system.extras import needed
from ganatomy.system.sealed import finite

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1  # raise when a score gives another number for the same rows
UNSEEN = 3  # one real row of so many is put aside to test on, where no others are given
LEAST = 120  # real rows: each half has 40 to learn from, and 40 are unseen
LEAST_MADE = LEAST // UNSEEN


class RowEvaluator:
    """Measures generated rows of one table.

    known, unseen  real rows that a generator learnt from, and others, numbers [N, D] of the columns that vary
    """

    def __init__(
        self,
        reference: pd.DataFrame,
        held_out: pd.DataFrame | None = None,
        *,
        beside: Sequence[pd.DataFrame] = (),
        target: str | int | None = None,
        metrics: Sequence[str] = (),
        name: str = "the reference",
    ) -> None:
        """reference: real rows; held_out: others, a third of the reference if None; beside: tables whose categories are
        known too; target, metrics: as of `evaluate`; name: how score cards call the reference.

        Raises UserError for tables of other columns, for too few rows, and for names that do not exist.
        """
        for metric in metrics:
            ROW_METRICS.find(metric)
        self.metrics, self.name = metrics, name
        self._schema, self._varying = _columns(
            [reference, *beside, *([] if held_out is None else [held_out])], reference
        )
        real = self.numbers(reference)
        if len(real) < LEAST:
            raise UserError(f"{len(real):,} real rows are too few to compare with: {LEAST} are needed.")
        order = np.random.default_rng(0).permutation(len(real))
        if held_out is None:
            self.unseen, self.known = np.split(real[order], [len(real) // UNSEEN])
        else:
            self.unseen, self.known = self.numbers(held_out), real[order]
        varying = self._schema.model_copy(update={"columns": tuple(self._schema.columns[i] for i in self._varying)})
        self._sets = RowSets(varying, self.known, self.unseen, self.known, _place(varying, target))

    @property
    def schema(self) -> Schema:
        """The columns that vary."""
        return self._sets.schema

    @property
    def discrete(self) -> list[bool]:
        """Of each of these columns, whether it is a category."""
        return self._sets.discrete

    def numbers(self, frame: pd.DataFrame) -> Numbers:
        """The numbers [N, D] of a table, of the columns that vary."""
        return self._schema.numbers(frame[[column.name for column in self._schema.columns]])[:, self._varying]

    @cached_property
    def floors(self) -> dict[str, float]:
        """Scores of one half of the known rows against the other."""
        half = len(self.known) // 2
        halves = RowSets(self.schema, self.known[:half], self.unseen, self.known[half:], self._sets.target)
        return {name: score.value for name, score in self._scores(halves, {}, intervals=False)[0].items()}

    def card(self, subject: dict[str, Any], fake: Numbers) -> ScoreCard:
        """The score card of `subject`, whose rows are numbers [N, D].

        Raises UserError where there are too few, and where no metric could be measured.
        """
        if len(fake) < LEAST_MADE:
            raise UserError(f"{len(fake):,} generated rows are too few to compare: {LEAST_MADE} are needed.")
        card = self._card(subject, fake)
        if not card.scores:
            raise UserError(f"No score can be measured. {' '.join(card.made['not_taken'])}")
        return card

    def _card(self, subject: dict[str, Any], fake: Numbers) -> ScoreCard:
        scores, skipped = self._scores(self._sets.with_fake(fake), self.floors)
        rows = {"rows": len(self.known), "unseen": len(self.unseen)}
        protocol = {
            "version": VERSION,
            "samples": len(fake),
            "features": {"name": "cells", "target": str(self.schema.columns[self._sets.target].name)},
            "reference": {"fingerprint": sha256(self.known.tobytes()).hexdigest(), **rows},
        }
        made = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "reference": self.name,
            "versions": machine.versions(),
            "not_taken": skipped,
        }
        return ScoreCard(subject, protocol, scores, made)

    def baselines(self, count: int) -> list[ScoreCard]:
        """The cards of so many rows of a Gaussian copula and of independent columns, fitted to the known rows."""
        chance = np.random.default_rng(1)
        drawn = {
            "Gaussian copula": GaussianCopula(self.known, self.discrete, chance).sample(count, chance),
            "independent columns": IndependentColumns(self.known, self.discrete).sample(count, chance),
        }
        return [self._card({"table": name}, rows) for name, rows in drawn.items()]

    def _scores(
        self, sets: RowSets, floors: dict[str, float], intervals: bool = True
    ) -> tuple[dict[str, Score], list[str]]:
        """Scores by name, and a sentence on each metric that could not be measured."""
        scores, skipped = {}, []
        for name in self.metrics or ROW_METRICS:
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


def _columns(tables: Sequence[pd.DataFrame], ours: pd.DataFrame) -> tuple[Schema, list[int]]:
    """The columns that all tables have, with the categories of all, and the places of those that are not constant.

    Raises UserError where their columns are not the same, and where all are constant.
    """
    pandas = needed("pandas", "tables", "A table")
    for other in tables:
        for name in [name for name in ours.columns if name not in other.columns]:
            raise UserError(f"A table lacks the column {name!r}, which the reference has.")
        for name in [name for name in other.columns if name not in ours.columns]:
            raise UserError(f"A table has the column {name!r}, which the reference lacks.")
    # Numbers are compared as numbers: a generator may give fractions where there were none.
    kinds: dict[str, Kind] = {
        column.name: "continuous" if column.kind == "integer" else column.kind  # type: ignore[misc]
        for column in Schema.of(ours).columns
    }
    schema = Schema.of(pandas.concat([each[ours.columns] for each in tables], ignore_index=True), kinds)
    varying = [i for i, column in enumerate(schema.columns) if not column.constant]
    if not varying:
        raise UserError("All columns are constant: there is nothing to compare.")
    return schema, varying


def _place(schema: Schema, target: str | int | None) -> int:
    names = [column.name for column in schema.columns]
    if target is None:
        return len(names) - 1
    if target not in names:
        raise unknown("column to predict (or it is constant)", str(target), map(str, names))
    return names.index(target)
