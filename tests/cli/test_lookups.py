"""The verbs that look something up: recipes, options, doctor, data, diagnose."""

import json
import shutil
from pathlib import Path

import pytest

from command import ganatomy, refused
from ganatomy.config.recipes import RECIPES, recipe
from ganatomy.config.settings import read
from ganatomy.runs.run import Run


def test_recipes() -> None:
    lines = ganatomy("recipes").splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert all(line.endswith(RECIPES.summary(line.split()[0])) for line in lines)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_printed_as_a_file_to_start_from(name: str, here: Path) -> None:
    printed = ganatomy("recipes", name)
    assert printed.startswith(f"# {RECIPES.summary(name)}")
    Path("mine.yaml").write_text(printed)
    assert read("mine.yaml") == recipe(name)


def test_what_is_not_there_to_look_up() -> None:
    assert "no recipe called 'dcgn'; did you mean dcgan" in refused("recipes", "dcgn")
    assert "no part or option called 'trainin'; did you mean training" in refused("options", "trainin")
    assert "no run called" in refused("diagnose", "gone")


def test_options() -> None:
    assert "  training.share_fakes = false  (true or false)" in ganatomy("options").splitlines()
    assert ganatomy("options", "training").startswith("training: The training loop and its budget")


def test_doctor() -> None:
    assert "torch" in ganatomy("doctor")


def test_inspect_and_prepare(images: Path) -> None:
    assert json.loads(ganatomy("data", "inspect", images, "--json"))["images"] == 37
    assert "37 images" in ganatomy("data", "inspect", images)
    own = shutil.copy(images, "own.npy")  # what is said of it is remembered
    assert "37 images, 32×48" in ganatomy("data", "prepare", own, "--size", "32x48")


def test_inspect_a_table(here: Path) -> None:
    Path("people.csv").write_text(
        "age,city\n" + "".join(f"{20 + i},{'Rome' if i % 2 else 'Bonn'}\n" for i in range(30))
    )
    assert ganatomy("data", "inspect", "people.csv").splitlines()[:4] == [
        "people.csv",
        "30 rows, 2 columns",
        "  age   integer     20 to 49",
        "  city  category    2: Bonn, Rome",
    ]
    found = json.loads(ganatomy("data", "inspect", "people.csv", "--json"))
    assert [column["kind"] for column in found["columns"]] == ["integer", "category"]
    assert "are for images: people.csv is a table" in refused("data", "inspect", "people.csv", "--split", "test")
    assert "There is no file none.csv" in refused("data", "inspect", "none.csv")


def test_diagnose(run: Run) -> None:
    assert json.loads(ganatomy("diagnose", "mine", "--json"))["step"] <= 7
    assert "probe" in ganatomy("diagnose", "mine")
