"""Train while being killed: `python killed_trainer.py IMAGES FOLDER KILLS RECIPE`, for tests/training/test_resume.py.

A process of its own, so that torch is imported once and each trainer is a fork of it that starts in milliseconds; a
fork is safe here because nothing has started a thread.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from tiny import go_on, quick

FOREVER = 10**6
DENSE = {
    "log__checkpoint": 2,
    "log__snapshot": 50,
    "log__every": 1,
    "training__discriminator_steps": 2,
    "data__flip": True,
}


def life(images: Path, folder: Path, recipe: str) -> None:
    """What a trainer does until it is killed: start, or go on."""
    from ganatomy.runs.run import Run

    run = Run(folder / "killed")
    if run.checkpoints():
        go_on(run, training__steps=FOREVER)
    else:
        quick(images, folder, "killed", recipe, **DENSE, training__steps=FOREVER)


def main(images: Path, folder: Path, count: int, recipe: str) -> None:
    from ganatomy.runs.run import Run

    torch.set_num_threads(1)
    run = Run(folder / "killed")
    quick(images, folder, "warm-up", recipe, **DENSE, training__steps=1)  # fills the cache: lives are for training
    chance = random.Random(0)
    kills = during_a_save = progressed = reached = 0
    while kills < count:
        child = os.fork()
        if child == 0:
            life(images, folder, recipe)
            os._exit(1)  # it must not end by itself
        started = time.monotonic()
        newest = reached
        while newest == reached and time.monotonic() - started < 30:  # a life begins with its first new checkpoint
            time.sleep(0.005)
            newest = max(run.checkpoints(), default=0)
        time.sleep(chance.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the trainer ended before it was killed"
        kills += 1
        during_a_save += bool(list((run.path / "checkpoints").glob(".partial-*")))
        newest = max(run.checkpoints(), default=0)
        progressed += newest > reached
        reached = newest

    steps = reached + 5
    go_on(run, training__steps=steps)
    quick(images, folder, "clean", recipe, **DENSE, training__steps=steps)
    print(json.dumps({"kills": kills, "during_a_save": during_a_save, "progressed": progressed, "steps": steps}))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
