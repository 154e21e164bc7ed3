"""Batches of rows: training by sampling, as a function of the step."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganatomy.data.row_batches import RowBatches
from ganatomy.data.rows import Rows, prepare_rows
from ganatomy.errors import UserError
from ganatomy.system.runtime import Randomness, Runtime
from tables import people


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    path = tmp_path_factory.mktemp("rows") / "people.csv"
    people(1000).assign(old=lambda frame: frame["age"] > 55).to_csv(path, index=False)
    return prepare_rows(str(path))[0]


def batches(rows: Rows, by_condition: bool = True, **more: bool) -> RowBatches:
    return RowBatches(rows, 4000, Randomness(0), Runtime(), by_condition, **more)


def test_every_row_has_the_cell_that_it_was_drawn_for(rows: Rows) -> None:
    batch = batches(rows)(3, 1)
    assert batch.classes is not None
    assert batch.classes.shape == (4000, 5)
    assert (batch.classes.sum(1) == 1).all()
    chosen = batch.images[:, rows.modality.shape.cells]
    assert ((chosen * batch.classes).sum(1) == 1).all()


@pytest.mark.parametrize("balanced", [True, False])
def test_cells_are_drawn_by_the_logarithm_of_their_counts_or_by_the_counts(rows: Rows, balanced: bool) -> None:
    frame = people(1000)
    shares = []
    for column in (frame["city"], frame["age"] > 55):
        counts = column.value_counts().sort_index().to_numpy()
        weights = np.log1p(counts) if balanced else counts
        shares += list(weights / weights.sum() / 2)
    batch = batches(rows, balanced=balanced)(0)
    assert batch.classes is not None
    assert np.abs(batch.classes.mean(0).numpy() - shares).max() < 0.03


def test_a_batch_follows_from_its_step_and_turn_alone(rows: Rows) -> None:
    one, again, other = batches(rows)(5, 0), batches(rows)(5, 0), batches(rows)(5, 1)
    assert torch.equal(one.images, again.images)
    assert not torch.equal(one.images, other.images)


def test_without_conditions_rows_are_drawn_evenly(rows: Rows) -> None:
    batch = batches(rows, by_condition=False)(0)
    assert batch.classes is None
    berlin = batch.images[:, rows.modality.shape.cells[0]].mean().item()
    assert abs(berlin - (people(1000)["city"] == "Berlin").mean()) < 0.03


def test_rows_beyond_the_first_are_unseen_and_keep_their_columns(tmp_path: Path) -> None:
    people(100).to_csv(tmp_path / "people.csv", index=False)
    first, rest = prepare_rows(str(tmp_path / "people.csv"), first=70)
    whole, none = prepare_rows(str(tmp_path / "people.csv"))
    assert none is None
    assert rest is not None
    assert np.array_equal(np.concatenate([first.numbers, rest.numbers]), whole.numbers, equal_nan=True)
    assert len({first.fingerprint, rest.fingerprint, whole.fingerprint}) == 3


def test_a_table_of_constants_is_refused(tmp_path: Path) -> None:
    (tmp_path / "same.csv").write_text("a,b\n1,x\n1,x\n")
    with pytest.raises(UserError, match="all columns are constant"):
        prepare_rows(str(tmp_path / "same.csv"))
