"""Which kind of column cells are taken for, and how a person says otherwise."""

import numpy as np
import pandas as pd
import pytest

from ganatomy.errors import UserError
from ganatomy.modalities.tables.detection import column_of
from ganatomy.modalities.tables.schema import Schema


def kind(cells: list | pd.Series, **named: str) -> str:
    return column_of(pd.Series(cells, name="column"), **named).kind


def test_few_numbers_are_categories_if_they_repeat() -> None:
    assert kind([*range(20)] * 2) == "category"
    assert kind([*range(20), *range(19)]) == "integer"
    assert kind([*range(21)] * 10) == "integer"
    assert kind([0.5, 1.5] * 10) == "category"
    assert kind([1.5, 2.5]) == "continuous"


def test_floats_that_are_whole_are_integers_as_far_as_floats_are_exact() -> None:
    assert kind([float(i) for i in range(50)]) == "integer"
    assert kind([float(i) for i in range(49)] + [2.0**53]) == "continuous"


@pytest.mark.parametrize(("values", "decimals"), [([0.1, 0.25, 3], 2), ([1 / 3, 1, 2], None), ([0.000000001, 5, 1], 9)])
def test_decimals_are_the_fewest_that_all_numbers_have(values: list[float], decimals: int | None) -> None:
    assert column_of(pd.Series(values, name="x"), "continuous").decimals == decimals


def test_the_step_is_the_greatest_that_all_numbers_have() -> None:
    column = column_of(pd.Series([1000 * i + 5 for i in (3, 4, 7, -5, *range(20, 60))], name="x"))
    assert (column.low, column.high, column.step) == (-4995, 59005, 1000)


def test_text_is_dates_only_if_all_of_it_is_and_comes_back_as_written() -> None:
    assert kind(["2020-01-01", "2020-02-29"]) == "date"
    assert kind(["2020-01-01", "2021-02-29"]) == "category"  # 2021 had none
    assert kind(["2020-01-01", "2020-2-29"]) == "category"
    assert column_of(pd.Series(["03/04/2020", "25/04/2020"], name="x")).format == "%d/%m/%Y"
    assert column_of(pd.Series(["03/04/2020", "05/04/2020"], name="x")).format == "%m/%d/%Y"


def test_a_person_decides_otherwise() -> None:
    frame = pd.DataFrame({"stars": [1, 2, 3] * 10, "day": ["2020-01-01", "2020-01-02", "2020-02-01"] * 10})
    assert [column.kind for column in Schema.of(frame).columns] == ["category", "date"]
    chosen = Schema.of(frame, {"stars": "continuous", "day": "category"})
    assert [column.kind for column in chosen.columns] == ["continuous", "category"]
    pd.testing.assert_frame_equal(chosen.frame(chosen.numbers(frame)), frame)


@pytest.mark.parametrize(
    ("cells", "wanted", "sentence"),
    [
        (["a", "b"], "integer", "Column 'x' holds text, such as 'a', not numbers."),
        (["a", "b"], "date", "Column 'x' holds text that is no date in any of the formats %Y-%m-%d"),
        ([1.5, 2.5], "integer", "Column 'x' holds numbers that are not whole: they can be continuous."),
        ([1, 2], "date", "Column 'x' holds numbers, not dates."),
        ([True, False], "continuous", "Column 'x' holds bool cells: its kind can be category, not continuous."),
        (pd.Series([1, 2], dtype="category"), "integer", "Column 'x' holds category cells"),
        ([1, 2], "integers", "There is no kind of column called 'integers'; did you mean integer"),
    ],
)
def test_what_a_column_cannot_be_is_said(cells: list, wanted: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        Schema.of(pd.DataFrame({"x": cells}), {"x": wanted})
    assert str(error.value).startswith(sentence)


def test_a_kind_for_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="There is no column called 'ages'; did you mean age"):
        Schema.of(pd.DataFrame({"age": [1, 2]}), {"ages": "integer"})


def test_two_thousand_categories_and_two_hundred_columns_are_taken() -> None:
    many = pd.Series([f"kind {i % 2000}" for i in range(6000)], name="x")
    assert len(column_of(many).values) == 2000
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 200)))
    assert {column.kind for column in Schema.of(wide).columns} == {"continuous"}
