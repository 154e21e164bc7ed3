"""A training on a table: what its run folder holds, and what every verb makes of it."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.diagnosis import diagnose_run, wording
from ganatomy.errors import UserError
from ganatomy.evaluation.rows.of_run import evaluate_run
from ganatomy.generators import api as sampling
from ganatomy.generators.rows import RowSampler, sample_rows, search
from ganatomy.modalities.tables import where
from ganatomy.report import page
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import cards
from ganatomy.training.api import plan, resume, train
from tables import CITIES, people, train_on
from tiny import assert_same_tensors, go_on, tiny

RUNS = (("whole", 4), ("halved", 2))  # names, steps


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Six steps on the first 200 of 300 rows; only read."""
    return train_on(
        people(300),
        tmp_path_factory.mktemp("table"),
        training__steps=6,
        data__first=200,
        diagnosis__every=2,
        diagnosis__samples=32,
        log__checkpoint=3,
        log__keep=0,
    )


def test_a_table_is_recognised_and_decides_what_it_must() -> None:
    planned = plan("people.csv", settings={"training.steps": 1})
    assert (planned.recipe, planned.modality) == ("residual-copula", "tables")
    with pytest.raises(UserError, match=r"people\.csv is a table, and generator\.family=dcgan draws images"):
        plan("people.csv", "dcgan")
    with pytest.raises(UserError, match="digits is no table"):
        plan("digits", "ctgan")
    with pytest.raises(UserError, match=r"data\.size would change nothing here: it is for images"):
        plan("people.csv", settings={"data.size": [32, 32]})
    with pytest.raises(UserError, match="choose families of one kind"):
        plan("people.csv", settings={"discriminator.family": "mlp"})


def test_the_run_folder_holds_the_table_and_how_it_was_learnt(run: Run) -> None:
    config, info = run.config(), run.info()
    rows = people(200)
    counts = rows["city"].value_counts()
    assert config.prior.classes == [counts["Berlin"], counts["Bonn"], counts["Trier"]]
    # One choice among three cities, and for both columns of numbers one among modes, the second's with missing cells.
    modes = [
        len(part["modes"]["means"]) for part in json.loads((run.path / "normalisation.json").read_text())["parts"][1:3]
    ]
    assert config.prior.dimension == 8 + 3 + modes[0] + modes[1] + 1
    assert info["data"]["images"] == 200
    assert info["data"]["classes"] == ["city=Berlin", "city=Bonn", "city=Trier"]
    with Image.open(run.path / "reals.png") as reals, Image.open(run.snapshots()[6]) as drawn:
        assert reals.size == drawn.size


def test_records_are_finite_and_signals_are_those_of_rows(run: Run) -> None:
    record = run.records()[-1]
    assert all(math.isfinite(value) for value in record.values())
    assert {"penalty/wgan_gp", "penalty/condition", "signals/auc", "signals/distance", "signals/auc_unseen"} <= set(
        record
    )
    assert not {"signals/checkerboard", "signals/saturated", "signals/class_accuracy"} & set(record)
    healthy = SimpleNamespace(present=[], state="healthy", context=diagnose_run(run).context)
    after = wording.next_step(healthy)
    assert after is not None
    assert after.words == "measure how good the rows are"


def test_a_resumed_training_equals_one_that_never_stopped(run: Run, tmp_path: Path) -> None:
    other = train_on(
        people(300),
        tmp_path,
        training__steps=3,
        data__first=200,
        diagnosis__every=2,
        diagnosis__samples=32,
        log__checkpoint=3,
        log__keep=0,
    )
    go_on(other, training__steps=6)
    assert_same_tensors(run, other, 6)


def test_a_run_goes_on_with_its_own_table_only(tmp_path: Path) -> None:
    run = train_on(people(100), tmp_path, training__steps=2, diagnosis__on=False)
    people(100, seed=1).to_csv(tmp_path / "others.csv", index=False)
    more = {"training.steps": 3}
    with pytest.raises(UserError, match=r"was trained on another table than .*others\.csv holds now"):
        resume(run, data=tmp_path / "others.csv", settings=more, console=Console(quiet=True))
    (tmp_path / "people.csv").rename(tmp_path / "moved.csv")
    with pytest.raises(UserError, match=r"The table that .* was trained on was in"):
        resume(run, settings=more, console=Console(quiet=True))
    resume(run, data=tmp_path / "moved.csv", settings=more, console=Console(quiet=True))
    assert max(run.checkpoints()) == 3


