"""Processes on the machines of a cluster: what they print comes here, and signals go there.

Ray's own workers train nothing: as torchrun does, they start a process, which has its own threads and handles signals
as on one machine. When the worker that started it is gone, its standard input ends, and so does the process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from ganatomy.system import extras

POLL_SECONDS = 1.0  # between two exchanges of a process with the command that wants it
MEETING_SECONDS = 0.2  # between two looks at which processes are there
SAVING_SECONDS = 10.0  # that processes have to end at once
LAST_WORDS = 2**16  # bytes that are kept of the end of the standard error
NOT_SHARED = os.EX_NOINPUT  # exit status of a process that was not started, because its machine has not the files


@dataclass(frozen=True)
class Program:
    """What a process runs.

    module       of Python, as `python -m MODULE`
    task         what it reads from its standard input: one line
    folder       where it runs, the same on all machines
    environment  what is added to that of its machine
    log          a file for all that it prints; without one, that goes to whoever wants it
    needs        a file or a folder that the command has made, and all machines must see
    """

    module: str
    task: str
    folder: str
    environment: Mapping[str, str]
    log: str | None = None
    needs: str | None = None


@dataclass(frozen=True)
class Ending:
    """How a process ended: its exit status, as of `subprocess`, and the end of its standard error."""

    status: int
    words: str = ""

    @property
    def killed(self) -> bool:
        """Whether a signal ended it."""
        return self.status < 0

    @property
    def sentence(self) -> str:
        """The last line of its words."""
        lines = [line for line in self.words.splitlines() if line.strip()]
        return lines[-1].removeprefix("ganatomy: ") if lines else f"it ended with status {self.status}"


@dataclass(frozen=True)
class GroupAddress:
    """Where a process is: Ray's name of the machine, its address in the cluster, and a port of it that is free."""

    node: str
    host: str
    port: int


class Mailbox:
    """An actor between a command and its processes: texts to print here, signals to pass on there, and who is where."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.begun: set[str] = set()
        self.signals: dict[str, list[int]] = {}
        self.places: dict[str, GroupAddress] = {}

    def exchange(self, process: str, text: str = "") -> list[int]:
        """Take what a process has printed; returns the signals that are new for it."""
        self.begun.add(process)
        self.texts += [text] if text else []
        return self.signals.pop(process, [])

    def signal(self, process: str, number: int) -> bool:
        """Send a signal to a process; returns whether that has begun."""
        self.signals.setdefault(process, []).append(number)
        return process in self.begun

    def printed(self) -> str:
        """What was printed since the last call."""
        text, self.texts = "".join(self.texts), []
        return text

    def meet(self, process: str, place: GroupAddress) -> dict[str, GroupAddress]:
        """Note where a process is; returns all places that are known."""
        self.places[process] = place
        return self.places


def own_environment() -> dict[str, str]:
    """What this process's environment says to ganatomy, for processes elsewhere: where parts and cached data are."""
    return {name: value for name, value in os.environ.items() if name.startswith("GANATOMY_") or name == "PYTHONPATH"}


def elsewhere(function: Callable[[], None]) -> None:
    """Call a function in a thread: a signal may have come while this one was in the middle of a call to Ray."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    thread.join(2 * SAVING_SECONDS)


def mailbox() -> Any:
    """A new mailbox: an actor that reserves nothing."""
    return extras.needed("ray", "ray", "A cluster").remote(num_cpus=0)(Mailbox).remote()


def carry_out(program: Program, name: str, box: Any, together: int = 0) -> Ending:
    """Run a program to its end, on the machine where this is called.

    name: of the process, in the mailbox: of several that train `together`, its rank.
    """
    ray = extras.needed("ray", "ray", "A cluster")
    if missing := _missing(program):
        where = f"{socket.gethostname()} has no {missing}"
        return Ending(NOT_SHARED, f"{where}: all machines need the same files, as on a disk that they share.")
    if ray.get(box.exchange.remote(name)):
        return Ending(-signal.SIGTERM)
    group = _group(name, box, together) if together else {}
    if group is None:
        return Ending(-signal.SIGTERM)
    with tempfile.TemporaryFile() as errors, contextlib.ExitStack() as stack:
        log = None if program.log is None else stack.enter_context(Path(program.folder, program.log).open("ab"))
        process = started(program, group, log or subprocess.PIPE, log or errors)
        printed = _Printed(process.stdout)
        try:
            while (status := _wait(process)) is None:
                for number in ray.get(box.exchange.remote(name, printed.lines())):
                    process.send_signal(number)
            ray.get(box.exchange.remote(name, printed.rest()))
            return Ending(status, _end_of(errors))
        finally:
            end_input(process)


def started(
    program: Program, environment: Mapping[str, str], out: int | IO[bytes], errors: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a program on this machine, and tell it its task; environment: what is added to the program's own."""
    process = subprocess.Popen(
        [sys.executable, "-m", program.module],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=errors,
        cwd=program.folder,
        env={**os.environ, **program.environment, **environment},
        start_new_session=True,  # Ctrl-C in a terminal asks the command, which asks this
    )
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # something has killed it already
        process.stdin.write(program.task.encode())
    return process


