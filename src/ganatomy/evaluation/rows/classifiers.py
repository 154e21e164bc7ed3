"""What classifiers say: whether rows are real, and what others can learn from generated rows."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from ganatomy.errors import UserError
from ganatomy.evaluation.metrics.estimate import Estimate, from_left_out, groups
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.metrics.two_sample import two_sample_accuracy
from ganatomy.evaluation.rows.registry import RowSets, filled, register_row_metric
from ganatomy.modalities.tables.columns import Numbers

MOST = 10_000  # rows of each set
GROUPS = 5  # of the interval of `utility`, each of which takes a training


@register_row_metric("c2st")
def c2st(sets: RowSets, intervals: bool) -> Measurement:
    """Accuracy of trees that tell generated rows from real ones, on rows they have not seen: ½ is best.

    Lopez-Paz & Oquab 2017 (arXiv:1610.06545).
    """
    real, fake = np.split(filled(np.concatenate([sets.real, sets.fake])), [len(sets.real)])
    return Measurement(two_sample_accuracy(_some(real), _some(fake)), "lower")


@register_row_metric("utility")
def utility(sets: RowSets, intervals: bool) -> Measurement:
    """Score on real rows of trees that learnt a column from generated rows: AUC of categories, R² of numbers.

    Esteban et al. 2017 (arXiv:1706.02633), section 4.2. Raises UserError where there is nothing to predict it from.
    """
    if len(sets.discrete) < 2:
        raise UserError("The utility needs two columns that are not constant.")
    fake = _some(sets.fake)
    value = predicted(fake, sets.unseen, sets.target, sets.discrete)
    left_out = [
        predicted(np.delete(fake, group, axis=0), sets.unseen, sets.target, sets.discrete)
        for group in (groups(len(fake), GROUPS) if intervals else [])
    ]
    on_real = predicted(_some(sets.real), sets.unseen, sets.target, sets.discrete)
    details = {"trained_on_real_rows": on_real, "target": str(sets.schema.columns[sets.target].name)}
    found = from_left_out(value, left_out)
    lowest = 0.0 if sets.discrete[sets.target] else -inf  # an AUC has ends that R² has not
    score = Estimate(value, max(found.low, lowest), min(found.high, 1.0)) if intervals else found
    return Measurement(score, "higher", details)


def predicted(train: Numbers, test: Numbers, target: int, discrete: list[bool]) -> float:
    """How well trees trained on some rows [N, D] predict a column of others [M, D] from all other columns.

    Of a category the AUC, of several the mean of each one's against the rest, by its share of the test rows; of numbers
    R², at most 1, and 0 for their mean. Rows whose cell is missing there do not count. Raises UserError where it cannot
    be told.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    train, test = (rows[~np.isnan(rows[:, target])] for rows in (train, test))
    given, asked = (np.delete(rows, target, axis=1) for rows in (train, test))
    answer, truth = train[:, target], test[:, target]
    if len(answer) < 2 or len(np.unique(truth)) < 2:
        raise UserError("The utility needs rows of which some differ in the column that is predicted.")
    if not discrete[target]:
        expected = HistGradientBoostingRegressor(random_state=0).fit(given, answer).predict(asked)
        return float(1 - np.square(truth - expected).mean() / truth.var())
    chances: dict[float, Any] = {}
    if len(np.unique(answer)) > 1:
        trees = HistGradientBoostingClassifier(random_state=0).fit(given, answer)
        chances = dict(zip(trees.classes_, trees.predict_proba(asked).T, strict=True))
    kinds, counts = np.unique(truth, return_counts=True)
    areas = [area_under_curve(chances.get(kind, np.zeros(len(truth))), truth == kind) for kind in kinds]
    return float(np.average(areas, weights=counts))


def area_under_curve(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """The chance that a hit scores above another, ties by half: Mann & Whitney's U over its largest, of [N] and [N]."""
    ranks, positive = scipy.stats.rankdata(scores), int(hits.sum())
    return float((ranks[hits].sum() - positive * (positive + 1) / 2) / (positive * (len(hits) - positive)))


def _some(numbers: Numbers) -> Numbers:
    return numbers if len(numbers) <= MOST else np.random.default_rng(0).permutation(numbers)[:MOST]