def test_sampled_rows_have_the_types_bounds_and_decimals_of_the_table(run: Run, tmp_path: Path) -> None:
    path, said = sample_rows(RowSampler.of_run(run), 150, out=tmp_path / "rows.parquet")
    made, real = pd.read_parquet(path), people(300)
    assert said == f"150 rows in {path}"
    assert list(made.columns) == list(real.columns)
    assert [str(kind) for kind in made.dtypes] == [str(kind) for kind in pd.read_csv(run.config().data.path).dtypes]
    assert set(made["city"]) <= set(real["city"])
    assert made["age"].between(real["age"].min(), real["age"].max()).all()
    there = made["income"].dropna()
    assert_array_equal(there.round(2), there)
    assert (made["planet"] == 1).all()


def test_a_seed_is_a_row_whatever_others_are_drawn(run: Run) -> None:
    sampler = RowSampler.of_run(run)
    whole = sampler.frame(range(130))
    alone = sampler.frame([129, 3])
    assert_frame_equal(alone, whole.iloc[[129, 3]].reset_index(drop=True))
    codes = sampler.prior.of_seeds(range(40))
    together = sampler.network(*sampler.prior.split(codes))
    one = sampler.network(*sampler.prior.split(codes[7:8]))
    assert np.allclose(together[7:8], one, atol=1e-5)


def test_rows_are_found_by_their_cells(run: Run, tmp_path: Path) -> None:
    sampler = RowSampler.of_run(run)
    terms = [where.parse(text, sampler.modality.schema) for text in ("age > 40", "city = Bonn")]
    numbers, seeds, drawn = search(sampler, 5, terms)
    frame = sampler.modality.frame(numbers)
    assert (frame["age"] > 40).all()
    assert (frame["city"] == "Bonn").all()
    assert drawn == seeds[-1] + 1
    assert_frame_equal(frame, sampler.frame(seeds.tolist(), sampler.number("city=Bonn")))
    path, said = sample_rows(RowSampler.of_run(run), 5, wheres=["income = missing"], out=tmp_path / "rows.csv")
    assert pd.read_csv(path)["income"].isna().all()
    assert "% of" in said
    with pytest.raises(UserError, match="Only 0 of 20,000 rows are such"):
        sample_rows(RowSampler.of_run(run), 5, wheres=["age > 40", "age < 30"])


def test_a_run_is_measured_by_rows_that_it_did_not_see(run: Run) -> None:
    compared = evaluate_run(run, metrics=["columns", "copies"])
    card = compared.cards[0]
    assert card.subject["run"] == run.name
    assert [each.name for each in compared.cards[1:]] == ["Gaussian copula", "independent columns"]
    assert card.protocol["reference"]["rows"] == 200
    assert card.protocol["reference"]["unseen"] == 100
    assert cards(run)[0].scores["columns"].value == card.scores["columns"].value
    assert set(card.made["baselines"]) == {"Gaussian copula", "independent columns"}
    again = ganatomy.evaluate(run, metrics=["columns"])
    assert again.scores["columns"].value == card.scores["columns"].value
    with pytest.raises(UserError, match="draws rows of a table"):
        ganatomy.evaluate(run, size=32)


def test_scores_are_measured_while_training_as_evaluate_does(tmp_path: Path) -> None:
    scored = {"evaluation__every": 2, "evaluation__samples": 100, "diagnosis__on": False}
    run = train_on(people(300), tmp_path, training__steps=3, data__first=200, **scored)
    last = cards(run)[-1]
    assert [card.subject["step"] for card in cards(run)] == [2, 3]
    assert set(last.scores) == {"columns", "association"}
    after = evaluate_run(run, n=100, metrics=["columns", "association"]).cards[0]
    assert after.protocol == last.protocol
    assert {name: (score.value, score.floor) for name, score in after.scores.items()} == {
        name: (score.value, score.floor) for name, score in last.scores.items()
    }
    with pytest.raises(UserError, match="no metric of tables called 'fd'"):
        train_on(people(300), tmp_path, name="other", training__steps=3, evaluation__metrics=["fd"], **scored)
    with pytest.raises(UserError, match="100 real rows are too few to compare with: 120 are needed"):
        train_on(people(100), tmp_path, name="few", training__steps=3, **scored)
    assert not (tmp_path / "few").exists()


