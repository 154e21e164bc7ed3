"""Every column of a table as standard normal numbers, from which the cells come back."""

import numpy as np
import pandas as pd
import pytest
import scipy
from numpy.testing import assert_allclose, assert_array_equal

from ganatomy.modalities.tables.normal_scores import POINTS, NormalScores
from ganatomy.modalities.tables.schema import Schema
from ganatomy.networks.row_shape import ColumnBlock

CHANCE = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "amount": CHANCE.lognormal(3, 1, 2000).round(2),
        "visits": CHANCE.poisson(0.5, 2000) * 7,
        "colour": CHANCE.choice(["red", "green", "blue"], 2000, p=[0.7, 0.2, 0.1]),
        "always": 1,
        "age": pd.Series(CHANCE.integers(0, 90, 2000)).astype("Int64").mask(CHANCE.random(2000) < 0.3),
        "pet": pd.Series(CHANCE.choice(["cat", "dog"], 2000)).mask(CHANCE.random(2000) < 0.3),
    }
)
SCHEMA = Schema.of(FRAME)
NUMBERS = SCHEMA.numbers(FRAME)
SCORES = NormalScores.of(SCHEMA, NUMBERS)
FEATURES = SCORES.features(NUMBERS, np.random.default_rng(0))


def test_columns_that_vary_are_scalars() -> None:
    assert SCORES.blocks == [ColumnBlock(True, 0, False)] * 6  # two of the ages: the number, and whether it is there
    assert FEATURES.shape == (2000, 6)


@pytest.mark.parametrize("column", range(6))
def test_scores_are_standard_normal_whatever_is_tied_skewed_or_missing(column: int) -> None:
    found = scipy.stats.kstest(FEATURES[:, column], "norm")
    assert found.statistic < 1.63 / np.sqrt(2000)  # Kolmogorov's 1% bound


def test_cells_come_back_as_they_were() -> None:
    again = SCORES.numbers(FEATURES)
    places = [list(FRAME).index(name) for name in ("colour", "always", "pet")]
    assert_array_equal(again[:, places], NUMBERS[:, places])
    assert_array_equal(np.isnan(again), np.isnan(NUMBERS))
    # Of numbers, what comes back lies between the neighbours of the cell.
    for place in (0, 1, 4):
        there = ~np.isnan(NUMBERS[:, place])
        different = np.unique(NUMBERS[there, place])
        found = np.searchsorted(different, NUMBERS[there, place])
        below, above = different[np.maximum(found - 1, 0)], different[np.minimum(found + 1, len(different) - 1)]
        assert ((again[there, place] >= below) & (again[there, place] <= above)).all()


def test_normal_numbers_become_the_columns_of_the_table() -> None:
    drawn = SCORES.numbers(CHANCE.normal(size=(20_000, 6)))
    assert set(np.unique(drawn[:, 2])) == {0, 1, 2}
    shares = np.bincount(drawn[:, 2].astype(int)) / len(drawn)
    real = np.bincount(NUMBERS[:, 2].astype(int)) / len(NUMBERS)
    assert np.abs(shares - real).max() < 4 * np.sqrt(0.25 / len(drawn))
    assert abs(np.isnan(drawn[:, 4]).mean() - FRAME["age"].isna().mean()) < 4 * np.sqrt(0.25 / len(drawn))
    assert drawn[:, 0].min() >= FRAME["amount"].min()
    assert drawn[:, 0].max() <= FRAME["amount"].max()
    assert scipy.stats.ks_2samp(drawn[:, 0], NUMBERS[:, 0]).pvalue > 1e-3


def test_far_scores_are_the_ends_of_the_table() -> None:
    ends = SCORES.numbers(np.array([[-40.0] * 6, [40.0] * 6]))
    assert_allclose(ends[:, 0], [FRAME["amount"].min(), FRAME["amount"].max()], rtol=1e-6)
    assert np.isnan(ends[0, 4])
    assert ends[1, 4] == FRAME["age"].max()


