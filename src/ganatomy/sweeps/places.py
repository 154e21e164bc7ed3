"""Where the trainings of a sweep run: in processes of this machine, or wherever Ray places them."""

import itertools
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import torch
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.system.runtime import cores
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import (
    Ending,
    PlacedProcess,
    Program,
    RunningProcess,
    end_input,
    mailbox,
    started,
)


class TrialProcess(RunningProcess, Protocol):
    """A process that trains."""

    def end(self) -> None:
        """Where it still runs, let it save and end; it has ended afterwards."""


class Places(Protocol):
    """Where trainings run.

    count    how many at a time
    threads  of each
    """

    count: int
    threads: int

    def start(self, program: Program, name: str, slot: int) -> TrialProcess:
        """Start a process; slot: which of `count` it is, from 0."""


@contextmanager
def places(workers: int, engine: Engine | None, console: Console) -> Iterator[Places]:
    """Places for so many trainings at a time, in the block: of this machine, or of Ray.

    Raises UserError where there are none, and where Ray is missing or cannot be joined.
    """
    if workers < 1:
        raise UserError(f"--workers {workers}: at least 1.")
    if engine is None:
        yield LocalPlaces(workers)
        return
    with engine.joined("`ganatomy sweep --on`", workers, console) as reserved:
        yield RayPlaces(workers, reserved)


class LocalPlaces:
    """Of this machine: each training has its share of the cores, and one of several GPUs."""

    def __init__(self, count: int) -> None:
        self.count, self.threads = count, max(1, cores() // count)

    def start(self, program: Program, name: str, slot: int) -> TrialProcess:
        """A process here."""
        return LocalProcess(program, _gpu(slot))


class RayPlaces:
    """Of a Ray: each training has what is reserved for it."""

    def __init__(self, count: int, reserved: Mapping[str, float]) -> None:
        self.count, self.threads = count, max(1, int(reserved.get("CPU", 0)))
        self.reserved, self.box, self.numbers = reserved, mailbox(), itertools.count()

    def start(self, program: Program, name: str, slot: int) -> TrialProcess:
        """A process on some machine, once Ray has what is reserved for it; never the same name twice."""
        return RayProcess(program, f"{name} {next(self.numbers)}", self.box, self.reserved)


class LocalProcess:
    """A process of this machine."""

    def __init__(self, program: Program, environment: Mapping[str, str]) -> None:
        """The program has a log; environment: what is added to its own."""
        assert program.log is not None
        with Path(program.folder, program.log).open("ab") as log:
            self.process = started(program, environment, log, subprocess.STDOUT)

    def wait(self, timeout: float) -> Ending | None:
        """How it ended; None if it still runs after so many seconds."""
        try:
            return Ending(self.process.wait(timeout))
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> None:
        """Let it save and end."""
        end_input(self.process)


class RayProcess(PlacedProcess):
    """A process that a Ray task runs."""

    def end(self) -> None:
        """Let it save and end."""
        if self.wait(0) is None:
            self.send_signal(signal.SIGTERM)
            while self.wait(1) is None:
                pass


def _gpu(slot: int) -> dict[str, str]:
    """One of several GPUs, as the environment names it."""
    if (count := torch.cuda.device_count()) < 2:
        return {}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(count)))
    return {"CUDA_VISIBLE_DEVICES": visible.split(",")[slot % count]}
