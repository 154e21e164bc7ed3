"""Cells → numbers → cells: nothing changes, whatever the column; what cannot be learnt is refused in one sentence."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganatomy.errors import UserError
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema

ROWS = 200
CHANCE = np.random.default_rng(0)
DAYS = pd.Series(pd.Timestamp("2020-01-31") + pd.to_timedelta(CHANCE.integers(0, 900, ROWS), unit="D"))
HOURS = pd.Series(pd.Timestamp("1969-12-31") + pd.to_timedelta(CHANCE.integers(-9000, 9000, ROWS), unit="h"))
WORDS = pd.Series(CHANCE.choice(["", "a", 'Ä,\n"b"', "NaN?"], ROWS))
WHOLE = pd.Series(CHANCE.integers(-500, 500, ROWS))
HOLES = CHANCE.random(ROWS) < 0.2


def whole(dtype: str, low: int, high: int) -> pd.Series:
    return pd.Series(CHANCE.integers(low, high, ROWS, dtype=dtype, endpoint=True))


COLUMNS = {
    "int8": whole("int8", -128, 127),
    "uint8": whole("uint8", 0, 255),
    "int32": whole("int32", -(2**31), 2**31 - 1),
    "at the lowest int64": whole("int64", -(2**63), -(2**63) + 2**48),
    "at the highest int64": whole("int64", 2**63 - 2**48, 2**63 - 1),
    "at the highest uint64": whole("uint64", 2**64 - 2**48, 2**64 - 1),
    "across all of int64, in steps": whole("int64", -1000, 1000) * 2**53,
    "Int64 with missing": WHOLE.astype("Int64").mask(HOLES),
    "UInt8 with missing": whole("uint8", 0, 255).astype("UInt8").mask(HOLES),
    "whole floats with missing": WHOLE.astype("float64").mask(HOLES),
    "in steps of 250": WHOLE * 250,
    "few numbers": WHOLE % 7,
    "few floats, some missing": (WHOLE % 7 / 10).mask(HOLES),
    "cents": pd.Series(CHANCE.lognormal(8, 2, ROWS).round(2)),
    "float32 cents": pd.Series(CHANCE.normal(0, 10, ROWS).astype("float32").round(2)),
    "Float64 with missing": pd.Series(CHANCE.normal(size=ROWS).round(3)).astype("Float64").mask(HOLES),
    "beside an outlier": pd.Series([1e9, *CHANCE.normal(size=ROWS - 1).round(2)]),
    "bool": WHOLE > 0,
    "boolean with missing": (WHOLE > 0).astype("boolean").mask(HOLES),
    "text": WORDS,
    "text with missing": WORDS.mask(HOLES),
    "objects": WORDS.astype(object),
    "category, ordered, with an unused one": pd.Series(
        pd.Categorical(WORDS.mask(HOLES), categories=["z", *sorted(WORDS.unique())], ordered=True)
    ),
    "category of numbers": (WHOLE % 5).astype("category"),
    "days": DAYS,
    "hours in ns": HOURS.astype("datetime64[ns]"),
    "seconds, some missing": HOURS.astype("datetime64[s]").mask(HOLES),
    "time zone, over a change of clocks": HOURS.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
    "ISO days": DAYS.dt.strftime("%Y-%m-%d"),
    "German days, some missing": DAYS.dt.strftime("%d.%m.%Y").mask(HOLES),
    "American days": DAYS.dt.strftime("%m/%d/%Y"),
    "minutes": HOURS.dt.strftime("%Y-%m-%d %H:%M"),
    "date objects": DAYS.dt.date,
    "constant number": pd.Series(np.full(ROWS, 3.25)),
    "constant text": pd.Series(["same"] * ROWS),
    "constant date": pd.Series([pd.Timestamp("2020-02-29")] * ROWS),
    "constant, some missing": pd.Series(np.full(ROWS, 7)).astype("Int64").mask(HOLES),
    "one date, some missing": pd.Series([pd.Timestamp("2020-02-29")] * ROWS).mask(HOLES),
    "all missing": pd.Series(np.full(ROWS, np.nan)),
    "all missing dates": pd.Series([pd.NaT] * ROWS, dtype="datetime64[ns]"),
}


def survives(frame: pd.DataFrame, **tolerance: float) -> Schema:
    """Both ways give the table back: through numbers, and through what networks see; the columns through JSON."""
    schema = Schema.model_validate_json(Schema.of(frame).model_dump_json())
    numbers = schema.numbers(frame)
    assert numbers.dtype == np.float64
    assert numbers.shape == frame.shape
    pd.testing.assert_frame_equal(schema.frame(numbers), frame, check_exact=True)
    normalisation = Normalisation.model_validate_json(Normalisation.of(schema, numbers).model_dump_json())
    features = normalisation.features(numbers, np.random.default_rng(1))
    assert features.shape == (len(frame), normalisation.width)
    exact = {} if tolerance else {"check_exact": True}
    pd.testing.assert_frame_equal(schema.frame(normalisation.numbers(features)), frame, **exact, **tolerance)
    return schema


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_comes_back_as_it_was(kind: str) -> None:
    survives(COLUMNS[kind].rename(kind).to_frame())


def test_a_table_of_all_of_them_comes_back_as_it_was() -> None:
    survives(pd.DataFrame(COLUMNS))


def test_numbers_that_are_not_rounded_come_back_to_their_last_digits() -> None:
    frame = pd.DataFrame({"normal": CHANCE.normal(size=ROWS), "heavy": CHANCE.standard_cauchy(ROWS)})
    schema = survives(frame, rtol=1e-12, atol=1e-14)
    assert [column.decimals for column in schema.columns] == [None, None]


REALS = st.floats(-1e12, 1e12)
CELLS = st.one_of(
    st.lists(REALS | st.none(), min_size=2, max_size=60).map(lambda cells: pd.Series(cells, dtype="float64")),
    st.lists(st.decimals(-99999, 99999, places=2), min_size=2, max_size=60).map(
        lambda cells: pd.Series([float(cell) for cell in cells])
    ),
    st.lists(st.integers(-(2**47), 2**47) | st.none(), min_size=2, max_size=60).map(
        lambda cells: pd.Series(cells, dtype="Int64")
    ),
    st.lists(st.text(max_size=5) | st.just(np.nan), min_size=2, max_size=60).map(
        lambda cells: pd.Series(cells, dtype="str")
    ),
    st.lists(st.booleans() | st.none(), min_size=2, max_size=60).map(lambda cells: pd.Series(cells, dtype="boolean")),
    st.lists(st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)), min_size=2, max_size=20).map(
        lambda cells: pd.Series(np.array(cells, "datetime64[s]"))
    ),
    st.lists(st.dates(datetime.date(1000, 1, 1)), min_size=2, max_size=20).map(
        lambda cells: pd.Series([cell.isoformat() for cell in cells])
    ),
)


@given(CELLS)
@settings(deadline=None, max_examples=60)
def test_whatever_cells_there_are_they_come_back(cells: pd.Series) -> None:
    survives(cells.rename("column").to_frame(), rtol=1e-12, atol=1e-4 if cells.dtype == "float64" else 0)


def test_names_and_order_of_columns_come_back() -> None:
    frame = pd.DataFrame({2: WHOLE, "b": WORDS, 0: DAYS, "": WHOLE})
    assert survives(frame).numbers(frame[["", 0, "b", 2]]).tolist() == Schema.of(frame).numbers(frame).tolist()


def test_numbers_are_kept_within_bounds_and_rounded() -> None:
    frame = pd.DataFrame({"cents": np.linspace(0, 50, 201), "steps": np.arange(201) * 5 - 10})
    schema = Schema.of(frame)
    made = schema.frame(np.array([[-3.0, -2.0], [99.0, 500.0], [12.345, 1.4]]))
    assert made.to_dict("list") == {"cents": [0.0, 50.0, 12.34], "steps": [-10, 990, -5]}
    assert made.dtypes.tolist() == frame.dtypes.tolist()


def test_cells_outside_of_the_table_have_numbers_too() -> None:
    schema = Schema.of(pd.DataFrame({"steps": np.arange(100, 300) * 10}))
    others = pd.DataFrame({"steps": [995, 1000, 900, 4000]})
    assert schema.numbers(others)[:, 0].tolist() == [-0.5, 0, -10, 300]
    assert schema.numbers(others.astype(float))[:, 0].tolist() == [-0.5, 0, -10, 300]


def test_the_columns_are_printed() -> None:
    frame = pd.DataFrame(
        {
            "age": range(20, 220),
            "price": CHANCE.normal(100, 10, ROWS).round(2).clip(70.25, 130.5),
            "city": ["Bonn", "Rome"] * 100,
            "day": pd.date_range("2024-01-01", periods=ROWS)[::-1],
            "pet": ["cat", None, None, None] * 50,
            "planet": "Earth",
        }
    )
    frame.loc[:1, "price"] = [70.25, 130.5]
    assert str(Schema.of(frame)).splitlines() == [
        "200 rows, 6 columns",
        "  age     integer     20 to 219",
        "  price   continuous  70.25 to 130.50, 2 decimals",
        "  city    category    2: Bonn, Rome",
        "  day     date        2024-01-01 to 2024-07-18",
        "  pet     category    1: cat; 75.0% missing",
        "  planet  constant    1: Earth",
        "",
        "What to know",
        "  • Column 'age' numbers the rows: better leave it out.",
    ]


def test_identifiers_and_an_index_are_named() -> None:
    frame = pd.DataFrame({"name": [f"person {i}" for i in range(50)], "x": [1.5, 2] * 25}, index=range(1, 51))
    assert Schema.of(frame).notes == (
        "Column 'name' has another text in nearly every row, to be copied: better leave it out.",
    )
    assert Schema.of(frame.set_index("name")).notes == (
        "The index is no column and is left out: reset_index() makes it one.",
    )


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pd.DataFrame({"a": [1]}), "The table has 1 row; at least two are needed."),
        (pd.DataFrame(index=range(5)), "The table has no columns."),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "Two columns are called 'a': rename one of them."),
        (pd.DataFrame({("a", "b"): [1, 2]}), "Columns must be called by a text or a whole number each."),
        (pd.DataFrame({"a": [1.0, np.inf]}), "Column 'a' holds infinite numbers: mend them or leave the column out."),
        (pd.DataFrame({"a": [1j, 2j]}), "Column 'a' holds complex128 cells"),
        (pd.DataFrame({"a": pd.to_timedelta([1, 2], unit="s")}), "Column 'a' holds timedelta64"),
        (pd.DataFrame({"a": [[1], [2]]}), "Column 'a' holds list objects: make them numbers, text or dates."),
        (pd.DataFrame({"a": [1, "x"]}), "Column 'a' holds int and str objects: make them numbers, text or dates."),
        (pd.DataFrame({"a": [-1.7e308, 1.7e308]}), "Column 'a' reaches from -1.7e+308 to 1.7e+308, which is too far"),
        (pd.DataFrame({"a": [0, 1, 2**60]}), "Column 'a' reaches from 0 to 1152921504606846976 in steps too fine"),
        (pd.DataFrame({"a": map(str, range(10_001))}), "Column 'a' has 10,001 different values, more than the 10,000"),
    ],
)
def test_what_cannot_be_learnt_is_refused(frame: pd.DataFrame, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        Schema.of(frame)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"x": [1.5, 2.5]}, "The table lacks column 'y'; its columns must be the 2 known ones."),
        ({"x": [1.5], "y": ["a"], "z": [1]}, "The table has an unknown column 'z'; its columns must be the 2 known"),
        ({"x": [1.5], "y": ["c"]}, "Column 'y' has the unseen category 'c', which was not learnt from."),
        ({"x": [np.nan], "y": ["a"]}, "Column 'x' has missing values, and had none in the table that was learnt from."),
        ({"x": ["far"], "y": ["a"]}, "Column 'x' holds"),
    ],
)
def test_another_table_that_does_not_fit_is_refused(others: dict, sentence: str) -> None:
    schema = Schema.of(pd.DataFrame({"x": CHANCE.normal(size=50), "y": ["a", "b"] * 25}))
    with pytest.raises(UserError) as error:
        schema.numbers(pd.DataFrame(others))
    assert str(error.value).startswith(sentence)
