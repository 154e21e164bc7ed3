"""What people and programs read of a diagnosis."""

import json
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

import pytest

from ganatomy.config import recipes
from ganatomy.config.settings import change
from ganatomy.diagnosis import Monitor, TrainingContext, diagnose_run, wording
from ganatomy.report import page
from ganatomy.runs.run import Run
from ganatomy.system.terminal import Terminal
from ganatomy.training.results import show_results
from ganatomy.web.studio.live_run import LiveRun
from ganatomy.web.studio.run_store import RunStore
from probe_records import monitored, record, recorded, records
from tiny import dotted


@pytest.mark.parametrize("changes", [{}, {"gap": 1.0}])
def test_the_page_has_verdict_and_evidence(changes: dict[str, float]) -> None:
    context = TrainingContext.of_config(recipes.recipe("dcgan"), path="runs/x")
    text = wording.page(monitored(40, context, **changes))
    assert text.startswith("Train and eval differ, at step 800 (40 probes)." if changes else "Healthy, at step 800")
    assert ("signals/gap is 1, the threshold is 0.35" in text) == bool(changes)


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


def of_dcgan(run: Path | str = "runs/x", **changes: Any) -> TrainingContext:
    """Of a run of the recipe `dcgan`; part__option=value stands for part.option."""
    options = change(recipes.recipe("dcgan"), {"training.steps": 800, **dotted(changes)})
    return TrainingContext.of_config(options, path=str(run))


def following(monitor: Monitor, status: str = "finished") -> tuple[str, str | None] | None:
    after = wording.next_step(monitor, status)
    return after and (after.words, after.command)


def test_what_to_do_next_against_a_finding_is_the_first_ones_remedy() -> None:
    monitor = monitored(40, of_dcgan(), gap=1.0, checkerboard=99.0)
    (first, second) = monitor.present
    assert (first.name, second.name) == ("train and eval differ", "checkerboard")
    for status in ("finished", "running"):
        assert following(monitor, status) == (first.remedy, first.command)
    without_options = monitored(40, of_dcgan(), movement=0.0)
    assert following(without_options) == (without_options.present[0].remedy, None)


@pytest.mark.parametrize(
    ("changes", "probes", "more"),
    [
        ({"training__steps": 100}, 3, 240),  # 300 steps are needed, and step 60 is the last probed
        ({"training__steps": 100}, 0, 300),
        ({"training__steps": 500, "diagnosis__every": 100}, 4, 720),  # 8 probes are, each 100 steps
        ({"training__steps": 500, "diagnosis__every": 90, "log__every": 40}, 4, 640),  # of which the 8th is at 720
        ({"training__steps": None, "training__minutes": 1}, 3, 240),
        ({"training__steps": None, "training__minutes": 1}, 7, 160),
    ],
)
def test_a_training_of_too_few_steps_says_how_many_more_a_verdict_needs(
    changes: dict[str, Any], probes: int, more: int
) -> None:
    monitor = monitored(probes, of_dcgan(**changes))
    assert monitor.state == "early"
    assert following(monitor) == (f"train {more} steps more", f"ganatomy train --resume x --more-steps {more}")


def test_a_training_with_too_few_probes_needs_as_many_steps_as_eight_of_them_take() -> None:
    sparse = Monitor(of_dcgan())
    for step in (200, 400, 600):
        sparse.observe(record(step))
    assert following(sparse) == ("train 1,000 steps more", "ganatomy train --resume x --more-steps 1000")


def test_a_training_that_goes_on_or_was_stopped_is_told_so() -> None:
    early = monitored(3, of_dcgan())
    assert following(early, "running") is None, "its own steps are enough"
    assert following(early, "stopped") == ("train on", "ganatomy train --resume x")
    short = monitored(3, of_dcgan(training__steps=100))
    assert following(short, "running") == (
        "train 240 steps more, once this training has ended",
        "ganatomy train --resume x --more-steps 240",
    )
    assert "A verdict needs 8 probes and 300 steps, and this training has 100." in wording.sentence(short)
    rare = monitored(0, of_dcgan(training__steps=500, diagnosis__every=100))
    assert wording.sentence(rare).endswith("A verdict needs 8 probes and 800 steps, and this training has 500.")


