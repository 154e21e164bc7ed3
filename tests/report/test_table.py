"""The page of a table's columns: what its bars stand for, and that nothing in a table becomes markup."""

import re

import numpy as np
import pandas as pd
import pytest

from ganatomy.modalities.tables.schema import Schema
from ganatomy.report.table import page, shares

CHANCE = np.random.default_rng(0)


def numbers(frame: pd.DataFrame) -> tuple[Schema, np.ndarray]:
    schema = Schema.of(frame)
    return schema, schema.numbers(frame)


def test_categories_are_ordered_by_their_real_share_and_missing_cells_come_last() -> None:
    schema, rows = numbers(pd.DataFrame({"pet": ["cat", "dog", "dog", "dog", None, "fish", "fish", "dog"]}))
    found = shares(schema.columns[0], rows[:, 0], np.array([0.0, 0, 0, 1]))
    assert found == [("dog", 0.5, 0.25), ("fish", 0.25, 0), ("cat", 0.125, 0.75), ("missing", 0.125, 0)]


def test_rare_categories_share_a_bar() -> None:
    schema, rows = numbers(pd.DataFrame({"x": [f"kind {i // 2}" for i in range(80)]}))
    found = shares(schema.columns[0], rows[:, 0], rows[:40, 0])
    assert found[-1] == ("24 others", pytest.approx(48 / 80), pytest.approx(14 / 40))
    assert [sum(side) for side in list(zip(*found, strict=True))[1:]] == pytest.approx([1, 1])


def test_numbers_fall_into_intervals_and_the_outermost_hold_what_lies_beyond() -> None:
    schema, rows = numbers(pd.DataFrame({"x": np.linspace(0, 240, 2401)}))
    made = np.array([-1e9, 1e9, np.nan, 120.01])
    found = shares(schema.columns[0], rows[:, 0], made)
    assert len(found) == 25  # 24 intervals and the missing ones
    assert [sum(side) for side in list(zip(*found, strict=True))[1:]] == pytest.approx([1, 1])
    assert (found[0][2], found[-2][2], found[-1][2]) == (0.25, 0.25, 0.25)
    assert found[0][0].startswith("up to 1")
    assert found[-2][0].startswith("from 22")
    assert [round(real * 24, 1) for _, real, _ in found[1:-2]] == [1.0] * 22
    (inside,) = [label for label, _, generated in found[1:-2] if generated]
    low, high = map(float, inside.split(" to "))
    assert low <= 120.01 < high


def test_dates_are_labelled_as_dates() -> None:
    schema, rows = numbers(pd.DataFrame({"day": pd.date_range("2020-01-01", periods=100).strftime("%d.%m.%Y")}))
    found = shares(schema.columns[0], rows[:, 0], rows[:, 0])
    assert found[0][0] == "up to 06.01.2020"


def test_a_column_of_one_number_is_cut_there() -> None:
    schema, rows = numbers(pd.DataFrame({"x": [1.5, 2.5, 3.5], "y": [1, 2, 3]}))
    assert shares(schema.columns[0], np.full(9, 2.5), rows[:, 0]) == [
        ("up to 2.5", 0, pytest.approx(1 / 3)),
        ("from 2.5", 1, pytest.approx(2 / 3)),
    ]


def test_the_page_shows_columns_and_rows_and_no_text_becomes_markup() -> None:
    frame = pd.DataFrame({"<b>x": CHANCE.normal(size=50).round(2), "y": ["<i>a", None] * 25})
    schema, rows = numbers(frame)
    text = page("made & real", "Words.", schema, rows, rows[:20], np.array([0.1, 0.3]))
    assert "made &amp; real" in text
    used, defined = set(re.findall(r"var\((--\w+)\)", text)), set(re.findall(r"(--\w+):", text))
    assert used <= defined
    assert "<b>" not in text
    assert "<i>" not in text
    assert text.index("<h3>y</h3>") < text.index("<h3>&lt;b&gt;x</h3>")  # the more different one first
    assert text.count("<tr>") == 2 * (1 + 12)
    assert f"<td>{frame.iloc[0, 0]}</td><td>&lt;i&gt;a</td>" in text
    assert "&lt;i&gt;a: real 50.0%, generated 50.0%" in text
