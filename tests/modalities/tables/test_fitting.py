"""The columns of one table for the rows of another: bounds hold both, and numbers keep their meaning."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

from ganatomy.errors import UserError
from ganatomy.modalities.tables.fitting import fitted, widened
from ganatomy.modalities.tables.modes import Modes
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import TableModality
from tables import people

KINDS = {"modes": Normalisation, "scores": NormalScores}


def table(count: int = 300, seed: int = 0) -> pd.DataFrame:
    """Ages that are even, and days; beside what `people` has."""
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(count) % 50, unit="D")
    return people(count, seed).assign(age=lambda each: each["age"] // 2 * 2, joined=days.strftime("%d.%m.%Y"))


def known(kind: str, frame: pd.DataFrame) -> TableModality:
    schema = Schema.of(frame)
    return TableModality(schema, KINDS[kind].of(schema, schema.numbers(frame)))


def other() -> pd.DataFrame:
    """Younger and older people, at odd ages too; richer ones, with more decimals; earlier days; no Trier."""
    frame = table(200, seed=1)
    frame = frame[frame["city"] != "Trier"].reset_index(drop=True)
    frame.loc[:3, "age"] = [1, 3, 150, 151]
    frame.loc[:3, "income"] = [-5.125, np.nan, 99999.5, 1.0]
    frame.loc[:1, "joined"] = ["24.12.2022", "31.12.2025"]
    return frame


def test_bounds_hold_the_rows_of_both_tables_and_the_rest_stays() -> None:
    before, now = Schema.of(table()), widened(Schema.of(table()), other())
    age, income, joined = now.columns[1], now.columns[2], now.columns[4]
    assert (age.low, age.high, age.step) == (1, 151, 1)
    assert (income.low, income.high, income.decimals) == (-5.125, 99999.5, 3)
    assert now.columns[0] == before.columns[0]  # no Trier among the others: it stays a category
    assert joined.step == before.columns[4].step
    assert now.rows == len(other())
    for frame in (table(), other()):
        assert_frame_equal(now.frame(now.numbers(frame)), frame, check_dtype=False, check_exact=True)


@pytest.mark.parametrize("kind", KINDS)
def test_features_keep_their_places_and_rows_come_back(kind: str) -> None:
    modality = known(kind, table())
    both = fitted(modality, other(), len(other()))
    assert both.shape == modality.shape
    assert both.shape.blocks == modality.shape.blocks
    assert both.cells == modality.cells
    numbers = both.schema.numbers(other())
    features = both.normalisation.features(numbers, np.random.default_rng(0))
    back = both.frame(both.normalisation.numbers(features))
    if kind == "modes":  # these lose nothing; scores lie between neighbours
        assert_frame_equal(back, other(), check_dtype=False)
    assert_frame_equal(back[["city", "planet"]], other()[["city", "planet"]])
    assert back["age"].corr(other()["age"], method="spearman") > 0.99
    assert back["income"].isna().equals(other()["income"].isna())


def test_modes_stay_where_they_are_in_the_tables_own_units() -> None:
    """Age 50 is at the same place of the same mode, although numbers now count years from 1 on."""
    modality = known("modes", table())
    both = fitted(modality, other(), len(other()))
    old, new = (each.normalisation.parts[1].modes for each in (modality, both))
    low = modality.schema.columns[1].low
    assert_allclose(np.array(new.means) + 1, 2 * np.array(old.means) + low)
    assert_allclose(new.deviations, 2 * np.array(old.deviations))
    assert (np.array(new.reaches) >= 2 * np.array(old.reaches) - 1e-9).all()
    numbers = both.schema.numbers(other())[:, 1]
    assert (np.abs(numbers[:, None] - new.means) <= np.array(new.reaches) + 1e-9).any(axis=1).all()


def test_scores_are_found_anew_with_names_in_their_order() -> None:
    modality = known("scores", table())
    both = fitted(modality, other(), len(other()))
    old, new = (each.normalisation.scores for each in (modality, both))
    assert new[0].values == old[0].values
    trier = modality.schema.columns[0].values.index("Trier")
    counts = dict(zip(new[0].values, new[0].counts, strict=True))
    assert counts == {0.0: (other()["city"] == "Berlin").sum(), 1.0: (other()["city"] == "Bonn").sum(), float(trier): 0}
    features = both.normalisation.features(both.schema.numbers(other()), np.random.default_rng(0))
    assert abs(features[:, 1].mean()) < 0.1  # ages are standard normal again
    assert features[:, 1].std() == pytest.approx(1, abs=0.1)


def test_a_column_keeps_its_gaps_where_no_cell_is_missing_now() -> None:
    for kind in KINDS:
        modality, whole = known(kind, table()), other().fillna({"income": 3.5})
        both = fitted(modality, whole, len(whole))
        assert both.shape.blocks == modality.shape.blocks
        assert both.schema.columns[2].missing == modality.schema.columns[2].missing


def test_the_same_table_changes_nothing_that_is_drawn() -> None:
    for kind in KINDS:
        modality = known(kind, table())
        same = fitted(modality, table(), 300)
        features = np.random.default_rng(0).normal(size=(50, *modality.shape))
        assert_array_equal(same.normalisation.numbers(features), modality.normalisation.numbers(features))
        assert same.schema.columns == modality.schema.columns


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"city": "Ulm"}, "unseen category 'Ulm'"),
        ({"age": 30.5}, None),
        ({"age": "old"}, "that are not whole numbers"),
        ({"age": np.nan}, "has missing values, and had none"),
        ({"planet": 2}, "unseen category"),
        ({"joined": "2024-01-01"}, r"not dates like %d\.%m\.%Y"),
        ({"more": 1}, "unknown column 'more'"),
    ],
    ids=str,
)
def test_other_columns_are_refused(changes: dict[str, Any], words: str | None) -> None:
    frame = other().assign(**changes)
    with pytest.raises(UserError, match=words or "not whole"):
        widened(Schema.of(table()), frame)


def test_a_column_less_is_refused_and_so_is_one_that_varies_now() -> None:
    with pytest.raises(UserError, match="lacks column 'age'; its columns must be the 5 known ones"):
        widened(Schema.of(table()), other().drop(columns="age"))
    fixed = Schema.of(table().assign(height=1.5), {"height": "continuous"})
    with pytest.raises(UserError, match="Column 'height' is not constant here"):
        widened(fixed, other().assign(height=np.linspace(1, 2, len(other()))))


def test_moved_modes_are_those_of_moved_numbers() -> None:
    numbers = np.random.default_rng(0).normal(size=500)
    moved, found = Modes.of(numbers).moved(3.0, 7.0), Modes.of(3 * numbers + 7)
    for name in ("weights", "means", "deviations", "reaches"):
        assert_allclose(getattr(moved, name), getattr(found, name), rtol=1e-6)
