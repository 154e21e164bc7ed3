"""Remedies are commands that work: each one is tried on a fault, and the images come nearer to the real ones."""

import json
from pathlib import Path
from typing import Any

import pytest

import command
from ganatomy.diagnosis import RULES, TrainingContext
from ganatomy.experiments.diagnosis_exam import remedies
from ganatomy.experiments.diagnosis_exam.remedies import TRIALS, UNTRIED, RemedyOutcome, remediable, try_remedy
from probe_records import recorded, records

DOCS = Path(__file__).parents[2] / "docs"
GAIN = 0.6  # of the Fréchet distance, at most, is left


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("remedies")


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What the command wrote last."""
    found: dict[str, Any] = json.loads((DOCS / "diagnosis-exam" / "remedies.json").read_text())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, trial in TRIALS.items() if trial.quick])
def test_the_command_of_a_finding_mends_its_fault(name: str, folder: Path) -> None:
    outcome = try_remedy(name, 0, folder, steps=TRIALS[name].quick)
    assert TRIALS[name].rule.finding in outcome.findings
    assert outcome.after is not None
    assert outcome.after < GAIN * outcome.before


def test_each_remedy_with_options_is_tried() -> None:
    ways = {name: rule.remedy_for(TrainingContext()) for name, rule in RULES.items()}
    with_options = {name: remedy.words for name, remedy in ways.items() if remedy.settings}
    tried = {with_options[trial.rule.name] for trial in TRIALS.values()}
    assert tried | {with_options[name] for name in UNTRIED} == set(with_options.values())
    quick = [with_options[trial.rule.name] for trial in TRIALS.values() if trial.quick]
    assert sorted(quick) == sorted(tried)


def test_the_last_outcomes_were_gains_but_for_what_is_said_to_be_hopeless(facts: dict[str, Any]) -> None:
    outcomes = [RemedyOutcome(**each) for each in facts["outcomes"]]
    assert {each.fault for each in outcomes} == set(TRIALS)
    for each in outcomes:
        if TRIALS[each.fault].mended:
            assert each.after is not None
            assert each.after < GAIN * each.before, each.fault
    named = {finding for each in outcomes for finding in each.findings}
    with_options = {rule.finding for rule in RULES.values() if rule.remedy_for(TrainingContext()).settings}
    assert with_options - named == {RULES[name].finding for name in UNTRIED} - named


def test_the_page_has_the_table_of_outcomes(facts: dict[str, Any]) -> None:
    page = (DOCS / "DIAGNOSIS.md").read_text()
    assert remedies.MARK in page
    assert remedies.renewed(page, facts) == page
    weak = RemedyOutcome("weak", 0, ["discriminator learns nothing"], {"x.rate": 0.001}, 26.64, 0.81, 0.79)
    text = remedies.table([weak, RemedyOutcome("swing", 0, [], {}, 6.4, None, 0.8)])
    assert "| discriminator learns nothing | `x.rate=0.001` | 26.6 → 0.8 | 0.8 |" in text
    assert "| none that options remedy | – | 6.4 → – | 0.8 |" in text


def test_the_command_is_that_of_the_first_finding_that_options_remedy(tmp_path: Path) -> None:
    run = recorded(tmp_path, records(40, movement=0.0, gap=1.0), data={"images": 5000})
    (found,) = remediable(run)
    assert found.name == "train and eval differ", "a generator that stands still is not mended by options"
    assert found.command is not None
    command.check(found.command)
    changes, planned = remedies.commanded(found.command)
    before = run.config()
    assert changes == {"generator.norm": "none"}
    assert (before.generator.norm, planned.generator.norm) == ("batch", "none")
    assert planned.model_copy(update={"generator": before.generator}) == before
    assert remediable(recorded(tmp_path, records(40), "healthy")) == []
