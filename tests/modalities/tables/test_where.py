"""Terms such as "age > 60": read, and held against numbers."""

import numpy as np
import pandas as pd
import pytest

from ganatomy.errors import UserError
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.where import parse

FRAME = pd.DataFrame(
    {
        "age": pd.array([20, 30, 45, 60, 75, 90, None] * 5, dtype="Int64"),
        "body mass > 30": [False, False, True, True, False, True, True] * 5,
        "city": ["Bonn", "Trier", None, "Bonn", "Trier", "Bonn", "Trier"] * 5,
        "score": np.linspace(0, 1, 35).round(3),
        "stars": [1, 2, 3, 4, 5, 1, 2] * 5,
        "joined": pd.date_range("2020-01-01", periods=35).strftime("%d.%m.%Y"),
    }
)
SCHEMA = Schema.of(FRAME, {"age": "integer"})
NUMBERS = SCHEMA.numbers(FRAME)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age > 60", FRAME["age"] > 60),
        ("age>=60", FRAME["age"] >= 60),
        ("age != 60", FRAME["age"] != 60),
        ("age = missing", FRAME["age"].isna()),
        ("city == Bonn", FRAME["city"] == "Bonn"),
        ("city = 'Trier'", FRAME["city"] == "Trier"),
        ("city != Bonn", (FRAME["city"] != "Bonn") & FRAME["city"].notna()),
        ("city != missing", FRAME["city"].notna()),
        ("score <= 0.5", FRAME["score"] <= 0.5),
        ("stars < 3", FRAME["stars"] < 3),
        ("body mass > 30 = True", FRAME["body mass > 30"]),
        ("joined > 20.01.2020", pd.to_datetime(FRAME["joined"], format="%d.%m.%Y") > "2020-01-20"),
    ],
)
def test_a_term_holds_where_the_cells_are_such(text: str, expected: pd.Series) -> None:
    term = parse(text, SCHEMA)
    assert term.holds(NUMBERS[:, term.column]).tolist() == expected.fillna(False).astype(bool).tolist()
    assert expected.sum() > 0


def test_a_category_is_a_cell_to_ask_for() -> None:
    assert parse("city = Bonn", SCHEMA).cell == "city=Bonn"
    assert parse("city = missing", SCHEMA).cell == "city=missing"
    assert [parse(text, SCHEMA).cell for text in ("city != Bonn", "stars < 3", "age = 30", "age = missing")] == [
        None
    ] * 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("height > 3", "height"),
        ("age", "write COLUMN SIGN VALUE"),
        ("age ~ 3", "write COLUMN SIGN VALUE"),
        ("age > old", "holds numbers"),
        ("city = Rome", "Rome"),
        ("city < Trier", "no order"),
        ("score = missing", "no missing cells"),
        ("age > missing", "neither smaller nor larger"),
        ("joined > soon", "holds dates"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(text, SCHEMA)
