"""A rank that is killed, two processes that resume one run, and a clock that goes backwards."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest.mock import patch

from bench.measure import Row
from bench.torture.made import LATER, SETTINGS, Workshop, differences, outcome, sentence, verdict
from ganatomy.errors import UserError
from ganatomy.runs.run import Run

RIVALRIES = 5
PATIENCE = 120.0  # seconds for two ranks to start


def killed_rank(shop: Workshop) -> list[Row]:
    """SIGKILL for the second of two ranks, in training; then go on, and compare with two that nobody killed."""
    process = _torchrun(shop, "--name=ranks", "--steps=1000000")
    run, until = Run(shop.folder / "runs" / "ranks"), time.monotonic() + PATIENCE
    while max(run.checkpoints(), default=0) < 10 and time.monotonic() < until:
        time.sleep(0.1)
    os.kill(_rank(process.pid, 1), signal.SIGKILL)
    began = time.monotonic()
    process.wait(timeout=PATIENCE)
    ended = time.monotonic() - began
    steps = max(run.checkpoints()) + 5
    resumed = _torchrun(shop, "--resume=ranks", f"--steps={steps}").wait(timeout=PATIENCE)
    _torchrun(shop, "--name=ranks-clean", f"--steps={steps}").wait(timeout=PATIENCE)
    clean = Run(run.path.with_name("ranks-clean"))
    odd = differences(outcome(run), outcome(clean), "tensors", "records")
    words = (
        f"the other ended after {ended:.0f} s, with status {process.returncode}; the run went on "
        f"{'' if resumed == 0 else 'NOT '}from its newest whole checkpoint; "
        f"{verdict(odd)} as without the kill"
    )
    return [Row("a killed rank of two (torchrun)", words, "the same bits", {"seconds": ended, "odd": len(odd)})]


def _torchrun(shop: Workshop, *arguments: str) -> subprocess.Popen[bytes]:
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items() if name != "prior.conditional"]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "ganatomy"]
    data = [] if arguments[0].startswith("--resume") else [str(shop.data), "--conditional", *settings]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command, "train", *data, *arguments], cwd=shop.folder, stdout=quiet, stderr=quiet)


def _rank(launcher: int, rank: int) -> int:
    """The process of a rank, found among the children of the launcher."""
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        if re.search(rf"(^|\0)RANK={rank}\0", Path(f"/proc/{child}/environ").read_text()):
            return int(child)
    raise UserError(f"There is no rank {rank} of process {launcher}.")


def two_processes(shop: Workshop) -> list[Row]:
    """Two that resume one run at the same moment: one trains, the other is refused."""
    trained = refused = 0
    odd = list[str]()
    for number in range(RIVALRIES):
        run = shop.copy(f"rivals-{number}")
        children = [_fork(shop, run) for _ in range(2)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        trained, refused = trained + codes.count(0), refused + codes.count(3)
        odd += differences(outcome(run), shop.expected)
    words = f"{trained} trained, {refused} refused; {verdict(odd)}"
    return [Row(f"{RIVALRIES} times two processes on one run", words, "one trains each time", {"trained": trained})]


def _fork(shop: Workshop, run: Run) -> int:
    """A child that resumes: status 0, or 3 where it is refused."""
    child = os.fork()
    if child:
        return child
    try:
        shop.go_on(run, LATER)
        os._exit(0)
    except UserError as error:
        os._exit(3 if "is being trained by another process" in str(error) else 4)
    except BaseException:
        os._exit(5)


def backwards_clock(shop: Workshop) -> list[Row]:
    """Each look at the clock shows an hour earlier than the one before."""
    run = shop.copy("clock")
    try:
        with _backwards():
            shop.go_on(run, LATER)
    except Exception as error:
        return [Row("a clock that goes backwards", f"FAULT ({sentence(error)})", "the same bits", {})]
    odd = differences(outcome(run), shop.expected)
    seconds = [record["seconds"] for record in run.records()]
    words = f"{verdict(odd)}; seconds of training {'grow' if seconds == sorted(seconds) else 'SHRINK'}"
    return [Row("a clock that goes backwards", words, "the same bits", {"odd": len(odd)})]


@contextmanager
def _backwards() -> Iterator[None]:
    began, looks, local = time.time(), count(1), time.localtime

    def now() -> float:
        return began - 3600 * next(looks)

    def text(form: str, moment: time.struct_time | None = None) -> str:
        return strftime(form, local(now()) if moment is None else moment)

    strftime = time.strftime
    with patch("time.time", now), patch("time.strftime", text):
        yield
