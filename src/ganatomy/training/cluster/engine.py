"""Ray: joined where it runs already, or started on this machine for one command."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ganatomy.errors import UserError, first_line
from ganatomy.system import extras
from ganatomy.system.runtime import cores

if TYPE_CHECKING:
    from rich.console import Console

HERE = "ray"  # instead of an address: a Ray of this machine, for one command
ALSO_HERE = "local"  # Ray's own word for it, with which Ray would listen on all addresses of this machine
NAMES = {"cpu": "CPU", "gpu": "GPU"}  # of resources: ours and Ray's
STORE = 100 * 2**20  # bytes of the object store of a Ray of our own, through which no images go

# Of a Ray of our own. The first puts all of its ports on 127.0.0.1, as Ray itself does on macOS and Windows. With the
# third a training runs with the priority of the command, as without Ray, which would put it behind all other programs.
# The others halve what Ray's processes compute beside it: metrics that nobody reads, reports that no machine awaits.
ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_raylet_report_resources_period_milliseconds": "1000",
    "REPORTER_UPDATE_INTERVAL_MS": "60000",
}
# Of every Ray that is used: no report to its makers.
ALWAYS = {"RAY_USAGE_STATS_ENABLED": "0"}


@dataclass(frozen=True)
class Resources:
    """What Ray reserves for each process: cores and GPUs. gpus None: one GPU, where there are enough."""

    cpus: float = 1.0
    gpus: float | None = None

    @classmethod
    def parse(cls, text: str) -> Resources:
        """From `gpu=1,cpu=2`. Raises UserError where a name or a number is none."""
        found: dict[str, float] = {}
        for part in text.split(","):
            name, _, number = part.strip().partition("=")
            try:
                value = float(number)
            except ValueError:
                value = -1.0
            if name not in NAMES or name in found or not 0 <= value < 10**6 or (value > 1 and value % 1):
                raise UserError(f"--resources {text}: expected cores and GPUs of each process, such as gpu=1,cpu=2.")
            found[name] = value
        return cls(found.get("cpu", 1.0), found.get("gpu"))

    def each(self, cluster: dict[str, float], processes: int) -> dict[str, float]:
        """What one of so many processes reserves, by Ray's names, of what the cluster has."""
        gpus = float(cluster.get("GPU", 0.0) >= processes) if self.gpus is None else self.gpus
        return {"CPU": self.cpus, "GPU": gpus} if gpus else {"CPU": self.cpus}


@dataclass(frozen=True)
class Engine:
    """Where processes are placed: Ray at an address, or one of this machine; and what it reserves for each.

    on: `ray` or `local` starts one here for the command; `auto`, HOST:PORT or ray://HOST:PORT join one.
    """

    on: str = HERE
    resources: Resources = Resources()

    @property
    def starts_its_own(self) -> bool:
        """Whether there is a Ray for this command alone, on this machine."""
        return self.on in (HERE, ALSO_HERE)

    @contextlib.contextmanager
    def joined(self, who: str, processes: int, console: Console) -> Iterator[dict[str, float]]:
        """Within the block Ray is connected; yields what it reserves for each of so many processes, by Ray's names.

        who: what needs it, for the sentence where the extra is missing. A process that is connected already stays so.
        Raises UserError where Ray is missing or cannot be joined, and where this machine has too little for them.
        """
        os_before = {name: os.environ.get(name) for name in (*ENVIRONMENT, *ALWAYS, "RAY_AUTH_TOKEN")}
        handler = signal.getsignal(signal.SIGTERM)
        try:
            os.environ.update(ALWAYS)
            if not self._connected(who):
                self._connect(processes, console)
                started = True
            else:
                started = False
            try:
                yield self._reserved(processes, console)
            finally:
                if started:
                    _shut_down()
        finally:
            for name, value in os_before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # Ray sets one of its own

    def _connected(self, who: str) -> bool:
        if self.starts_its_own and "ray" not in sys.modules:
            os.environ.update(ENVIRONMENT)  # before its modules are imported, which read it
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(extras.needed("ray", "ray", who).is_initialized())

    def _connect(self, processes: int, console: Console) -> None:
        ray = _ray()
        # Not Ray's lines: the processes' own come through a mailbox.
        options = {"log_to_driver": False, "logging_level": "error", "configure_logging": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a coming version of Ray will do otherwise
            try:
                if not self.starts_its_own:
                    ray.init(self.on, **options)
                    return
                console.print("Starting Ray on this machine, for this command alone …", highlight=False)
                ray._private.ray_constants.ENABLE_RAY_CLUSTER = False  # where somebody has imported it before
                os.environ.update({**ENVIRONMENT, "RAY_AUTH_TOKEN": token()})
                # Cores are no more than counted, so several processes may share one, as under torchrun.
                cpus = max(cores(), int(processes * self.resources.cpus + 1))
                ray.init("local", num_cpus=cpus, include_dashboard=False, object_store_memory=STORE, **options)
            except (ConnectionError, ValueError, RuntimeError, OSError) as error:
                raise UserError(f"--on {self.on}: Ray cannot be joined there ({first_line(error)}).") from error
        if (address := ray.util.get_node_ip_address()) != "127.0.0.1":
            ray.shutdown()
            raise UserError(f"Ray listens on {address} instead of 127.0.0.1: start one yourself, and use --on ADDRESS.")

    def _reserved(self, processes: int, console: Console) -> dict[str, float]:
        """Raises UserError where a Ray of this machine can never have as much."""
        there = _ray().cluster_resources()
        each = self.resources.each(there, processes)
        if missing := [name for name, amount in each.items() if there.get(name, 0.0) < amount * processes]:
            words = ", ".join(f"{there.get(name, 0.0):g} {name}s" for name in each)
            wanted = ", ".join(f"{amount * processes:g} {name}s" for name, amount in each.items())
            sentence = f"{processes} processes need {wanted}, and Ray has {words} now"
            if self.starts_its_own:
                raise UserError(f"{sentence}: fewer --workers, or less in --resources ({', '.join(missing)}).")
            console.print(f"{sentence}: waiting for more.", style="yellow", highlight=False)
        return each


def _shut_down() -> None:
    """End the Ray that was started here. It does not wait for its processes, of which Python would warn later."""
    _ray().shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@cache
def token() -> str:
    """The secret by which Ray's processes know each other: one a process, for Ray reads it once."""
    return secrets.token_hex(32)


def _ray() -> Any:
    """Ray, which is installed: `joined` has looked."""
    return extras.needed("ray", "ray", "A cluster")
