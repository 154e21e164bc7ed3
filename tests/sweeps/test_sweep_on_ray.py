"""A sweep whose trials Ray places, on a real Ray of this machine: the files of one without it, whatever is killed."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.trial import TrialState
from rich.console import Console

from ganatomy.runs.run import Run
from ganatomy.sweeps.api import resume_sweep, sweep
from ganatomy.sweeps.folder import Sweep
from ganatomy.sweeps.journal import Journal
from ganatomy.system.runtime import cores
from ganatomy.training.cluster.engine import Engine, Resources
from sweeps.conftest import SETTINGS
from tiny import assert_same_tensors, waves

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed."),
]
QUIET = Console(quiet=True)
STEPS, TRIALS = 300, 2
SPACE = {"generator_optimiser.learning_rate": "log 1e-4..1e-2", "training.batch": [8, 16]}
PATIENCE = 900.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with images, the current one while these tests run."""
    folder, before = tmp_path_factory.mktemp("ray"), Path.cwd()
    np.save(folder / "waves.npy", waves(37, 16, 16))
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def engine(place: Path) -> Iterator[Engine]:
    """A Ray of this machine, which the tests' process is connected to; a trial has all cores, as one without Ray."""
    chosen = Engine(resources=Resources(float(cores()), 0.0))
    with chosen.joined("the tests", 1, QUIET):
        yield chosen


def workers() -> list[int]:
    """The processes that train for a sweep in the current folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, place = (folder / "cmdline").read_bytes(), (folder / "cwd").readlink()
        except OSError:
            continue
        found += [int(folder.name)] if b"ganatomy.sweeps.worker" in command and place == Path.cwd() else []
    return found


def until(run: Run, process: subprocess.Popen[str] | None = None) -> None:
    """Wait for a new checkpoint of a run."""
    newest, late = max(run.checkpoints(), default=0), time.monotonic() + PATIENCE
    while max(run.checkpoints(), default=0) == newest and time.monotonic() < late:
        assert process is None or process.poll() is None
        time.sleep(0.02)


def entries(found: Sweep) -> list[dict[str, Any]]:
    """What Optuna's journal says, without the times and who wrote it."""
    timed = {"datetime_start", "datetime_complete", "worker_id"}
    read = [json.loads(line) for line in found.journal.read_text().splitlines()]
    return [
        {name: value for name, value in entry.items() if name not in timed}
        for entry in read
        if "seconds" not in entry.get("user_attr", {})
    ]


def table(found: Sweep) -> list[dict[str, str]]:
    """trials.csv without the seconds."""
    rows = csv.DictReader(found.at("trials.csv").read_text().splitlines())
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def files(found: Sweep) -> list[str]:
    """The names of all files but pictures: a training that loses its place shows where it was, too."""
    there = [path.relative_to(found.path) for path in found.path.rglob("*") if path.is_file()]
    return sorted(str(path) for path in there if path.parent.name != "samples")


def test_trials_on_ray_leave_the_files_of_one_machine_though_two_are_killed(engine: Engine, place: Path) -> None:
    made, killed = {}, []

    def kill() -> None:
        for name, of_ray in (("trial-0000", False), ("trial-0001", True)):
            until(Run(f"sweeps/there/runs/{name}"))
            (process,) = workers()
            parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(parent if of_ray else process, signal.SIGKILL)
            killed.append(name)

    for name, where in (("here", None), ("there", engine)):
        killer = threading.Thread(target=kill)
        if where:
            killer.start()
        made[name] = sweep(
            "waves.npy",
            space=SPACE,
            settings={**SETTINGS, "training.steps": STEPS},
            trials=TRIALS,
            n=100,
            features="pixels",
            again=0,
            prune=False,
            name=name,
            engine=where,
            console=QUIET,
        )
    killer.join()
    assert killed == ["trial-0000", "trial-0001"]
    here, there = made["here"], made["there"]
    assert entries(here) == entries(there)
    assert table(here) == table(there)
    assert len(table(there)) == TRIALS
    assert files(here) == files(there)
    for name in ("trial-0000", "trial-0001"):
        assert_same_tensors(here.run(name), there.run(name), STEPS)
        events = [event["event"] for event in there.run(name).events()]
        assert (events.count("finished"), events.count("evaluation"), events.count("resumed")) == (1, 1, 1)


def test_a_sweep_that_is_killed_and_one_that_is_stopped_go_on(engine: Engine, place: Path) -> None:
    import ray

    flags = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    Path("space.yaml").write_text("generator_optimiser.learning_rate: log 1e-4..1e-2\n")
    begin = ["waves.npy", "--name", "long", "--space", "space.yaml", "--trials", "1", "--again", "0", *flags]
    begin += ["--optimise", "seconds", "--set=training.steps=600"]
    on = ["--on", ray.get_runtime_context().gcs_address]
    found = Sweep("sweeps/long")
    run = found.run("trial-0000")
    for given, number in (
        (begin, signal.SIGKILL),
        (["--resume", "long"], signal.SIGINT),
    ):
        command = [sys.executable, "-m", "ganatomy", "sweep", *given, *on]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(run, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert "Stopped. To go on: ganatomy sweep --resume long" in out
    info = run.info()
    assert (info["status"], max(run.checkpoints())) == ("stopped", info["step"])
    assert [trial.state for trial in Journal(found.journal, 1, 0).trials()] == [TrialState.RUNNING]
    assert not workers()
    resume_sweep("long", engine=engine, console=QUIET)
    assert [event["event"] for event in run.events()].count("resumed") == 2
    assert run.info()["status"] == "finished"
    assert [trial.state for trial in Journal(found.journal, 1, 0).trials()] == [TrialState.COMPLETE]
