"""Which trials end early: those that collapse, and those that are behind half of the finished ones."""

from pathlib import Path

import pytest
from optuna.trial import TrialState
from rich.console import Console

from ganatomy.config.options import Config
from ganatomy.diagnosis import diagnose_run
from ganatomy.runs.run import Run
from ganatomy.sweeps import pruning, supervisor
from ganatomy.sweeps.api import sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.sweeps.space import parse
from probe_records import record
from sweeps.conftest import SETTINGS

STEPS = 300
SPACE = parse({"x": "-1..1"})


def probed(*measured: tuple[float, float]) -> list[dict[str, float]]:
    """Records of so much of the budget, and the distance then."""
    return [{"signals/spent": spent, "signals/distance": distance} for spent, distance in measured]


def filled(path: Path, distances: list[float]) -> Journal:
    """A journal with a finished trial for each distance, the same at both rungs."""
    journal = Journal(path, 1, 0)
    for distance in distances:
        trial = journal.ask(SPACE, {})
        assert journal.behind(trial, {25: distance, 50: distance}) is None
        journal.tell(trial, TrialState.COMPLETE, [distance])
    return journal


def test_a_collapse_is_seen_in_the_records_once_it_lasts(tmp_path: Path) -> None:
    run = Run.create("run", Config(), tmp_path)
    run.update(status="running", data={"images": 5000})
    assert pruning.collapsed(run) is None
    for number in range(1, 31):
        run.append(record(100 * number, twins=0.0))
        monitor = diagnose_run(run)
        run.event("verdict", step=100 * number, verdict=monitor.verdict, state=monitor.state)
        lasting = monitor.warm and monitor.present[:1] and monitor.present[0].name == "mode collapse"
        assert (pruning.collapsed(run) is not None) == bool(lasting)
    assert pruning.collapsed(run).startswith("mode collapse: ")


def test_the_distance_at_a_rung_is_a_mean_and_known_once_it_is_passed() -> None:
    records = probed((0.05, 9.0), (0.13, 4.0), (0.20, 2.0), (0.24, 3.0))
    assert pruning.distances(records) == {}
    records += probed((0.26, 1.0), (0.4, 2.0))
    assert pruning.distances(records) == {25: 3.0}
    records += probed((0.5, 0.0))
    assert pruning.distances(records) == {25: 3.0, 50: 1.0}
    assert pruning.distances([{"step": 1}, {"signals/distance": 1.0}]) == {}
    assert pruning.distances(probed((0.6, 1.0))) == {}  # nothing was measured on the way to a rung


def test_nothing_is_compared_before_five_trials_have_finished(tmp_path: Path) -> None:
    journal = filled(tmp_path / "journal", [0.1, 0.2, 0.3, 0.4])
    assert journal.behind(journal.ask(SPACE, {}), {25: 9.0}) is None


@pytest.mark.parametrize(("distance", "ends"), [(0.29, False), (0.31, True)])
def test_the_median_decides(tmp_path: Path, distance: float, ends: bool) -> None:
    journal = filled(tmp_path / "journal", [0.5, 0.4, 0.3, 0.2, 0.1])
    trial = journal.ask(SPACE, {})
    reason = journal.behind(trial, {25: distance})
    told = "behind half of the finished trials after 25% of its budget (distance 0.31, their median 0.3)"
    assert reason == (told if ends else None)
    # A kill between the decision and the outcome changes nothing.
    reopened = Journal(tmp_path / "journal", 1, 0)
    (unfinished,) = reopened.unfinished()
    assert reopened.behind(unfinished, {}) == reason


@pytest.mark.slow
def test_a_sweep_ends_what_falls_behind_and_says_why(images: Path, tmp_path: Path, monkeypatch) -> None:
    """Each trial is made to look worse than those before it."""
    measured = pruning.distances

    def worse_and_worse(records) -> dict[int, float]:
        return dict.fromkeys(measured(records), float(len(list(tmp_path.glob("far/runs/trial-*")))))

    monkeypatch.setattr(pruning, "distances", worse_and_worse)
    monkeypatch.setattr(supervisor, "POLL_SECONDS", 0.05)
    found = sweep(
        images,
        space={"generator_optimiser.learning_rate": "log 1e-5..1e-4"},
        settings={**SETTINGS, "training.steps": STEPS, "diagnosis.on": True, "diagnosis.every": 10, "log.every": 10},
        objectives=["seconds"],
        trials=6,
        again=0,
        name="far",
        sweeps=tmp_path,
        console=Console(quiet=True),
    )
    *first, last = Journal(found.journal, 1, 0).trials()
    assert all(trial.state == TrialState.COMPLETE and set(trial.intermediate_values) == {25, 50} for trial in first)
    assert last.state == TrialState.PRUNED
    assert last.user_attrs["reason"].startswith("behind half of the finished trials after 25% of its budget")
    info = found.run("trial-0005").info()
    assert info["status"] == "stopped"
    assert STEPS / 4 <= info["step"] < STEPS
