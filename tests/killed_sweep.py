"""Sweep while being killed: `killed_sweep.py IMAGES FOLDER KILLS TRIALS AGAIN SETTING …`, for test_supervisor.py.

Kills a worker, or the sweep with all its workers, each time after a new checkpoint; then lets the sweep end.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

SPACE = "generator_optimiser.learning_rate: log 1e-4..1e-2\ntraining.batch: [8, 16]\n"


def arguments(images: Path, trials: str, again: str, settings: list[str]) -> list[str]:
    given = [f"--set={setting}" for setting in settings]
    measured = ["--features", "pixels", "--n", "100", "--again", again, "--seeds", "1"]
    return ["sweep", str(images), "--name", "killed", "--space", "space.yaml", "--trials", trials, *measured, *given]


def children(process: int) -> list[int]:
    """The processes that a process has started, in any of its threads."""
    found = []
    for thread in Path(f"/proc/{process}/task").glob("*"):
        try:
            found += [int(pid) for pid in (thread / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def saved(folder: Path) -> set[Path]:
    return set(folder.glob("runs/*/checkpoints/step-*"))


def main(images: Path, folder: Path, kills: int, trials: str, again: str, settings: list[str]) -> None:
    os.chdir(folder)
    Path("space.yaml").write_text(SPACE)
    command = [sys.executable, "-m", "ganatomy"]
    begin = [*command, *arguments(images, trials, again, settings)]
    go_on = [*command, "sweep", "--resume", "killed"]
    chance, sweep = random.Random(0), folder / "sweeps" / "killed"
    done = {"sweep": 0, "worker": 0}
    process = None
    while sum(done.values()) < kills:
        if process is None:
            there = (sweep / "sweep.json").exists()
            process = subprocess.Popen(go_on if there else begin, stdout=subprocess.DEVNULL)
        before = saved(sweep)
        while not saved(sweep) - before and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, "the sweep ended before it was killed"
        time.sleep(chance.uniform(0, 0.3))
        workers = children(process.pid)
        whole = sum(done.values()) % 2 == 1
        if whole:
            process.kill()
            process.wait()
        for worker in workers if not whole or chance.random() < 0.7 else []:  # else they notice by themselves
            os.kill(worker, signal.SIGKILL)
        done["sweep" if whole else "worker"] += 1
        process = None if whole else process
    process = process or subprocess.Popen(go_on, stdout=subprocess.DEVNULL)
    assert process.wait() == 0
    print(json.dumps(done))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:6], sys.argv[6:])
