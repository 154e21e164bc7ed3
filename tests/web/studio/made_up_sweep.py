"""A sweep whose trials are copies of one run, each with seconds of its own: for pages, which train nothing."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState

from ganatomy.runs.run import Run
from ganatomy.sweeps import page, results
from ganatomy.sweeps.folder import Sweep, SweepOptions, trial_training
from ganatomy.sweeps.journal import Journal

RATE = "generator_optimiser.learning_rate"
SPACE = {RATE: "log 1e-5..1e-1", "training.batch": [4, 8]}
SECONDS = [5.0, 3.0, 4.0, 6.0]  # of the trials that finish; the best one is the second
ENDED = "mode collapse: <b>1</b> of about 10 kinds left"
OPTIONS = SweepOptions(
    data="waves.npy",
    recipe="dcgan",
    config=None,
    settings={},
    space=SPACE,
    objectives=["seconds"],
    samples=100,
    features="pixels",
    trials=6,
    again=1,
    seeds=1,
    seed=0,
    prune=True,
)


def made_up_sweep(sweeps: Path, trained: Run, name: str = "small") -> Sweep:
    """Four finished trials, one that was ended early, one that has begun; the best and the recipe trained again."""
    sweep = Sweep.create(name, OPTIONS, sweeps)
    journal = Journal(sweep.journal, 1, 0)
    for seconds in SECONDS:
        trial = ask(sweep, journal, trained, seconds)
        outcomes = [each.json() for each in results.objectives.measure(run_of(sweep, trial.number), ["seconds"], 0)]
        journal.tell(trial, TrialState.COMPLETE, [seconds], seconds=seconds, outcomes=outcomes)
    ended = ask(sweep, journal, trained, 1.0)
    journal.tell(ended, TrialState.PRUNED, seconds=1.0, reason=ENDED)
    unfinished = ask(sweep, journal, trained, 2.0)
    run_of(sweep, unfinished.number).update(status="running", pid=2**30)
    os.utime(run_of(sweep, unfinished.number).path / "metrics.jsonl", (0, 0))  # nothing is written any more
    for again, seconds in (("trial-0001-seed-100000", 3.5), ("recipe-seed-100000", 3.25)):
        copied(sweep, again, trained, seconds)
    results.write_best(sweep, journal)
    page.write(sweep, journal)
    return sweep


def finished(sweep: Sweep) -> None:
    """The trial that had begun ends, and with it the sweep."""
    journal = Journal(sweep.journal, 1, 0)
    (trial,) = journal.unfinished()
    run_of(sweep, trial.number).update(status="finished", seconds=2.5)
    outcomes = [each.json() for each in results.objectives.measure(run_of(sweep, trial.number), ["seconds"], 0)]
    journal.tell(trial, TrialState.COMPLETE, [2.5], seconds=2.5, outcomes=outcomes)
    sweep.write_options(replace(OPTIONS, again=0))
    page.write(sweep, journal)


def ask(sweep: Sweep, journal: Journal, trained: Run, seconds: float) -> FrozenTrial:
    """A new trial, and the run that belongs to it."""
    trial = journal.ask(sweep.space(), {})
    copied(sweep, f"trial-{trial.number:04d}", trained, seconds)
    return trial


def run_of(sweep: Sweep, number: int) -> Run:
    return sweep.run(trial_training(OPTIONS, number, {}).name)


def copied(sweep: Sweep, name: str, trained: Run, seconds: float) -> None:
    shutil.copytree(trained.path, sweep.runs / name)
    sweep.run(name).update(seconds=seconds)
