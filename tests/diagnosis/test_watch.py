"""The verdict at a step follows from what was recorded up to it."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from ganatomy.config import recipes
from ganatomy.diagnosis import Facts, Watch, diagnose, wording
from looks import record, watched


def troubled() -> list[dict]:
    """Collapse, recovery, then overfitting, with noise."""
    random = np.random.default_rng(0)
    found = []
    for step in range(20, 1620, 20):
        ill = 200 < step < 900
        found.append(
            record(
                step,
                kinds=2.0 if ill else 10.0,
                distance=0.4 if ill else 0.05,
                auc=float(np.clip(0.75 + 0.1 * random.standard_normal(), 0, 1)),
                auc_memory=0.9 if step > 1200 else 0.5,
            )
        )
    return found


def test_what_is_said_at_a_step_does_not_depend_on_what_comes_after() -> None:
    records, facts = troubled(), Facts("non_saturating")
    live, said = Watch(facts), []
    for place, each in enumerate(records, 1):
        live.observe(each)
        said.append(live.verdict)
        assert diagnose(records[:place], facts) == live.findings()
    assert {verdict.partition(":")[0] for verdict in said} == {"healthy", "mode collapse", "discriminator overfits"}
    assert [finding.name for finding in live.findings()] == ["mode collapse", "discriminator overfits"]


def test_records_without_signals_and_numbers_that_json_does_not_have_change_nothing() -> None:
    records, facts = troubled(), Facts("non_saturating")
    between = [each for one in records for each in (one, {"step": one["step"] + 1, "loss/generator": 1.0})]
    assert diagnose(between, facts) == diagnose(records, facts)
    watch = Watch(facts)
    watch.observe({"step": 20, "signals/auc": None, "signals/slope": float("nan")})
    assert watch.verdict == "healthy"


def test_a_roll_back_is_said_at_once_and_passes() -> None:
    watch = watched(10, roll_backs=lambda step: float(step > 100))
    assert [(finding.name, finding.said) for finding in watch.findings()] == [("not finite", 120)]
    assert watch.present
    for step in range(220, 300, 20):
        watch.observe(record(step, roll_backs=1.0))
    assert watch.verdict == "healthy"


def test_certainty_grows_with_time() -> None:
    assert watched(16, gap=1.0).present[0].sure == "likely"
    assert watched(60, gap=1.0).present[0].sure == "certain"


def test_a_command_applies_the_remedy() -> None:
    facts = Facts.of(recipes.recipe("dcgan"), path="runs/my run")
    finding = watched(40, facts, auc_memory=0.9).present[0]
    expected = (
        "ganatomy train --config 'runs/my run/config.yaml' '--set=augmentation.policies=[colour, translation, cutout]'"
    )
    assert finding.command == expected


@pytest.mark.parametrize("changes", [{}, {"gap": 1.0}])
def test_it_can_be_read(changes: dict) -> None:
    watch = watched(40, Facts.of(recipes.recipe("dcgan"), path="runs/x"), **changes)
    page = wording.page(watch)
    assert page.startswith("Train and eval differ, at step 800 (40 looks)." if changes else "Healthy, at step 800")
    assert ("signals/gap is 1, the line is at 0.35" in page) == bool(changes)
    assert json.loads(json.dumps([asdict(finding) for finding in watch.findings()])) is not None


def test_data_that_cannot_work_is_said_before_the_first_look() -> None:
    watch = Watch(Facts(problems=("all images are the same",)))
    assert watch.verdict == "data cannot work: all images are the same"
    assert watch.findings()[0].present
