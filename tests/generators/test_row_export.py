"""A generator of rows outside of its run: the same rows of the same seeds, and no stranger's file that is not one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pandas as pd
import pytest
import safetensors.torch
from pandas.testing import assert_frame_equal

import ganatomy
from exported import cached, printed, pushed, rewritten, run_code
from ganatomy.errors import UserError
from ganatomy.evaluation.rows.of_run import evaluate_run
from ganatomy.generators import hub, weights
from ganatomy.generators.rows import RowSampler
from ganatomy.generators.sampler import Sampler
from ganatomy.runs.run import Run
from tables import people, train_on

RECIPES = {"ctgan": {}, "residual-copula": {"training__pack": 1}}
FILES = {"model.safetensors", "config.json", "schema.json", "normalisation.json", "README.md", "samples.png"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run of each recipe on a table with all kinds of columns, which learns fast enough to change its rows."""
    dates = pd.date_range("2024-01-01", periods=300)
    frame = people(300).assign(joined=dates.strftime("%d.%m.%Y"), member=lambda each: each["age"] > 40)
    fast = {"generator_optimiser__learning_rate": 1e-2, "average__decay": 0.5, "training__steps": 4}
    often = {"log__checkpoint": 2, "log__keep": 0, "diagnosis__on": False}
    return {
        name: train_on(frame, tmp_path_factory.mktemp(name), name, **fast, **often, **own)
        for name, own in RECIPES.items()
    }


@pytest.fixture(params=RECIPES)
def run(request: pytest.FixtureRequest, runs: dict[str, Run]) -> Run:
    return runs[request.param]


@pytest.fixture
def folder(runs: dict[str, Run], tmp_path: Path) -> Path:
    return ganatomy.load(runs["ctgan"]).save_pretrained(tmp_path / "weights")


def test_an_export_draws_the_runs_rows_bit_for_bit(run: Run, tmp_path: Path) -> None:
    own = ganatomy.load(run)
    made = ganatomy.export(run, out=tmp_path / "mine")
    assert made.file == tmp_path / "mine" / "model.safetensors"
    assert {path.name for path in made.folder.iterdir()} == FILES
    seeds = [7, 2**32 - 1, *range(60, 70)]
    labels = [None, "city=Bonn"] if own.prior.classes else [None]
    for there in (ganatomy.load(made.folder), ganatomy.load(made.file), RowSampler.from_pretrained(made.folder)):
        assert (there.step, there.metadata) == (4, own.metadata)
        for label in labels:
            assert_frame_equal(there.sample(seeds, label=label), own.sample(seeds, label=label), check_exact=True)
        where = ["age > 40", "city != Trier"]
        assert_frame_equal(there.sample(rows=30, where=where), own.sample(rows=30, where=where), check_exact=True)
    truncated = ganatomy.load(made.folder, truncation=0.5).sample(range(9))
    assert_frame_equal(truncated, ganatomy.load(run, truncation=0.5).sample(range(9)), check_exact=True)
    assert not truncated.equals(own.sample(range(9)))


