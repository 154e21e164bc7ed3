"""Metrics of tables by name: what each compares, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.system.registry import Registry, summary_of

if TYPE_CHECKING:
    from ganatomy.modalities.tables.schema import Schema


@dataclass(frozen=True)
class RowSets:
    """What a metric compares: rows as numbers [N, D] of one schema, NaN where a cell is missing.

    schema  the columns; constant ones are left out before
    real    the rows that a generator learnt from
    unseen  real rows that it did not learn from, as far as that is known
    fake    generated rows
    target  the column that others are to predict, by its place
    """

    schema: Schema
    real: Numbers
    unseen: Numbers
    fake: Numbers
    target: int

    @property
    def discrete(self) -> list[bool]:
        """Of each column, whether it is a category."""
        return [column.kind == "category" for column in self.schema.columns]

    def with_fake(self, fake: Numbers) -> RowSets:
        """The same with other generated rows, [M, D]."""
        return replace(self, fake=fake)


Measure = Callable[[RowSets, bool], Measurement]


@dataclass(frozen=True)
class RowMetric:
    """A function of (sets, whether an interval is wanted), whose docstring says what it measures."""

    measure: Measure


ROW_METRICS: Registry[RowMetric] = Registry("metric of tables")


def register_row_metric(name: str) -> Callable[[Measure], Measure]:
    """Register a function of (sets, whether an interval is wanted) that returns a Measurement.

    Its docstring describes the metric in help texts and in docs/TABLES.md.
    """

    def register(measure: Measure) -> Measure:
        ROW_METRICS.add(name, RowMetric(measure), module=measure.__module__, summary=summary_of(measure))
        return measure

    return register


def filled(numbers: Numbers) -> Numbers:
    """Numbers [N, D] whose missing cells are one number below all others, as those who know no NaN take them."""
    lowest = np.nanmin(np.where(np.isnan(numbers).all(axis=0), 0, numbers), axis=0)
    return np.where(np.isnan(numbers), lowest - 1, numbers)
