"""A table as a modality: shape, cells, files and the picture of its columns."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from ganatomy.errors import UserError
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.picture import shares
from ganatomy.modalities.tables.schema import Schema
from ganatomy.modalities.tables.table_modality import TableModality
from tables import people

FRAME = people(400).assign(team=["red", "blue", None, "red"] * 100)
SCHEMA = Schema.of(FRAME)
NUMBERS = SCHEMA.numbers(FRAME)
MODALITY = TableModality(SCHEMA, Normalisation.of(SCHEMA, NUMBERS))


def test_blocks_are_the_columns_that_vary() -> None:
    shape, parts = MODALITY.shape, MODALITY.normalisation.parts
    assert shape == (MODALITY.normalisation.width,)
    assert [(block.scalar, block.category) for block in shape.blocks] == [
        (False, True),
        (True, False),
        (True, False),
        (False, True),
    ]
    assert [block.choices for block in shape.blocks] == [3, parts[1].choices, parts[2].choices + 1, 3]


def test_cells_are_named_and_counted_and_lie_where_features_do() -> None:
    assert MODALITY.cells == ["city=Berlin", "city=Bonn", "city=Trier", "team=blue", "team=red", "team=missing"]
    counts = FRAME["city"].value_counts()
    assert MODALITY.counts(NUMBERS) == [counts["Berlin"], counts["Bonn"], counts["Trier"], 100, 200, 100]
    features = MODALITY.normalisation.features(NUMBERS, np.random.default_rng(0))
    assert_array_equal(features[:, MODALITY.shape.cells].sum(0), MODALITY.counts(NUMBERS))


def test_it_comes_back_from_its_files(tmp_path: Path) -> None:
    MODALITY.write(tmp_path)
    assert TableModality.read(tmp_path) == MODALITY
    (tmp_path / "normalisation.json").write_text("{}")
    with pytest.raises(UserError, match=r"normalisation\.json is damaged"):
        TableModality.read(tmp_path)
    with pytest.raises(UserError, match=r"schema\.json cannot be read"):
        TableModality.read(tmp_path / "nowhere")


def test_bars_are_the_shares_of_the_cells() -> None:
    city, age, income, _, team = SCHEMA.columns
    assert_allclose(shares(city, NUMBERS[:, 0]), [0, *(FRAME["city"].value_counts(normalize=True).sort_index())])
    assert_allclose(shares(team, NUMBERS[:, 4]), [0.25, 0.25, 0.5])
    assert shares(income, NUMBERS[:, 2])[0] == FRAME["income"].isna().mean()
    for column, numbers in ((age, NUMBERS[:, 1]), (income, NUMBERS[:, 2])):
        assert_allclose(shares(column, numbers).sum(), 1)


def test_the_preview_shows_every_column(tmp_path: Path) -> None:
    MODALITY.preview(tmp_path / "table.png", NUMBERS)
    with Image.open(tmp_path / "table.png") as picture:
        assert picture.size == (3 * 180 + 12, 2 * 124 + 12)
        assert (40, 90, 160) in {colour for _, colour in picture.getcolors(10_000)}
