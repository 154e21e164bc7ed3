"""docs/ARTICLES.md: its commands name what exists, its figures are the recorded ones, and no row is empty."""

import json
import re
import shlex
from pathlib import Path

import pytest

from command import check, ganatomy
from ganatomy.errors import UserError
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.experiments.claims.page import measured

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "ARTICLES.md").read_text(encoding="utf-8")
WRONG, STATEMENTS = TEXT.split("## Every statement")
RECORDED = json.loads((DOCS / "claims.json").read_text(encoding="utf-8"))
COMMANDS = sorted(set(re.findall(r"`(ganatomy [^`]+)`", TEXT)))
FIGURES = [
    (name, line)
    for name, lines in re.findall(r"^`ganatomy claims --run ([\w-]+)`\n\n((?:- .*\n)+)", TEXT, re.M)
    for line in lines.splitlines()
]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in STATEMENTS.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| statement"))
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_names_claims_recipes_targets_and_options_that_exist(line: str) -> None:
    check(line)


@pytest.mark.parametrize("line", ["claims --run role", "lab rings", "lab ring --objective minimix", "recipes digit"])
def test_a_name_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises((AssertionError, UserError), match=line.split()[-1]):
        check(f"ganatomy {line}")


@pytest.mark.parametrize(("name", "line"), FIGURES)
def test_a_figure_is_the_recorded_one(name: str, line: str) -> None:
    figure, _, value = line.removeprefix("- ").rpartition(": ")
    assert value == measured(RECORDED[name]["figures"][figure])


def test_what_is_wrong_is_shown_with_figures() -> None:
    assert len(FIGURES) >= 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_statement_has_a_command_or_a_reason(row: list[str]) -> None:
    statement, command, words = row
    assert statement
    assert words
    example = re.fullmatch("`python (examples/[^` ]+)`", command)
    assert (
        command == "–"
        or re.fullmatch("`ganatomy [^`]+`", command)
        or (example and (DOCS.parent / example[1]).is_file())
    )


def test_every_claim_is_mentioned() -> None:
    """A claim that no article makes is one of the corrections."""
    assert {*catalogue()} <= {*re.findall(r"claims --run ([\w-]+)", TEXT)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_one_discriminator_of_digits_gives_one_loss_a_gradient_and_the_other_none(seed: int, tmp_path: Path) -> None:
    """The two trainings of the page, typed with one thread and float32, so that they have the same discriminator."""
    typed = re.findall(r"^    ganatomy (train digits .*--name (\w+))$", TEXT, re.M)
    last = {}
    for line, name in typed:
        exact = "--set runtime.threads=1 --set runtime.precision=float32 --set runtime.convolution=native"
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            ganatomy(*shlex.split(f"{line} --seed {seed} {exact}"))
        records = (tmp_path / "runs" / name / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        last[name] = json.loads(records[-1])
    minimax, other = last["minimax"], last["non_saturating"]
    assert minimax["probability/fake"] == pytest.approx(other["probability/fake"], rel=0.01)
    assert minimax["probability/fake"] < 0.01
    assert minimax["gradient_norm/generator"] < 0.05
    assert other["gradient_norm/generator"] > 1
