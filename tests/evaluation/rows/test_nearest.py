"""Distances of rows, and copies among them."""

import numpy as np
import pandas as pd
import pytest

from ganatomy.evaluation.rows import ROW_METRICS, RowSets
from ganatomy.evaluation.rows.nearest import points
from ganatomy.modalities.tables.schema import Schema

CHANCE = np.random.default_rng(0)


def test_squared_distances_add_up_over_columns() -> None:
    rows = np.array([[1.0, 0], [2, 0], [9, 1]])
    placed = points(rows, np.array([[1.0, 0], [2, 1], [3, 0], [9, 0]]), [False, True])
    squared = np.square(placed[:, None] - placed[None]).sum(axis=-1)
    # 1, 2 and 9 have the ranks 1/8, 3/8 and 7/8 among 1, 2, 3 and 9.
    assert squared == pytest.approx(np.array([[0, 1 / 16, 9 / 16 + 1], [1 / 16, 0, 1 / 4 + 1], [25 / 16, 5 / 4, 0]]))


def sets(fake: np.ndarray) -> RowSets:
    frame = pd.DataFrame({"x": REAL[:, 0], "y": REAL[:, 1], "z": REAL[:, 2].astype(int).astype(str)})
    return RowSets(Schema.of(frame), REAL, new(200), fake, 2)


def new(count: int) -> np.ndarray:
    return np.column_stack([CHANCE.normal(size=(count, 2)), CHANCE.integers(0, 3, count)])


REAL = new(400)


def test_new_rows_are_as_far_as_unseen_ones_and_copies_are_not() -> None:
    ratio, copies = (ROW_METRICS[name].measure for name in ("nearest_ratio", "copies"))
    fresh, copied = sets(new(300)), sets(REAL[:300])
    assert ratio(fresh, True).estimate.value == pytest.approx(1, abs=0.25)
    assert ratio(copied, True).estimate.value == 0
    assert copies(fresh, True).estimate.value == 0
    assert copies(copied, True).estimate.value == 1


def test_copies_with_missing_cells_are_found() -> None:
    some = REAL.copy()
    some[:, 0] = np.nan
    both = RowSets(sets(REAL).schema, some, new(50), np.r_[some[:10], new(30)], 2)
    assert ROW_METRICS["copies"].measure(both, True).estimate.value == 0.25