def test_the_report_speaks_of_rows(run: Run) -> None:
    text = page.text(run)
    assert "200 rows from" in text
    assert "Training rows." in text
    assert "ganatomy walk" not in text


def test_the_commands_know_a_table(run: Run) -> None:
    def printed(*arguments: str) -> str:
        result = CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments)
        return " ".join(f"{result.output} {result.exception or ''}".split())

    assert "3 rows in" in printed("sample", str(run.path), "--rows", "3")
    assert len(pd.read_csv(run.path / "generated" / "rows.csv")) == 3
    assert "not of a table" in printed("evaluate", str(run.path), "--class", "city=Bonn")
    assert "no column called 'hight'" in printed("sample", str(run.path), "--where", "hight > 3")
    assert "draws rows of a table" in printed("walk", str(run.path))
    with pytest.raises(UserError, match="draws rows of a table, not images"):
        sampling.load_images(run)


def test_a_table_without_categories_is_learnt_without_conditions(tmp_path: Path) -> None:
    frame = people(100)[["age", "income"]]
    run = train_on(frame, tmp_path, training__steps=2, diagnosis__on=False)
    assert not run.config().prior.conditional
    assert "penalty/condition" not in run.records()[-1]
    assert len(RowSampler.of_run(run).frame(range(5))) == 5
    with pytest.raises(UserError, match="takes no conditions"):
        sample_rows(RowSampler.of_run(run), 5, label="age=3")


def test_a_residual_copula_begins_as_the_copula_and_goes_on_exactly(tmp_path: Path) -> None:
    """Incomes are 100 times the age: known without a step. Cells are found among what is drawn."""
    changes = {"recipe": "residual-copula", "training__pack": 1, "generator__latent": 8, "log__checkpoint": 2}
    whole, halved = (train_on(people(300), tmp_path / name, training__steps=steps, **changes) for name, steps in RUNS)
    frame = RowSampler.of_run(whole, step=2).frame(range(2000))
    assert frame["age"].corr(frame["income"], method="spearman") > 0.9
    shares, real = (each["city"].value_counts(normalize=True).loc[[*CITIES]] for each in (frame, people(300)))
    assert np.allclose(shares, real, atol=0.06)
    assert frame["income"].isna().mean() == pytest.approx(0.1, abs=0.05)
    go_on(halved, training__steps=4)
    assert_same_tensors(whole, halved, 4)
    path, said = sample_rows(RowSampler.of_run(whole), 5, wheres=["city = Bonn"], out=tmp_path / "rows.csv")
    assert set(pd.read_csv(path)["city"]) == {"Bonn"}
    assert "% of" in said
    card = evaluate_run(whole, metrics=["columns"]).cards[0]
    assert card.scores["columns"].value < 0.1


def test_columns_may_be_left_out(tmp_path: Path) -> None:
    run = train_on(people(100), tmp_path, training__steps=2, data__leave_out=["income"], diagnosis__on=False)
    assert list(RowSampler.of_run(run).frame(range(2)).columns) == ["city", "age", "planet"]


def test_a_table_in_memory_is_trained_on_and_its_types_come_back(tmp_path: Path) -> None:
    dates = pd.date_range("2024-01-01", periods=100, tz="UTC")
    frame = people(100).assign(joined=dates, city=lambda each: each["city"].astype("category"))
    changes = {**tiny("ctgan"), "training.steps": 2, "training.batch": 20, "diagnosis.on": False}
    run = train(frame, settings=changes, runs=tmp_path, name="run", console=Console(quiet=True))
    path = sampling.sample(run, rows=4, where=["joined > 2024-01-15"], out=tmp_path / "rows.parquet")
    made = pd.read_parquet(path)
    assert made.dtypes.astype(str).tolist() == frame.dtypes.astype(str).tolist()
    assert (made["joined"] > "2024-01-15").all()
    assert len(made) == 4
    with pytest.raises(UserError, match="rows of a table"):
        sampling.sample(run, moves=["directions.safetensors:1=2"])