def test_missing_numbers_are_filled_in_from_the_other_columns() -> None:
    x = CHANCE.normal(size=5000)
    frame = pd.DataFrame({"x": x, "y": np.where(CHANCE.random(5000) < 0.3, np.nan, 2 * x + CHANCE.normal(size=5000))})
    schema = Schema.of(frame)
    numbers = schema.numbers(frame)
    scores = NormalScores.of(schema, numbers)
    features = scores.features(numbers, np.random.default_rng(0))
    missing = np.isnan(numbers[:, 1])
    correlation = 2 / np.sqrt(5)
    for rows in (missing, ~missing):
        assert np.corrcoef(features[rows, 0], features[rows, 1])[0, 1] == pytest.approx(correlation, abs=0.03)
        assert features[rows, 1].std() == pytest.approx(1, abs=0.05)
    found = scores.correlations(numbers, np.random.default_rng(0))
    assert found == pytest.approx(np.array([[1, correlation, 0], [correlation, 1, 0], [0, 0, 1]]), abs=0.06)
    assert_array_equal(np.isnan(scores.numbers(features)), np.isnan(numbers))


@pytest.mark.parametrize("column", ["amount", "pet"])
def test_one_column_is_correlated_with_itself(column: str) -> None:
    schema = Schema.of(FRAME[[column]])
    numbers = schema.numbers(FRAME[[column]])
    assert NormalScores.of(schema, numbers).correlations(numbers, CHANCE).tolist() == [[1]]


def test_numbers_that_are_never_there_together_are_not_correlated() -> None:
    x = CHANCE.normal(size=200)
    first = np.arange(200) < 100
    frame = pd.DataFrame({"x": np.where(first, x, np.nan), "y": np.where(first, np.nan, x)})
    schema = Schema.of(frame)
    numbers = schema.numbers(frame)
    found = NormalScores.of(schema, numbers).correlations(numbers, CHANCE)
    assert found[0, 2] == found[2, 0] == 0
    assert np.isfinite(found).all()


def test_names_are_put_into_an_order_in_which_neighbours_are_alike() -> None:
    """Of the alphabet, cities of 10, 50 and 30 years; numbers, and categories that have an order, keep theirs."""
    place = CHANCE.integers(0, 3, 600)
    age = np.array([10, 50, 30])[place] + CHANCE.normal(size=600)
    frame = pd.DataFrame(
        {
            "city": np.array(["a", "b", "c"])[place],
            "rooms": np.array([1, 5, 3])[place],
            "grade": pd.Categorical(np.array(["A", "B", "C"])[place], ordered=True),
            "age": age,
        }
    )
    schema = Schema.of(frame)
    city, rooms, grade, _ = NormalScores.of(schema, schema.numbers(frame)).scores
    assert city.values in ((0, 2, 1), (1, 2, 0))
    assert rooms.values == grade.values == (0, 1, 2)


def test_a_cell_may_be_missing_where_none_was_before() -> None:
    unseen = NUMBERS[:10].copy()
    unseen[:, 0] = np.nan
    assert np.isfinite(SCORES.features(unseen, np.random.default_rng(0))).all()


def test_many_numbers_are_kept_as_quantiles() -> None:
    frame = pd.DataFrame({"x": CHANCE.normal(size=40_000)})
    schema = Schema.of(frame)
    numbers = schema.numbers(frame)
    scores = NormalScores.of(schema, numbers)
    assert len(scores.scores[0].values) <= POINTS
    assert scipy.stats.kstest(scores.features(numbers, CHANCE)[:, 0], "norm").statistic < 1.63 / 200 + 1 / POINTS
    assert scores.scores[0].values[0] == numbers.min()
    assert scores.scores[0].values[-1] == numbers.max()


def test_it_comes_back_from_json() -> None:
    again = NormalScores.model_validate_json(SCORES.model_dump_json())
    assert again == SCORES
    assert_array_equal(again.features(NUMBERS, np.random.default_rng(0)), FEATURES)


def test_a_column_that_is_all_missing_stays_so() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.5, 3.25, 9.0], "y": [np.nan] * 4})
    schema = Schema.of(frame)
    scores = NormalScores.of(schema, schema.numbers(frame))
    assert np.isnan(scores.numbers(np.zeros((3, len(scores.blocks))))[:, 1]).all()