def test_a_healthy_training_is_measured_next() -> None:
    healthy = monitored(40, of_dcgan("runs/my run"))
    assert following(healthy) == ("measure how good the images are", "ganatomy evaluate 'my run'")
    absolute = monitored(40, of_dcgan(Path("runs/my run").resolve()))  # as the studio names it
    assert following(absolute) == following(healthy)
    elsewhere = monitored(40, of_dcgan(Path("/srv/runs/x")))
    assert following(elsewhere) == ("measure how good the images are", "ganatomy evaluate /srv/runs/x")
    assert following(healthy, "running") is None
    assert following(monitored(40)) is None, "a loop of one's own"
    assert following(monitored(40, of_dcgan(diagnosis__on=False))) is None


def test_of_a_training_of_which_nothing_is_known_it_is_told_what_it_lacks() -> None:
    distant = monitored(40, of_dcgan(), distance=lambda step: 1.0 - step / 1600)
    assert distant.state == "open"
    words, command = following(distant) or ("", None)
    assert "half as far from the real ones as at the start (`distance` is 0.51, and was 0.97 at first)" in words
    assert command == "ganatomy train --resume x --more-steps 800"
    few = monitored(0, of_dcgan())
    for step in range(100, 1000, 100):
        few.observe({name: value for name, value in record(step).items() if step > 600 or name != "signals/copies"})
    words, command = following(few) or ("", None)
    assert (words, command) == (
        "train longer: memorisation cannot be told from so few probes",
        "ganatomy train --resume x --more-steps 900",
    )


@pytest.mark.parametrize(
    ("count", "changes"), [(40, {"gap": 1.0}), (40, {"movement": 0.0}), (40, {}), (40, {"distance": 0.8}), (3, {})]
)
def test_the_four_places_say_the_same(
    count: int, changes: dict[str, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal at the end of a training, `diagnose`, the report and the studio."""
    run = recorded(tmp_path, records(count, **changes), "mine + a b")
    monitor = diagnose_run(run)
    said, after = wording.sentence(monitor), wording.next_step(monitor)
    assert after is not None
    assert after.label.startswith("Next: ")
    show_results(run, Terminal())
    assert f"{said}\n{after.text}\n" in capsys.readouterr().out
    assert ask(run).stdout.startswith(f"{said}\n{after.text}\n")
    answer = json.loads(ask(run, "--json").stdout)
    assert (answer["sentence"], answer["next"]) == (said, {"words": after.label, "command": after.command})
    code = f"<code>{escape(after.command)}</code>" if after.command else ""
    assert f"{escape(said)}</p><p>{escape(after.label)} {code}</p>" in page.text(run)
    news = json.loads(LiveRun(run, RunStore(tmp_path)).news(-1.0, -1))
    assert (news["diagnosis"]["sentence"], news["diagnosis"]["next"]) == (said, answer["next"])


def test_commands_load_parts_of_ones_own(tmp_path: Path) -> None:
    part = {"kind": "objective", "name": "mine", "module": "my_parts", "file": "/home/me/my parts.py", "sha256": "0"}
    installed = {**part, "name": "theirs", "module": "theirs", "file": "/lib/theirs.py", "version": "1.0"}
    run = recorded(tmp_path, records(40), parts=[{**part, "version": None}, installed])
    assert (following(diagnose_run(run)) or ("", ""))[
        1
    ] == f"ganatomy evaluate {run.path} '--parts=/home/me/my parts.py'"
    ill = recorded(tmp_path, records(40, gap=1.0), "ill", parts=[{**part, "version": None}])
    (finding,) = diagnose_run(ill).present
    assert (finding.command or "").endswith("--set=generator.norm=none '--parts=/home/me/my parts.py'")