def test_the_command_writes_the_same_file_from_both(run: Run, tmp_path: Path) -> None:
    assert "It draws the same rows of the same seeds." in printed("export", str(run.path), "--step", "2")
    folder = run.path / "exports" / "safetensors"
    printed("sample", str(run.path), "--rows", "70", "--step", "2", "--out", str(tmp_path / "rows.csv"))
    assert f"70 rows in {folder / 'generated' / 'rows.csv'}" in printed("sample", str(folder), "--rows", "70")
    assert (folder / "generated" / "rows.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()
    assert "holds one generator" in printed("sample", str(folder), "--raw")
    assert "draws rows of a table: --to safetensors is the one form of their generator" in printed(
        "export", str(run.path), "--to", "onnx"
    )
    assert "graphs, pages and demos are of images" in printed("export", str(run.path), "--title", "Rows")
    for verb in ("walk", "directions"):
        assert "draws rows of a table, not images" in printed(verb, str(folder))


def test_a_generator_is_a_function_of_seeds_and_conditions(run: Run) -> None:
    generator = ganatomy.load(run)
    assert isinstance(generator, RowSampler)
    assert len(generator.sample()) == 1000
    assert_frame_equal(generator.sample(rows=70), generator.sample(range(70)))
    with pytest.raises(UserError, match="leave out --rows and --where"):
        generator.sample([1], rows=3)
    with pytest.raises(UserError, match="give one at least"):
        generator.sample([])
    with pytest.raises(UserError, match="no seed 4294967296"):
        generator.sample([2**32])
    with pytest.raises(UserError, match="no option of it can be changed"):
        ganatomy.load(run, changes={"diffusion.sampling_steps": 1})


def test_half_is_half_as_large_and_nearly_the_same(tmp_path: Path) -> None:
    run = train_on(people(100), tmp_path, training__steps=1, diagnosis__on=False, generator__hidden=[256])
    whole, half = (ganatomy.export(run, half=half, out=tmp_path / str(half)) for half in (False, True))
    assert half.file.stat().st_size < 0.55 * whole.file.stat().st_size
    assert "the same rows" not in half.message
    ages = [ganatomy.load(made.folder).sample(range(500))["age"] for made in (whole, half)]
    assert (ages[0] - ages[1]).abs().median() <= 1


def test_the_card_tells_of_the_table_and_its_code_runs(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs["ctgan"]
    evaluate_run(run, n=60, metrics=["copies"])
    folder = ganatomy.export(run, out=tmp_path / "card", licence="cc-by-4.0").folder
    text = (folder / "README.md").read_text()
    header = huggingface_hub.ModelCard(text).data.to_dict()
    assert header == {"license": "cc-by-4.0", "library_name": "ganatomy", "tags": ["gan", "tabular", "synthetic-data"]}
    for words in (
        "| training rows | people.csv, 300 rows, fingerprint ",
        "| recipe | ctgan |",
        "60 generated rows against 200 of people.csv",
        "Copies of training rows: ",
        "normalisation.json has modes of the numbers",
        "      city    category    3: Berlin, Bonn, Trier",
    ):
        assert words in text, words
    assert str(run.path.parent) not in "".join(path.read_text() for path in folder.glob("*.[jm][sd]*"))
    use = text.partition("\n## Use\n")[2].partition("\n## ")[0]
    monkeypatch.chdir(folder)
    names = run_code(use)
    assert_frame_equal(names["rows"], ganatomy.load(run).sample(rows=1000))


def test_a_repository_has_the_columns_too(
    runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ganatomy.load(runs["ctgan"])
    cached(own, "jane/people", tmp_path / "hub", monkeypatch)
    monkeypatch.chdir(tmp_path)
    for there in (ganatomy.load("hf:jane/people"), RowSampler.from_pretrained("jane/people")):
        assert_frame_equal(there.sample([5, 6]), own.sample([5, 6]))
    assert pushed(own, "jane/people", monkeypatch) == FILES
    asked: list[str] = []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, allow_patterns: asked.extend(allow_patterns) or tmp_path
    )
    hub.download("jane/people")
    assert FILES - {"README.md", "samples.png"} <= set(asked)


def of_column(place: int, **changes: Any) -> Callable[[Path], None]:
    """schema.json with another column: 0 city, 1 age, 2 income, 4 joined."""
    return rewritten("schema.json", lambda values: values["columns"][place].update(changes))


def of_part(place: int, **changes: Any) -> Callable[[Path], None]:
    """normalisation.json with another part."""
    return rewritten("normalisation.json", lambda values: values["parts"][place].update(changes))


def refilled(folder: Path) -> None:
    tensors = safetensors.torch.load_file(folder / weights.WEIGHTS)
    tensors["head.weight"] = tensors["head.weight"][:-1].clone()
    safetensors.torch.save_file(tensors, folder / weights.WEIGHTS)


MODES = {"weights": [1.0], "means": [0.0], "deviations": [1.0], "reaches": [1.0]}
SPOILT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no columns": (lambda folder: (folder / "normalisation.json").unlink(), "normalisation.json cannot be read"),
    "no JSON": (lambda folder: (folder / "schema.json").write_text("{"), "schema.json is damaged"),
    "a pickle": (lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x04cos\n"), "no safetensors file"),
    "another network": (refilled, "head.weight has another shape"),
    "of images": (
        rewritten("config.json", lambda values: values.update(config={"recipe": "dcgan"})),
        "does not describe a generator",
    ),
    "odd facts": (rewritten("config.json", lambda values: values["facts"].update(step=-1)), "does not describe"),
    "cells": (
        rewritten("config.json", lambda values: values["config"]["prior"].update(classes=[1, 2, 3])),
        "counts 3 of what can be asked for, and 5 are named",
    ),
    "a column less": (rewritten("schema.json", lambda values: values["columns"].pop()), "of different columns"),
    "a column twice": (of_column(1, name="city"), "of different columns"),
    "memory": (of_column(0, dtype="U1000000000"), "'city' is of no kind that a table has"),
    "a wide date": (of_column(4, format="%1000000000d"), "'joined' is of no kind"),
    "decimals": (of_column(2, decimals=10**9), "'income' is of no kind"),
    "no step": (of_column(1, step=0), "'age' is of no kind"),
    "not finite": (of_column(2, high=float("nan")), "'income' is of no kind"),
    "other cells": (of_column(0, dtype="int64"), "'city' holds other cells"),
    "other categories": (of_column(0, values=["Berlin", "Bonn"]), "'city' is not the one that was normalised"),
    "no gaps": (of_column(2, missing=0.0), "'income' is not the one that was normalised"),
    "odd modes": (of_part(1, modes=MODES, choices=2), "'age' is not the one that was normalised"),
    "short modes": (of_part(1, modes=MODES | {"reaches": []}, choices=1), "'age' is not the one"),
    "flat modes": (of_part(1, modes=MODES | {"deviations": [0.0]}, choices=1), "'age' is not the one"),
    "other features": (of_part(1, modes=MODES, choices=1), "generator: z has"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_what_does_not_fit_is_refused(fault: str, folder: Path) -> None:
    spoil, words = SPOILT[fault]
    assert len(ganatomy.load(folder).sample([1])) == 1
    spoil(folder)
    with pytest.raises(UserError, match=words) as refusal:
        ganatomy.load(folder)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"values": [0.0, 1.0, 7.0]},
        {"values": [0.0, 1.0]},
        {"counts": [0, 0, 0]},
        {"counts": [-1, 2, 3]},
        {"discrete": False},
        {"missing": 0.5},
    ],
    ids=str,
)
def test_scores_of_another_column_are_refused(changes: dict[str, Any], runs: dict[str, Run], tmp_path: Path) -> None:
    folder = ganatomy.load(runs["residual-copula"]).save_pretrained(tmp_path / "weights")
    assert len(ganatomy.load(folder).sample([1])) == 1
    rewritten("normalisation.json", lambda values: values["scores"][0].update(changes))(folder)
    with pytest.raises(UserError, match="'city' is not the one that was normalised"):
        ganatomy.load(folder)


def test_a_folder_of_rows_is_none_of_images(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not describe a generator"):
        Sampler.from_pretrained(folder)
    with pytest.raises(UserError, match="holds no exported generator of rows"):
        RowSampler.from_pretrained(tmp_path)
