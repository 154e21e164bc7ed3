"""Generated tables measured beside their baselines: `ganatomy evaluate` of a file of rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from command import ganatomy, refused
from ganatomy.errors import UserError
from ganatomy.evaluation.rows import ROW_METRICS
from ganatomy.evaluation.rows.api import evaluate
from ganatomy.runs.scorecard import read


def people(count: int, seed: int) -> pd.DataFrame:
    """The group follows age and income: x·x, which no correlation shows."""
    chance = np.random.default_rng(seed)
    age, income = chance.integers(18, 90, count), chance.lognormal(10, 0.5, count).round(2)
    group = np.where(np.abs(age - 54) > 18, "outer", "inner")
    pet = pd.Series(chance.choice(["cat", "dog", "fish"], count)).mask(chance.random(count) < 0.2)
    return pd.DataFrame({"age": age, "income": income, "pet": pet, "planet": "Earth", "group": group})


@pytest.fixture(scope="module")
def found():
    return evaluate(people(200, seed=1), people(400, seed=0), held_out=people(300, seed=2))


def test_rows_of_the_same_distribution_score_about_their_floor(found) -> None:
    scores = found.cards[0].scores
    assert list(scores) == list(ROW_METRICS)
    assert scores["columns"].value < 0.1
    assert scores["association"].value < 0.1
    assert scores["c2st"].low < 0.55
    assert scores["utility"].value > 0.95
    assert scores["utility"].details == {"trained_on_real_rows": pytest.approx(1, abs=0.03), "target": "group"}
    assert scores["nearest_ratio"].value == pytest.approx(1, abs=0.35)
    assert scores["copies"].value < 0.05
    assert all(score.floor is not None and score.low <= score.value <= score.high for score in scores.values())
    assert all(score.low >= 0 for score in scores.values())
    assert scores["utility"].high <= 1


def test_the_baselines_lack_what_they_must_lack(found) -> None:
    """Both have the columns; neither knows that the group follows the distance from an age."""
    rows, copula, independent = (card.scores for card in found.cards)
    assert [card.name for card in found.cards[1:]] == ["Gaussian copula", "independent columns"]
    for baseline in (copula, independent):
        assert baseline["columns"].value < 0.12
        assert baseline["utility"].value < rows["utility"].value - 0.2


def test_it_reads_as_a_table(found) -> None:
    lines = str(found).splitlines()
    assert lines[0].split()[:2] == ["columns", "↓"]
    assert [line.partition("  ")[0] for line in lines[1:5]] == [
        "the generated rows",
        "Gaussian copula",
        "independent columns",
        "real data",
    ]
    assert "200 generated rows against 400 of the reference" in str(found)
    assert "target: group" in str(found)
    assert "put aside" not in str(found)


def test_what_cannot_be_measured_is_named() -> None:
    """All rows are one of six, so none that is unseen is new; beside it, a baseline alone lacks a score."""
    few = pd.DataFrame({"x": ["a", "b", "c"] * 60, "y": ["d", "e"] * 90})
    text = str(compared := evaluate(few[:60], few, metrics=["columns", "nearest_ratio"]))
    assert text.count("not measured: nearest_ratio: Most held-out samples are in the training set too") == 1
    assert "not measured of" not in text
    rows, *baselines = compared.cards
    lacking = [replace(each, scores={"columns": each.scores["columns"]}) for each in baselines]
    more = replace(rows, scores={**rows.scores, "copies": rows.scores["columns"]})
    lacking[0] = replace(lacking[0], made={**lacking[0].made, "not_taken": ["copies: why not"]})
    text = str(replace(compared, cards=(more, *lacking)))
    assert f"  copies   {more.scores['copies']}" in text
    assert "  not measured of Gaussian copula: copies: why not" in text


def test_files_are_measured_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    people(180, seed=0).to_csv("real.csv", index=False)
    people(60, seed=1)[["group", "age", "pet", "income", "planet"]].to_csv("made.csv", index=False)
    printed = ganatomy(
        *("evaluate", "made.csv", "--reference", "real.csv", "--metrics", "columns,copies", "--out", "scores.json"),
        *("--page", "columns.html"),
    )
    assert printed.splitlines()[1].startswith("made.csv")
    assert "60 of 180 real rows, drawn at random, were put aside to test on." in printed
    card = read(Path("scores.json"))
    assert (card.name, list(card.scores)) == ("made.csv", ["columns", "copies"])
    assert card.made["baselines"].keys() == {"Gaussian copula", "independent columns"}
    assert "made.csv" in ganatomy("compare", "scores.json", "scores.json")
    assert "60 generated rows against 120 of real.csv." in Path("columns.html").read_text()
    assert "--reference DATA is required" in refused("evaluate", "made.csv")
    assert "--target and --page go with tables" in refused("evaluate", "made", "--page", "columns.html")
    assert "--features, --step" in refused(
        *("evaluate", "made.csv", "--reference", "real.csv", "--features", "lenet", "--step", "3")
    )


@pytest.mark.parametrize(
    ("fake", "options", "sentence"),
    [
        (people(60, 1).drop(columns="age"), {}, "A table lacks the column 'age', which the reference has."),
        (people(60, 1).assign(x=1), {}, "A table has the column 'x', which the reference lacks."),
        (people(20, 1), {}, "20 generated rows are too few to compare: 40 are needed"),
        (people(60, 1), {"target": "groop"}, "There is no column to predict (or it is constant) called 'groop'"),
        (people(60, 1), {"metrics": ["fd"]}, "There is no metric of tables called 'fd'"),
        (people(60, 1).assign(age="old"), {}, "Column 'age' holds int and str objects"),
    ],
)
def test_what_cannot_be_compared_is_refused(fake: pd.DataFrame, options: dict, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        evaluate(fake, people(200, 0), **options)
    assert str(error.value).startswith(sentence)
