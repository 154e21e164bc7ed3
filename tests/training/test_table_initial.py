"""A training on a table that starts from a generator of another table with the same columns."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

import ganatomy
from ganatomy.errors import UserError
from ganatomy.evaluation.rows.of_run import evaluate_run
from ganatomy.modalities.tables.table_modality import TableModality
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from tables import people, train_on
from tiny import PLAIN, assert_same_tensors, go_on

RECIPES = {"ctgan": {}, "residual-copula": {"training__pack": 1}}
OWN = {name: value for name, value in PLAIN.items() if name.startswith(("runtime", "log"))}


def older(count: int = 200) -> Any:
    """Other people, some of them older than any before, at least one in each city."""
    frame = people(count, seed=1)
    frame.loc[:2, "age"] = [110, 111, 112]
    return frame


@pytest.fixture(scope="module", params=RECIPES)
def first(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("first")
    run = train_on(people(300), folder, request.param, training__steps=4, diagnosis__on=False, **RECIPES[request.param])
    older().to_csv(folder / "older.csv", index=False)
    return run


def start(first: Run, runs: Path, init: Path | None = None, data: str = "older.csv", **changes: Any) -> tuple[Run, str]:
    """A training of that table from there, with what it says."""
    said = io.StringIO()
    settings = {**OWN, "training.steps": 1, "training.batch": 20, "diagnosis.on": False, **changes}
    settings |= {"init.path": str(init or first.path)}
    place = first.path.parent / data
    run = train(place, settings=settings, runs=runs, console=Console(file=said, width=1000), name="second")
    return run, said.getvalue()


def test_weights_and_columns_are_those_of_the_other_run(first: Run, tmp_path: Path) -> None:
    run, said = start(first, tmp_path)
    before, now = (checkpoint.load(each.checkpoint(step)) for each, step in ((first, 4), (run, 0)))
    for role in ("generator", "discriminator"):
        assert all(torch.equal(tensor, before[role][name]) for name, tensor in now[role].items())
    assert f"Data: 200 rows, 4 columns as those of {first.path}, " in said
    (line,) = [line for line in said.splitlines() if line.startswith("Starts from")]
    assert line.startswith(f"Starts from {first.path}, step 4: all ")
    assert line.endswith(" layers of the discriminator are taken over.")
    old, new = (TableModality.read(each.path) for each in (first, run))
    assert new.shape.blocks == old.shape.blocks
    assert (new.schema.columns[1].low, new.schema.columns[1].high) == (old.schema.columns[1].low, 112)
    config, origin = run.config(), first.config()
    assert (config.recipe, config.generator, config.prior.dimension) == (
        origin.recipe,
        origin.generator,
        origin.prior.dimension,
    )
    assert config.prior.conditional == origin.prior.conditional
    if config.prior.conditional:
        assert sum(config.prior.classes) == 200
    card = evaluate_run(run, metrics=["columns"]).cards[0]
    assert card.protocol["reference"]["rows"] + card.protocol["reference"]["unseen"] == 200  # its own table


def test_a_resumed_training_equals_one_that_never_stopped(first: Run, tmp_path: Path) -> None:
    """Also where what it started from has gone."""
    moved = first.path.with_name("moved")
    whole, _ = start(first, tmp_path / "whole", **{"training.steps": 4, "log.keep": 0})
    part, _ = start(first, tmp_path / "part", **{"training.steps": 2, "log.keep": 0})
    first.path.rename(moved)
    try:
        go_on(part, training__steps=4)
    finally:
        moved.rename(first.path)
    assert_same_tensors(whole, part, 4)


def test_an_exported_generator_begins_without_its_discriminator(first: Run, tmp_path: Path) -> None:
    folder = ganatomy.export(first, out=tmp_path / "export").folder
    run, said = start(first, tmp_path, folder, **{"training.pack": first.config().training.pack})
    assert "layers of the generator are taken over; the discriminator begins anew, for there is none." in said
    exported = ganatomy.load(folder).network.state_dict()
    now = checkpoint.load(run.checkpoint(0))["generator"]
    assert all(torch.equal(tensor, now[name]) for name, tensor in exported.items())


def test_other_columns_are_refused_in_a_sentence(first: Run, tmp_path: Path) -> None:
    place = first.path.parent
    for change, words in (
        ({"city": "Ulm"}, "Column 'city' has the unseen category 'Ulm'"),
        ({"height": 1}, "has an unknown column 'height'; its columns must be the 4 known ones"),
    ):
        older().assign(**change).to_csv(place / "odd.csv", index=False)
        with pytest.raises(UserError, match=words):
            start(first, tmp_path, data="odd.csv")
    assert not list(tmp_path.iterdir())


def test_images_do_not_start_from_rows(first: Run, images: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no table, and generator\.family="):
        train(images, settings={"init.path": str(first.path)}, runs=tmp_path, console=Console(quiet=True))
