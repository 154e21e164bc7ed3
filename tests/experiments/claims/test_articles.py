"""docs/ARTICLES.md: its commands name what exists, its figures are the recorded ones, and no row is empty."""

import json
import re
from pathlib import Path

import pytest

from command import check
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
    assert command == "–" or re.fullmatch("`ganatomy [^`]+`", command)


def test_every_claim_is_mentioned() -> None:
    """A claim that no article makes is one of the corrections."""
    assert {*catalogue()} <= {*re.findall(r"claims --run ([\w-]+)", TEXT)}
