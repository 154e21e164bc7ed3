"""What people and programs read of a diagnosis."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ganatomy.config import recipes
from ganatomy.config.settings import change
from ganatomy.diagnosis import TrainingContext, diagnose_run, wording
from ganatomy.runs.run import Run
from probe_records import monitored, recorded, records


@pytest.mark.parametrize("changes", [{}, {"gap": 1.0}])
def test_the_page_has_verdict_and_evidence(changes: dict[str, float]) -> None:
    context = TrainingContext.of_config(recipes.recipe("dcgan"), path="runs/x")
    page = wording.page(monitored(40, context, **changes))
    assert page.startswith("Train and eval differ, at step 800 (40 probes)." if changes else "Healthy, at step 800")
    assert ("signals/gap is 1, the threshold is 0.35" in page) == bool(changes)


def ask(run: Run, *flags: str) -> subprocess.CompletedProcess[str]:
    # In a process of its own, to see that torch stays out of it.
    code = "import sys; from ganatomy import cli; sys.argv = ['ganatomy', 'diagnose', *sys.argv[1:]]\n"
    code += "try:\n    cli.main()\nfinally:\n    assert 'torch' not in sys.modules"
    return subprocess.run([sys.executable, "-c", code, str(run.path), *flags], capture_output=True, text=True)


def test_the_command_answers_from_the_records_alone(tmp_path: Path) -> None:
    run = recorded(tmp_path, records(40, auc=0.5, distance=1.5))
    done = ask(run, "--json", "--exit-code")
    assert done.returncode == 3, done.stderr
    answer = json.loads(done.stdout)
    assert answer["verdict"] == diagnose_run(run).verdict == "discriminator learns nothing"
    assert answer["step"] == 800
    (finding,) = answer["findings"]
    assert {"name", "detail", "began", "said", "until", "present", "signal", "value", "threshold", "sure"} < set(
        finding
    )
    assert {"meaning", "remedy", "settings", "command"} < set(finding)
    assert (finding["said"], finding["sure"]) == (300, "certain")


def test_a_training_that_goes_on_is_told_when_it_is_probed_next(tmp_path: Path) -> None:
    finished = recorded(tmp_path, records(40), "finished")
    assert "next probe" not in ask(finished).stdout
    running = recorded(tmp_path, records(40), "running")
    running.update(status="running")
    assert ask(running).stdout.endswith("\nThe next probe is due about step 820.\n")
    every = TrainingContext.of_config(change(recipes.recipe("dcgan"), {"diagnosis.every": 50}))
    assert wording.next_probe(monitored(3, every)) == "The next probe is due at step 110."
    assert "as soon as" in wording.next_probe(monitored(1))


def test_before_the_first_probe_there_is_nothing_to_report(tmp_path: Path) -> None:
    assert wording.page(diagnose_run(recorded(tmp_path, []))).startswith(
        "Too early to say: no probe yet. A verdict needs 8 probes and 300 steps"
    )
