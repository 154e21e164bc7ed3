"""A real Ray on this machine, one for all tests of this file: the same numbers, whatever happens to its processes."""

import json
import os
import signal
import socket
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
from rich.console import Console
from torch.testing import assert_close

from command import forgotten
from ganatomy.experiments.claims import api as claims
from ganatomy.experiments.reproduction.api import reproduce
from ganatomy.experiments.reproduction.context import ReproductionContext
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run
from ganatomy.system import registry
from ganatomy.training.api import train
from ganatomy.training.cluster.api import Workers
from ganatomy.training.cluster.engine import Engine, Resources
from ganatomy.training.cluster.processes import Ending, PlacedProcess, Program, mailbox
from tiny import TINY, assert_same_tensors, waves

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed."),
]
QUIET = Console(quiet=True)
STEPS = 24
SETTINGS = {
    **TINY,
    "generator.norm": "none",
    "discriminator.norm": "none",
    "training.steps": STEPS,
    "log.snapshot": 100,
    "diagnosis.on": False,
}
PATIENCE = 600.0


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
    """A Ray of this machine, which the tests' process is connected to."""
    with Engine(resources=Resources(1.0, 0.0)).joined("the tests", 4, QUIET):
        yield Engine(resources=Resources(1.0, 0.0))


@pytest.fixture(scope="module")
def undisturbed(engine: Engine) -> Run:
    """A run of two processes."""
    return Workers(2, engine).train("waves.npy", settings=SETTINGS, anyway=True, name="two", console=QUIET)


def processes(word: str, **environment: str) -> list[int]:
    """Processes of this machine with a word in their command line and these variables."""
    wanted, found = {f"{name}={value}".encode() for name, value in environment.items()}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in command and wanted <= set(variables):
            found.append(int(folder.name))
    return found


def test_two_workers_equal_torchrun_bit_for_bit_and_one_process(undisturbed: Run, place: Path) -> None:
    assert undisturbed.info()["processes"] == 2
    flags = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "ganatomy"]
    given = ["train", "waves.npy", "--anyway", "--name", "torchrun", *flags]
    subprocess.run([*command, *given], check=True, capture_output=True, timeout=PATIENCE)
    assert_same_tensors(undisturbed, Run("runs/torchrun"), STEPS)
    one = train("waves.npy", settings=SETTINGS, anyway=True, name="one", console=QUIET)
    groups, expected = (checkpoint.load(run.checkpoint()) for run in (undisturbed, one))
    for group in ("generator", "average", "discriminator"):
        for name, tensor in expected[group].items():
            assert_close(groups[group][name], tensor, rtol=1e-4, atol=1e-5)


def test_a_killed_process_and_a_killed_worker_of_ray_change_nothing(undisturbed: Run, engine: Engine) -> None:
    run, killed = Run("runs/killed"), []

    def kill() -> None:
        for rank, of_ray in (("1", False), ("0", True)):
            newest, until = max(run.checkpoints(), default=0), time.monotonic() + PATIENCE
            while max(run.checkpoints(), default=0) == newest and time.monotonic() < until:
                time.sleep(0.02)
            (process,) = processes("ganatomy.training.cluster.worker", RANK=rank)
            parent = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(parent if of_ray else process, signal.SIGKILL)
            killed.append(rank)

    killer = threading.Thread(target=kill)
    killer.start()
    Workers(2, engine, restarts=2).train("waves.npy", settings=SETTINGS, anyway=True, name="killed", console=QUIET)
    killer.join()
    assert killed == ["1", "0"]
    events = [event for event in run.events() if event["event"] == "restarted"]
    assert [(event["died"], event["restart"]) for event in events] == [("Process 1 of 2", 1), ("Process 0 of 2", 2)]
    assert "restarted: died Process 1 of 2" in run.at("log.txt").read_text()
    assert run.info()["status"] == "finished"
    assert_same_tensors(undisturbed, run, STEPS)
    assert not processes("ganatomy.training.cluster.worker", RANK="0")


