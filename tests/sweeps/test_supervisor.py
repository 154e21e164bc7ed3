"""Trials in processes: kills lose nothing and repeat nothing; a training that collapses is ended early."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from optuna.trial import TrialState
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.evaluation.api import evaluate
from ganatomy.runs.run import Run
from ganatomy.sweeps import pruning
from ganatomy.sweeps.api import resume_sweep, sweep
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.space import label_of
from ganatomy.training.api import train
from sweeps.conftest import SETTINGS
from tiny import assert_same_tensors

QUIET = Console(quiet=True)
STEPS = 60
CREATE_TRIAL, SET_TRIAL_STATE_VALUES = 4, 6  # operations in Optuna's journal


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.repeat])])
def test_kills_lose_no_trial_and_repeat_none(images: Path, tmp_path: Path, kills: int) -> None:
    """SIGKILL to a worker, then to the sweep with or without its workers; compared with one that nobody killed."""
    script = Path(__file__).parents[1] / "killed_sweep.py"
    # So many steps that all kills come before the end.
    trials, again, steps = (2, 0, STEPS) if kills < 10 else (4, 1, 10 * STEPS)
    settings = {**SETTINGS, "training.steps": steps}
    given = [f"{name}={label_of(value)}" for name, value in settings.items()]
    command = [sys.executable, script, images, tmp_path, kills, trials, again, *given]
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=1800, check=False)
    assert result.returncode == 0, result.stderr
    assert sum(json.loads(result.stdout).values()) == kills
    killed = Sweep(tmp_path / "sweeps" / "killed")
    begun, ended = Counter(), Counter()
    for line in killed.journal.read_text().splitlines():
        entry = json.loads(line)
        begun["trials"] += entry["op_code"] == CREATE_TRIAL
        ended[entry.get("trial_id")] += entry["op_code"] == SET_TRIAL_STATE_VALUES
    found = Journal(killed.journal, 1, 0).trials(TrialState.COMPLETE)
    assert begun["trials"] == len(found) == trials
    assert [ended[number] for number in range(trials)] == [1] * trials
    undisturbed, resumed = Journal(tmp_path / "undisturbed.jsonl", 1, 0), 0
    for trial in found:
        asked = undisturbed.ask(killed.space(), {})
        assert asked.params == trial.params
        undisturbed.tell(asked, TrialState.COMPLETE, trial.values)
    values = {f"trial-{trial.number:04d}": trial.values[0] for trial in found}
    names = {folder.name for folder in killed.runs.iterdir() if folder.is_dir()}
    assert names >= values.keys()
    assert len(names) == trials + 2 * again
    for name in sorted(names):
        run = killed.run(name)
        plain = train(config=run.config(), name=name, runs=tmp_path / "plain", console=QUIET)
        assert_same_tensors(run, plain, steps)
        score = evaluate(plain, metrics=["fd"], n=100, features="pixels").scores["fd_pixels"].value
        assert score == pytest.approx(values.get(name, score), rel=1e-9)  # BLAS may have other threads there
        events = Counter(event["event"] for event in run.events())
        assert events["finished"] == 1
        assert events["evaluation"] >= 1  # it is written before the scores: a worker killed in between measures again
        resumed += events["resumed"]
    assert resumed >= kills // 2


def test_a_trial_that_collapses_is_ended_early_with_that_reason(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after_a_while(run: Run) -> str | None:
        return "mode collapse: 1 of 10 kinds left" if max(run.checkpoints(), default=0) >= 20 else None

    monkeypatch.setattr(pruning, "collapsed", after_a_while)
    found = sweep(
        images,
        space={"generator_optimiser.learning_rate": "log 1e-5..1e-4"},
        settings={**SETTINGS, "training.steps": 10**6},
        objectives=["seconds"],
        trials=1,
        sweeps=tmp_path,
        console=QUIET,
    )
    (trial,) = Journal(found.journal, 1, 0).trials()
    assert trial.state == TrialState.PRUNED
    assert trial.user_attrs["reason"] == "mode collapse: 1 of 10 kinds left"
    info = found.run("trial-0000").info()
    assert info["status"] == "stopped"
    assert 20 <= info["step"] < 10**6
    assert "ended early: mode collapse: 1 of 10 kinds left" in (found.path / "report.html").read_text()
    assert not (found.path / "best.yaml").exists()


def test_failures_are_named_and_more_trials_follow(images: Path, tmp_path: Path) -> None:
    """A loss that is never finite diverges; the sweep goes on, and may be extended later."""
    settings = {**SETTINGS, "training.retries": 0}
    found = sweep(
        images,
        space={"generator_optimiser.learning_rate": [1e-4, 2e-4]},
        settings={**settings, "penalties.r1": 1e300, "discriminator.norm": "none"},
        objectives=["seconds"],
        trials=1,
        sweeps=tmp_path,
        name="diverges",
        console=QUIET,
    )
    (trial,) = Journal(found.journal, 1, 0).trials()
    assert trial.state == TrialState.PRUNED
    assert trial.user_attrs["reason"].startswith("The training diverged: ")
    resume_sweep("diverges", trials=2, sweeps=tmp_path, console=QUIET)
    assert len(Journal(found.journal, 1, 0).trials()) == found.options().trials == 2


def test_a_sweep_is_carried_out_by_one_process_at_a_time(swept: Sweep) -> None:
    with swept.lock(), pytest.raises(UserError, match="in the hands of another process"):
        resume_sweep(swept, console=QUIET)
