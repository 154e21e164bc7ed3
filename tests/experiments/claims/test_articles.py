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
from ganatomy.runs.run import Run
from repeats import SEEDS

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
    for each in [] if command == "–" else command.split("; "):
        example = re.fullmatch("`python (examples/[^` ]+)`", each)
        assert re.fullmatch("`ganatomy [^`]+`", each) or (example and (DOCS.parent / example[1]).is_file())


def test_every_claim_is_mentioned() -> None:
    """A claim that no article makes is one of the corrections."""
    assert {*catalogue()} <= {*re.findall(r"claims --run ([\w-]+)", TEXT)}


def train(name: str, seed: int, folder: Path) -> Path:
    """The run of the page's command that trains a run of this name; with one thread and float32, as anywhere else."""
    (line,) = re.findall(rf"^    ganatomy (train digits .*--name {name})$", TEXT, re.M)
    exact = "--set runtime.threads=1 --set runtime.precision=float32 --set runtime.convolution=native"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ganatomy(*shlex.split(f"{line} --seed {seed} {exact}"))
    return folder / "runs" / name


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_one_discriminator_of_digits_gives_one_loss_a_gradient_and_the_other_none(seed: int, tmp_path: Path) -> None:
    runs = [train(name, seed, tmp_path) for name in ("minimax", "non_saturating")]
    lines = [(run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1] for run in runs]
    minimax, other = (json.loads(line) for line in lines)
    assert minimax["probability/fake"] == pytest.approx(other["probability/fake"], rel=0.01)
    assert minimax["probability/fake"] < 0.01
    assert minimax["gradient_norm/generator"] < 0.05
    assert other["gradient_norm/generator"] > 1


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [[0], pytest.param([0, 1, 2], marks=pytest.mark.repeat)])
def test_the_collapse_of_digits_is_measured_and_named(seeds: list[int], tmp_path: Path) -> None:
    """Rounding decides which way a training takes: of three, one may end while its few kinds have become some more."""
    named = 0
    for seed in seeds:
        run = train("collapse", seed, tmp_path / str(seed))
        names = [finding["name"] for finding in json.loads(ganatomy("diagnose", run, "--json"))["findings"]]
        assert names[0] == "discriminator learns nothing"
        named += "mode collapse" in names
        signals = [record for record in Run(run).records() if "signals/spread" in record][-1]
        assert signals["signals/spread"] < 0.35 * signals["signals/spread_floor"]
        assert signals["signals/kinds"] <= 0.5 * signals["signals/kinds_floor"]
    assert named >= len(seeds) * 2 / 3