def test_ctrl_c_saves_and_the_run_goes_on(engine: Engine, place: Path) -> None:
    import ray

    flags = [f"--set={name}={value}" for name, value in SETTINGS.items() if name != "training.steps"]
    address = ray.get_runtime_context().gcs_address
    command = [sys.executable, "-m", "ganatomy", "train"]
    given = ["waves.npy", "--anyway", "--steps", "100000", "--name", "long", "--workers", "2", "--on", address, *flags]
    process = subprocess.Popen([*command, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until, run = time.monotonic() + PATIENCE, Run("runs/long")
    while not run.checkpoints() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    info = run.info()
    assert info["status"] == "stopped"
    assert "--workers 2" in info["command"]
    assert f"Stopped at step {info['step']:,}; everything is saved." in out
    assert max(run.checkpoints()) == info["step"]
    Workers(2, engine).resume("long", settings={"training.steps": info["step"] + 1}, console=QUIET)
    assert (run.info()["status"], run.info()["step"]) == ("finished", info["step"] + 1)


def test_claims_on_ray_have_the_figures_and_files_of_one_machine_though_one_is_killed(
    engine: Engine, place: Path
) -> None:
    def kill() -> None:
        until = time.monotonic() + PATIENCE
        while not (trials := processes("ray::_in_folder")) and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(trials[0], signal.SIGKILL)
        killed.append(trials[0])

    names, out, killed = ["circling", "minimum"], {}, []
    killer = threading.Thread(target=kill)
    for folder, where in (("here", None), ("there", engine)):
        if where:
            killer.start()
        claims.claims(names, quick=True, out=place / folder, engine=where)
        verdicts = json.loads((place / folder / "claims.json").read_text())
        out[folder] = {name: (verdict["holds"], verdict["figures"]) for name, verdict in verdicts.items()}
    killer.join()
    assert len(killed) == 1
    assert out["here"] == out["there"]
    files = [sorted(path.relative_to(place / each) for path in (place / each).rglob("*")) for each in ("here", "there")]
    assert files[0] == files[1]
    for name in names:
        pictures = [(place / each / "claims" / f"{name}.png").read_bytes() for each in ("here", "there")]
        assert pictures[0] == pictures[1]


CHAPTER = """
import os, signal
from functools import partial

from ganatomy.experiments.reproduction.chapters import CHAPTERS, Chapter

SETTINGS = {settings}

def find(context):
    yield {{"rows": {{name: row(context, name) for name in ("first", "second")}}}}

def parts(context):
    return [{{"first": partial(row, context, "first")}}, {{"second": partial(dies_once, context, "second")}}]

def row(context, name):
    from ganatomy.experiments.reproduction.context import interval_of
    from ganatomy.generators.api import load

    run = context.trained(name, "waves.npy", "dcgan", SETTINGS, steps=6)
    score = lambda: interval_of(context.scores(run, ["fd"], features="pixels").scores["fd_pixels"])
    return {{"picture": context.picture(name, load(run)), "fd": context.kept(run, "row", score)}}

def dies_once(context, name):
    run = context.trained(name, "waves.npy", "dcgan", SETTINGS, steps=6)
    if not os.path.exists("died"):
        open("died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return row(context, name)

def show(found):
    return str(found["rows"])

CHAPTERS.add("two-trainings", Chapter("Two trainings", __name__), module=__name__)
"""


def test_a_reproduction_on_ray_has_the_figures_and_files_of_one_machine(engine: Engine, place: Path) -> None:
    small = {name: value for name, value in SETTINGS.items() if name != "training.steps"}
    Path("two_trainings.py").write_text(CHAPTER.format(settings=small))
    found, files = {}, {}
    with forgotten("two_trainings"):
        registry.load_parts("two_trainings.py")
        for folder, where in (("alone", None), ("spread", engine)):
            pictures, out = Path(folder, "docs", "reproduction"), Path(folder, "docs")
            context = ReproductionContext(None, None, Path(folder, "runs"), pictures, images=100)
            page = reproduce(["two-trainings"], context, out, where)
            assert ("side by side on Ray, each with 1 CPU." in page.read_text()) is bool(where)
            found[folder] = json.loads((out / "reproduction.json").read_text())["two-trainings"]["found"]
            files[folder] = sorted(path.relative_to(folder) for path in Path(folder).rglob("*"))
    assert Path("died").is_file()
    assert found["spread"].pop("share") == "1 CPU"
    assert found["alone"] == found["spread"]
    assert files["alone"] == files["spread"]
    for name in ("first", "second"):
        one, other = (Path(folder, "docs", "reproduction", f"{name}.png").read_bytes() for folder in files)
        assert one == other
        assert_same_tensors(*(Run(Path(folder, "runs", name)) for folder in files), 6)


def test_a_process_that_waits_for_its_place_can_be_called_off(engine: Engine) -> None:
    waiting = PlacedProcess(Program("ganatomy", "", os.getcwd(), {}), "waits", mailbox(), {"CPU": 10_000.0})
    assert waiting.wait(1) is None
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(PATIENCE) == Ending(-signal.SIGKILL)


def test_every_port_of_our_own_ray_is_of_this_machine_alone(engine: Engine) -> None:
    """Ports that listen, of all processes that know this Ray's token."""
    assert os.environ["RAY_AUTH_MODE"] == "token"
    ours = processes("", RAY_AUTH_TOKEN=os.environ["RAY_AUTH_TOKEN"])
    assert len(ours) > 3
    sockets = set()
    for pid in ours:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets.add(os.readlink(link))
            except OSError:
                continue
    open_to: set[Any] = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and f"socket:[{columns[9]}]" in sockets:  # it listens
                words = bytes.fromhex(columns[1].partition(":")[0])
                address = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
                open_to.add(socket.inet_ntop(family, address))
    assert open_to
    assert open_to <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
