"""Numbers ↔ normal scores, what networks see of a table: every column as a standard normal number.

A cell becomes Φ⁻¹ of its share of the column's cells in order (van der Waerden 1952); equal cells, those of a category
among them, are spread over their share at random. Where numbers are missing, whether a cell is there is a second score,
and the first is filled in by a regression on the others. Categories that are names have no
order of their own: they are put into that of the other columns' first principal component, in which neighbours are
alike. Whatever a network draws comes back as cells of the table, with its shares if the scores are standard normal. A
constant column has no scores.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.baselines.marginals import Marginal
from ganatomy.modalities.tables.columns import Category, Numbers
from ganatomy.modalities.tables.schema import Schema
from ganatomy.networks.row_shape import ColumnBlock
from ganatomy.system.options import Options

POINTS = 5000  # of a column with more different numbers, so many quantiles stand for them
ROWS = 50_000  # that the regressions are fitted to, at most
EDGE = 1e-4  # shares are seen at least so far from 0 and 1: scores reach to ±3.7
BELOW_ONE = 1 - 1e-12
RIDGE = 1e-3


class ColumnScores(Options):
    """How one column is normalised.

    values, counts  its different numbers, in their order, and how often each was there: ascending but for categories
    missing         share of missing cells
    discrete        whether it is one of categories: no numbers between these, and a missing cell is one more category
    constant        whether all cells of the table are alike: there are no scores
    weights, noise  of the regression on all scores that fills in missing numbers, and its standard deviation
    """

    values: tuple[float, ...]
    counts: tuple[int, ...]
    missing: float
    discrete: bool
    constant: bool = False
    weights: tuple[float, ...] = ()
    noise: float = 1.0

    @cached_property
    def marginal(self) -> Marginal:
        """The column's distribution: of categories, by their places in the order; of numbers, where they are there."""
        counts = np.array(self.counts, np.int64)
        if self.discrete:
            return Marginal(np.arange(len(counts), dtype=float), counts, self.missing, True)
        return Marginal(np.array(self.values), counts, 0.0, False)

    def shares(self, cells: Numbers, random: np.random.Generator) -> Numbers:
        """Shares [N] of cells [N], NaN where a number is missing; an unknown category counts as missing."""
        if not self.discrete:
            return np.where(np.isnan(cells), np.nan, self.marginal.shares(cells, random))
        places = np.full(int(max(self.values, default=-1)) + 2, np.nan)  # by category; the last one is of all others
        places[np.array(self.values, int)] = range(len(self.values))
        known = np.where(np.isnan(cells), -1, np.minimum(cells, len(places) - 1)).astype(int)
        return self.marginal.shares(places[known], random)

    def cells(self, shares: Numbers) -> Numbers:
        """The cells at shares [N]: the inverse of `shares`."""
        found = self.marginal.quantiles(shares)
        if self.discrete:
            there = ~np.isnan(found)
            found[there] = np.array(self.values)[found[there].astype(int)]
        return found

    @property
    def gaps(self) -> bool:
        """Whether there is a second score, of whether a number is there."""
        return not self.constant and not self.discrete and self.missing > 0

    @property
    def width(self) -> int:
        """How many scores."""
        return 0 if self.constant else 1 + self.gaps


