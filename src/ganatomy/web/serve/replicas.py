"""Replicas of a generator: processes that Ray Serve places on a cluster, feeds, adds, removes and replaces.

HTTP, the token and all limits stay with the one server in front: `ReplicaPool` takes the place of `WorkerPool` there.
In each replica a `WorkerPool` draws as it does without Ray.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ganatomy.errors import UserError
from ganatomy.modalities.images import Pixels
from ganatomy.system.extras import needed
from ganatomy.training.cluster.engine import Engine
from ganatomy.training.cluster.processes import own_environment
from ganatomy.web.serve.admission import DeadlineError
from ganatomy.web.serve.backend import Backend, Labels, Latents, of_seeds
from ganatomy.web.serve.batch_invariance import BatchSizes
from ganatomy.web.serve.workers import OnBatch, WorkerPool

if TYPE_CHECKING:
    from rich.console import Console

DEPLOYMENT = "generator"
WHO = "`ganatomy serve --on`"
MAX_REPLICAS = 1000
POLL_SECONDS = 1.0  # between two counts of the replicas that run
RETRY_SECONDS = 0.1  # before another replica draws what a dead one did not
PROBES = 4  # images by which a replica shows that it draws the same bits as the server


@dataclass(frozen=True)
class ReplicaRange:
    """How many replicas there are: at least `low`, and under load up to `high`."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low}-{self.high}"

    @classmethod
    def parse(cls, text: str) -> ReplicaRange:
        """From "2", or "1-8". Raises UserError for anything else."""
        found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text, re.ASCII)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= low <= high <= MAX_REPLICAS:
            raise UserError(f"--replicas {text}: expected a number, such as 2, or a range, such as 1-8.")
        return cls(low, high)


@dataclass(frozen=True)
class ReplicaBatch:
    """A batch that a replica has drawn: its size, the number of requested images, its seconds."""

    size: int
    requested: int
    seconds: float


@dataclass(frozen=True)
class ReplicaAnswer:
    """Images of a request [N, H, W, C]; the batches since the replica's last answer, and its seconds per image."""

    pixels: Pixels
    batches: list[ReplicaBatch]
    seconds_per_image: float


@dataclass(frozen=True)
class ReplicaTask:
    """What each replica draws with, and how.

    load       the generator, in the replica's process
    sizes      of batches, as measured by the server: replicas that measured for themselves could draw other bits
    threads    of torch
    expected   `digest` of the server's own generator
    """

    load: Callable[[], Backend]
    sizes: BatchSizes
    threads: int
    expected: str


class Replica:
    """One replica, in a process of Ray Serve's."""

    def __init__(self, task: ReplicaTask) -> None:
        """Raises RuntimeError where it would draw other bits than the server."""
        torch.set_num_threads(task.threads)
        backend = task.load()
        if digest(backend, task.sizes) != task.expected:
            raise RuntimeError(
                "A replica draws other bits than the server: the machines differ, or the generator has changed."
            )
        self.pool = WorkerPool(backend, self._count)
        self.pool.start(task.sizes)
        self._batches: list[ReplicaBatch] = []
        self._lock = threading.Lock()

    def _count(self, size: int, requested: int, seconds: float) -> None:
        with self._lock:
            self._batches.append(ReplicaBatch(size, requested, seconds))

    async def draw(self, z: Latents, y: Labels | None, truncation: float | None, seconds: float) -> ReplicaAnswer:
        """Images of z [N, d] and y [N] within so many seconds. Raises DeadlineError where they are late."""
        pixels = await self.pool.submit(z, y, truncation, time.monotonic() + seconds)
        with self._lock:
            batches, self._batches = self._batches, []
        return ReplicaAnswer(pixels, batches, self.pool.seconds_per_image)


class ReplicaPool:
    """Draws jobs with the replicas of a deployment; what one that died did not draw, another one draws.

    seconds_per_image   a replica's running average, shared by those that run
    """

    def __init__(
        self,
        backend: Backend,
        sizes: BatchSizes,
        on_batch: OnBatch,
        handle: Any,
        died: type[Exception],
        running: int = 1,
    ) -> None:
        """handle: of the deployment; died: what it raises where a replica has died; running: how many replicas run."""
        self.backend, self.batch_sizes, self.on_batch = backend, sizes, on_batch
        self._handle, self._died, self.running = handle, died, running
        self._pace = 1 / sizes.best.speed  # of the one that has answered last

    @property
    def seconds_per_image(self) -> float:
        """In full batches of all replicas together."""
        return self._pace / max(1, self.running)

    def submit(self, z: Latents, y: Labels | None, truncation: float | None, deadline: float) -> asyncio.Future[Pixels]:
        """The future pixels [N, H, W, C] of z [N, d] and y [N]; the future raises DeadlineError where they are late."""
        return asyncio.ensure_future(self._drawn(z, y, truncation, deadline))

    def close(self) -> None:
        """Nothing is left to draw: each request has waited for its images."""

    async def _drawn(self, z: Latents, y: Labels | None, truncation: float | None, deadline: float) -> Pixels:
        while (left := deadline - time.monotonic()) > 0:
            response = self._handle.draw.remote(z, y, truncation, left)
            try:
                async with asyncio.timeout(left):
                    answer: ReplicaAnswer = await response
            except self._died:
                await asyncio.sleep(RETRY_SECONDS)
            except TimeoutError:
                response.cancel()
            except asyncio.CancelledError:
                response.cancel()
                raise
            else:
                self._pace = answer.seconds_per_image
                for batch in answer.batches:
                    self.on_batch(batch.size, batch.requested, batch.seconds)
                return answer.pixels
        raise DeadlineError


