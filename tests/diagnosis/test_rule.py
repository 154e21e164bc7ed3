"""A rule of somebody else's is found, printed and listed like ours."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganatomy.diagnosis import RULES, Remedy, Symptom, TrainingContext, Window, finding_names, rule, wording
from ganatomy.diagnosis.rule import Rule
from ganatomy.errors import UserError
from probe_records import monitored, recorded, records

PAGE = (Path(__file__).parents[2] / "docs" / "DIAGNOSIS.md").read_text()


@pytest.fixture
def too_dark() -> Iterator[Rule]:
    @rule("images too dark", when="`high` below {least}", needs=("high",), remedy=Remedy("turn on the light"), probes=3)
    def made(window: Window, context: TrainingContext, *, least: float = 0.5) -> Symptom | None:
        """Generated images are darker
        than they should be.

        This is not for people.
        """
        return Symptom("high", window("high"), least) if window("high") < least else None

    yield made
    RULES.remove(made.name)


def test_a_registered_rule_is_found_and_listed(too_dark: Rule) -> None:
    assert too_dark.finding == too_dark.name == "images too dark"
    assert too_dark.thresholds == {"least": 0.5}
    assert too_dark.meaning == "Generated images are darker than they should be."
    finding = monitored(40, high=0.25).present[0]
    assert (finding.name, finding.meaning, finding.remedy) == ("images too dark", too_dark.meaning, "turn on the light")
    assert (finding.signal, finding.value, finding.threshold) == ("high", 0.25, 0.5)
    assert finding_names()[-1] == "images too dark"
    row = "| images too dark | `high` below 0.5 | 3 probes, 20% | turn on the light |"
    assert row in wording.findings_table().splitlines()


def test_the_command_knows_the_rules_of_a_file(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(from ganatomy.diagnosis .*?)```", PAGE, re.S)
    (tmp_path / "dark_parts.py").write_text(example)
    run = recorded(tmp_path, records(40, high=0.25))
    command = [sys.executable, "-m", "ganatomy", "diagnose", str(run.path), "--parts", str(tmp_path / "dark_parts.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Images too dark, at step 800 (40 probes).")
    assert "Evidence: signals/high is 0.25, the threshold is 0.5." in done.stdout


def test_a_rule_says_what_it_means_and_names_its_thresholds() -> None:
    def silent(window: Window, context: TrainingContext) -> Symptom | None:
        return None

    with pytest.raises(UserError, match="needs a docstring"):
        rule("silent", when="never", remedy=Remedy("none"))(silent)
    silent.__doc__ = "Nothing is wrong."
    with pytest.raises(UserError, match="should name its thresholds"):
        rule("silent", when="`high` below {least}", remedy=Remedy("none"))(silent)
    assert "silent" not in RULES
    silent.__module__ = "somebody.elses"
    with pytest.raises(UserError, match="mode collapse"):
        rule("mode collapse", when="never", remedy=Remedy("none"))(silent)


def test_the_documentation_has_the_table_of_findings() -> None:
    assert wording.findings_table() in PAGE