def end_input(process: subprocess.Popen[bytes]) -> None:
    """Close a process's standard input, at which it ends, and wait for that."""
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def _missing(program: Program) -> str | None:
    """The folder or file that this machine should have and has not, in words."""
    if not Path(program.folder).is_dir():
        return f"folder {program.folder}"
    if program.needs is not None and not (place := Path(program.folder, program.needs)).exists():
        return str(place)
    return None


def _group(name: str, box: Any, count: int) -> dict[str, str] | None:
    """What torchrun would tell a process of its group, once all are there; None where it is asked to stop before."""
    ray = extras.needed("ray", "ray", "A cluster")
    host = ray.util.get_node_ip_address()
    with socket.socket() as one:
        one.bind((host, 0))
        place = GroupAddress(ray.get_runtime_context().get_node_id(), host, one.getsockname()[1])
    while len(places := ray.get(box.meet.remote(name, place))) < count:
        if ray.get(box.exchange.remote(name)):
            return None
        time.sleep(MEETING_SECONDS)
    return {
        **({"OMP_NUM_THREADS": "1"} if count > 1 else {}),
        "WORLD_SIZE": str(count),
        "RANK": name,
        "LOCAL_WORLD_SIZE": str(sum(each.node == place.node for each in places.values())),
        "LOCAL_RANK": "0",  # Ray shows each process only the GPU that is its own
        "MASTER_ADDR": places["0"].host,
        "MASTER_PORT": str(places["0"].port),
    }


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _end_of(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - LAST_WORDS))
    return file.read().decode(errors="replace").strip()


class _Printed:
    """What a process prints into a pipe, which a thread reads."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self.pieces, self.lock = b"", threading.Lock()
        self.thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self.thread.start()

    def _read(self, pipe: IO[bytes] | None) -> None:
        while pipe is not None and (piece := pipe.read(2**16)):
            with self.lock:
                self.pieces += piece

    def lines(self) -> str:
        """The whole lines since the last call."""
        with self.lock:
            whole, end, self.pieces = self.pieces.rpartition(b"\n")
        return (whole + end).decode(errors="replace")

    def rest(self) -> str:
        """All that is left once the process has ended."""
        self.thread.join(timeout=10)  # a process of its own may keep the pipe open
        with self.lock:
            return self.pieces.decode(errors="replace")


class RunningProcess(Protocol):
    """A process that somebody follows, wherever it runs."""

    def wait(self, timeout: float) -> Ending | None:
        """How it ended, None if it still runs after so many seconds."""

    def send_signal(self, number: int) -> None:
        """Pass a signal on; one that waits for its place does not begin."""


class PlacedProcess:
    """A process that a Ray task runs."""

    def __init__(
        self, program: Program, name: str, box: Any, reserved: Mapping[str, float], together: int = 0, among: Any = None
    ) -> None:
        """name, together: as for `carry_out`; it starts when Ray has what is reserved, of a placement group `among`."""
        self.ray, self.name, self.box = extras.needed("ray", "ray", "A cluster"), name, box
        options: dict[str, Any] = {"num_cpus": reserved.get("CPU", 0), "num_gpus": reserved.get("GPU", 0)}
        if among is not None:
            from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

            options["scheduling_strategy"] = PlacementGroupSchedulingStrategy(among, int(name))
        task = self.ray.remote(carry_out).options(max_retries=0, **options)
        self.task = task.remote(program, name, box, together)

    def wait(self, timeout: float) -> Ending | None:
        """How it ended, None while it runs; a process whose machine or Ray worker is gone counts as killed."""
        done, _ = self.ray.wait([self.task], timeout=timeout)
        if not done:
            return None
        try:
            ending: Ending = self.ray.get(self.task)
            return ending
        except self.ray.exceptions.RayError:
            return Ending(-signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Pass a signal on; a process that waits for its place does not begin."""
        if not self.ray.get(self.box.signal.remote(self.name, number)):
            self.ray.cancel(self.task)