class NormalScores(Options):
    """How a table's columns are normalised, in their order; in JSON as `Schema` is."""

    scores: tuple[ColumnScores, ...]

    @classmethod
    def of(cls, schema: Schema, numbers: Numbers) -> NormalScores:
        """Found for a table's numbers, [N, D]."""
        columns = zip(schema.columns, numbers.T, strict=True)
        found = [_of_column(values, isinstance(column, Category), column.constant) for column, values in columns]
        some = numbers[:: -(-len(numbers) // ROWS)]
        return cls(scores=tuple(found))._with_order(schema, some)._with_regressions(some)

    def fitted(self, numbers: Numbers) -> NormalScores:
        """Found anew for another table's numbers [N, D], for networks that know these scores: names keep their order.

        A column with missing numbers keeps the score of whether one is there, where that table has all of them too.
        """
        found = []
        for before, values in zip(self.scores, numbers.T, strict=True):
            now = _of_column(values, before.discrete, before.constant)
            if before.discrete:
                counts = dict(zip(now.values, now.counts, strict=True))
                order = [*before.values, *(value for value in now.values if value not in before.values)]
                now = _changed(now, values=tuple(order), counts=tuple(counts.get(value, 0) for value in order))
            elif before.gaps != now.gaps:
                now = _changed(now, missing=before.missing)
            found.append(now)
        return NormalScores(scores=tuple(found))._with_regressions(numbers[:: -(-len(numbers) // ROWS)])

    @property
    def blocks(self) -> list[ColumnBlock]:
        """The features of each column that is not constant: scalars."""
        return [ColumnBlock(True, 0, False) for each in self.scores for _ in range(each.width)]

    def features(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """The scores of numbers [N, D], float64 [N, W]; where equal cells come in their share is drawn."""
        found = self._with_gaps(numbers, random)
        known = np.nan_to_num(found)
        place = 0
        for each in self.scores:
            if not each.width:
                continue
            missing = np.flatnonzero(np.isnan(found[:, place]))
            if len(missing):
                noise = random.normal(scale=each.noise, size=len(missing))
                found[missing, place] = noise + (known[missing] @ np.array(each.weights) if each.weights else 0)
            place += each.width
        return found

    def numbers(self, features: NDArray[np.floating]) -> Numbers:
        """The numbers of scores [N, W], float64 [N, D]."""
        shares = iter(scipy.special.ndtr(features.astype(np.float64)).clip(0, BELOW_ONE).T)
        columns = []
        for each in self.scores:
            if each.constant:
                columns.append(np.full(len(features), each.values[0] if each.values else np.nan))
                continue
            cells = each.cells(next(shares))
            columns.append(np.where(next(shares) < each.missing, np.nan, cells) if each.gaps else cells)
        return np.stack(columns, axis=1)

    def correlations(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """Of the scores of numbers [N, D], [W, W], each of the rows in which both are there; 0 where there are none."""
        scores = np.ma.masked_invalid(self._with_gaps(numbers, random))
        width = scores.shape[1]
        found = np.nan_to_num(np.ma.filled(np.ma.corrcoef(scores, rowvar=False), 0)).reshape(width, width)
        np.fill_diagonal(found, 1)
        return found

    def _with_gaps(self, numbers: Numbers, random: np.random.Generator) -> Numbers:
        """Scores [N, W] of numbers [N, D], NaN where a number is missing."""
        shares = []
        for each, column in zip(self.scores, numbers.T, strict=True):
            missing = np.isnan(column)
            if not each.constant:
                shares.append(each.shares(column, random))
            if each.gaps:
                place = random.random(len(column))
                shares.append(np.where(missing, each.missing * place, each.missing + (1 - each.missing) * place))
        return np.asarray(scipy.special.ndtri(np.stack(shares, axis=1).clip(EDGE, 1 - EDGE)))

    def _with_order(self, schema: Schema, numbers: Numbers) -> NormalScores:
        """The same with names in the order of the other columns' first principal component, by numbers [N, D]."""
        ordered, place = self, 0
        for i, (column, each) in enumerate(zip(schema.columns, self.scores, strict=True)):
            if isinstance(column, Category) and _named(column) and len(each.values) > 2 and len(self.blocks) > 1:
                scores = np.nan_to_num(ordered._with_gaps(numbers, np.random.default_rng(0)))
                others = np.delete(scores, place, axis=1)
                _, vectors = np.linalg.eigh(others.T @ others)
                component = others @ vectors[:, -1]
                means = [component[numbers[:, i] == value].mean() for value in each.values]
                order = np.argsort(np.nan_to_num(means), kind="stable")
                values, counts = (tuple(some[k] for k in order) for some in (each.values, each.counts))
                one = _changed(each, values=values, counts=counts)
                ordered = NormalScores(scores=(*ordered.scores[:i], one, *ordered.scores[i + 1 :]))
            place += each.width
        return ordered

    def _with_regressions(self, numbers: Numbers) -> NormalScores:
        """The same with what fills in missing numbers: ridge regressions on all other scores, by numbers [N, D]."""
        scores = self._with_gaps(numbers, np.random.default_rng(0))
        known = np.nan_to_num(scores)
        found, place = [], 0
        for each in self.scores:
            there = ~np.isnan(scores[:, place]) if each.gaps else np.zeros(0, bool)
            if there.any():
                given = known[there].copy()
                given[:, place : place + 2] = 0  # itself, and that it is there
                answer = scores[there, place]
                weights = np.linalg.solve(given.T @ given + RIDGE * len(given) * np.eye(len(known.T)), given.T @ answer)
                noise = float((answer - given @ weights).std())
                each = _changed(each, weights=tuple(weights.tolist()), noise=noise)
            found.append(each)
            place += each.width
        return NormalScores(scores=tuple(found))


def _of_column(values: Numbers, discrete: bool, constant: bool) -> ColumnScores:
    """What is found of a column's numbers [N] alone."""
    there = values[~np.isnan(values)]
    if not discrete and len(there) > POINTS:
        there = np.quantile(there, np.linspace(0, 1, POINTS), method="inverted_cdf")
    different, counts = np.unique(there, return_counts=True)
    return ColumnScores(
        values=tuple(different.tolist()),
        counts=tuple(counts.tolist()),
        missing=float(np.isnan(values).mean()),
        discrete=discrete,
        constant=constant,
    )


def _named(column: Category) -> bool:
    """Whether the values are names: numbers have an order."""
    return not column.ordered and not all(isinstance(value, (int, float)) for value in column.values)


def _changed(scores: ColumnScores, **changes: Any) -> ColumnScores:
    """The same with other values of some fields; `model_copy` would keep the marginal."""
    return ColumnScores(**{**scores.model_dump(), **changes})
