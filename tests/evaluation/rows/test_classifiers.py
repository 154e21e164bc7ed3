"""What trees learn from rows, and the area under their curve."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ganatomy.errors import UserError
from ganatomy.evaluation.rows.classifiers import area_under_curve, predicted

CHANCE = np.random.default_rng(0)


def rows(count: int, noise: float) -> np.ndarray:
    """Two numbers, a category that follows the first, a number that follows the second."""
    x = CHANCE.normal(size=(count, 2))
    noisy = x + noise * CHANCE.normal(size=x.shape)
    return np.column_stack([x, np.digitize(noisy[:, 0], [-0.5, 0.5]), 3 * noisy[:, 1] + 7])


DISCRETE = [False, False, True, False]


def test_the_area_is_scikit_learns_with_ties() -> None:
    scores, hits = CHANCE.normal(size=200).round(1), CHANCE.random(200) < 0.3
    assert area_under_curve(scores, hits) == pytest.approx(roc_auc_score(hits, scores), abs=1e-12)


def test_what_follows_is_predicted_and_what_does_not_is_not() -> None:
    train, test = rows(600, 0.1), rows(400, 0.1)
    assert predicted(train, test, 2, DISCRETE) > 0.95
    assert predicted(train, test, 3, DISCRETE) > 0.9
    shuffled = CHANCE.permuted(train, axis=0)
    assert predicted(shuffled, test, 2, DISCRETE) == pytest.approx(0.5, abs=0.1)
    assert predicted(shuffled, test, 3, DISCRETE) < 0.1


def test_a_class_that_was_not_learnt_counts_half() -> None:
    train, test = rows(600, 0), rows(400, 0)
    without = train[train[:, 2] != 1]
    shares = np.bincount(test[:, 2].astype(int)) / len(test)
    assert predicted(without, test, 2, DISCRETE) == pytest.approx(1 - shares[1] / 2, abs=0.15)
    only = train[train[:, 2] == 1]
    assert predicted(only, test, 2, DISCRETE) == pytest.approx(0.5, abs=1e-12)


def test_rows_whose_answer_is_missing_do_not_count() -> None:
    train, test = rows(300, 0), rows(300, 0)
    holes = np.r_[test, test + 100]
    holes[300:, 3] = np.nan
    assert predicted(train, holes, 3, DISCRETE) == predicted(train, test, 3, DISCRETE)


def test_a_column_that_does_not_vary_cannot_be_predicted() -> None:
    test = rows(50, 0)
    test[:, 2] = 1
    with pytest.raises(UserError, match="rows of which some differ in the column that is predicted"):
        predicted(rows(50, 0), test, 2, DISCRETE)
