"""SIGKILL at random instants: the run goes on from its newest whole checkpoint, as if nothing had happened."""

import os
import random
import shutil
import signal
import time

from bench.measure import Row
from bench.torture.made import Workshop, differences, outcome, sentence, verdict
from ganatomy.runs import checkpoint
from ganatomy.runs.run import Run

KILLS, LONGEST = 60, 1.5  # seconds of a life
FOREVER = 10**6
PARTS = ("tensors", "records")  # what a run with kills has in common with one without


def killed(shop: Workshop, count: int = KILLS) -> list[Row]:
    """Start or go on, be killed, and so on; then finish, and compare with a run that was never killed."""
    run, chance = Run(shop.runs / "killed"), random.Random(0)
    newest, back, early, partial, wrong = 0, 0, 0, 0, list[str]()
    for _ in range(count):
        child = os.fork()
        if child == 0:
            _live(shop, run)
        time.sleep(chance.uniform(0, LONGEST))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            wrong.append((shop.folder / "life").read_text() or "ended by itself")
        partial += bool(list(run.path.rglob(".partial-*")))
        steps = run.checkpoints()
        for folder in steps.values():
            checkpoint.verify(folder)
        back += max(steps, default=0) < newest
        newest = max(steps, default=0)
        if not steps:  # nothing to go on with
            early += 1
            shutil.rmtree(run.path, ignore_errors=True)
    if not run.checkpoints():
        shop.train(run.path.parent, run.name, 5)
    steps = max(run.checkpoints()) + 5
    shop.go_on(run, steps)
    odd = differences(outcome(run), shop.outcome_of(steps), *PARTS)
    left = list(run.path.rglob(".partial-*"))
    faults = "; ".join(f"FAULT ({each})" for each in wrong) or "0"
    words = (
        f"{count - early - len(wrong)} went on from the newest whole checkpoint, {early} had none yet; "
        f"{partial} fell into a write; taken back: {back}; faults: {faults}; "
        f"after {steps:,} steps {verdict(odd)} as without kills; {len(left)} partial files left"
    )
    numbers = {"kills": count, "early": early, "partial": partial, "back": back, "faults": len(wrong), "odd": len(odd)}
    return [Row(f"{count} SIGKILLs", words, "0 faults, the same bits", numbers)]


def _live(shop: Workshop, run: Run) -> None:
    """What a trainer does until it is killed."""
    report = shop.folder / "life"
    report.write_text("")
    try:
        if run.checkpoints():
            shop.go_on(run, FOREVER)
        else:
            shop.train(run.path.parent, run.name, FOREVER)
    except BaseException as error:
        report.write_text(sentence(error))
    os._exit(1)