def digest(backend: Backend, sizes: BatchSizes) -> str:
    """Of the images of a few seeds, drawn in batches of the fastest size."""
    z, y = of_seeds(backend.prior, range(PROBES))
    rows = [i % PROBES for i in range(sizes.best.images)]
    pixels = backend.draw(z[rows], None if y is None else y[rows], None)
    return hashlib.sha256(pixels[:PROBES].tobytes()).hexdigest()


@contextmanager
def deployed(
    engine: Engine, replicas: ReplicaRange, task: ReplicaTask, backend: Backend, on_batch: OnBatch, console: Console
) -> Iterator[ReplicaPool]:
    """Within the block so many replicas run, each with what the engine reserves for one.

    backend: the server's own, which draws nothing any more; on_batch: called after each batch of any replica. Raises
    UserError where Ray is missing or cannot be joined, and where the replicas cannot be started.
    """
    with engine.joined(WHO, replicas.high if engine.starts_its_own else replicas.low, console) as reserved:
        serve = needed("ray.serve", "ray", WHO)
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        name, over = f"ganatomy-{secrets.token_hex(4)}", threading.Event()
        with ExitStack() as stack:
            if not engine.starts_its_own:  # a Ray of our own ends as a whole
                stack.callback(serve.delete, name)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of Ray's about itself
                serve.start(proxy_location="Disabled")  # requests come through the server in front
                handle = _run(serve, name, replicas, task, reserved)
            died = needed("ray", "ray", WHO).exceptions.RayActorError
            stack.enter_context(_without(died))
            pool = ReplicaPool(backend, task.sizes, on_batch, handle, died, replicas.low)
            counting = threading.Thread(target=_count, args=(serve, name, pool, over), name="counts", daemon=True)
            counting.start()
            stack.callback(counting.join)
            stack.callback(over.set)
            yield pool


@contextmanager
def _without(error: type[Exception]) -> Iterator[None]:
    """Within the block asyncio logs no such error: Ray asks a dead replica for its queue, and retrieves no answer."""

    def other(record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], error)

    log = logging.getLogger("asyncio")
    log.addFilter(other)
    try:
        yield
    finally:
        log.removeFilter(other)


def _run(serve: Any, name: str, replicas: ReplicaRange, task: ReplicaTask, reserved: Mapping[str, float]) -> Any:
    """Start an application of so many replicas; returns the handle of its deployment."""
    batch = task.sizes.best.images
    if replicas.low == replicas.high:
        scaling: dict[str, Any] = {"num_replicas": replicas.low}
    else:
        # One more where more requests wait for a replica than a batch takes, whatever their number of images.
        limits = {"min_replicas": replicas.low, "initial_replicas": replicas.low, "max_replicas": replicas.high}
        scaling = {"autoscaling_config": {**limits, "target_ongoing_requests": batch}}
    deployment = serve.deployment(
        Replica,
        name=DEPLOYMENT,
        max_ongoing_requests=2 * batch,  # one batch is drawn while the next one waits
        ray_actor_options={
            "num_cpus": reserved.get("CPU", 0),
            "num_gpus": reserved.get("GPU", 0),
            "runtime_env": {"env_vars": own_environment()},
        },
        **scaling,
    )
    try:
        return serve.run(deployment.bind(task), name=name, route_prefix=None)
    except RuntimeError as error:
        last = [line for line in str(error).splitlines() if line.strip()][-1]
        raise UserError(f"The replicas cannot be started: {last.removeprefix('RuntimeError: ')}") from None


def _count(serve: Any, name: str, pool: ReplicaPool, over: threading.Event) -> None:
    """Keep count of the replicas that run, until it is over."""
    while not over.wait(POLL_SECONDS):
        with suppress(Exception):  # the controller may be restarting
            states = serve.status().applications[name].deployments[DEPLOYMENT].replica_states
            pool.running = states.get("RUNNING", 0)
