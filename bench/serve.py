"""The cost of serving: images a second through HTTP beside the generator alone, and the time for one image."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from bench.measure import Row, alternate
from ganatomy.generators import api as sampling
from ganatomy.generators.export.api import export
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from ganatomy.web.serve import backend
from ganatomy.web.serve.backend import Backend, SamplerBackend, of_seeds
from ganatomy.web.serve.batch_invariance import measure

CLIENTS = 64
REQUESTS = ((128, "raw"), (32, "raw"), (32, "png"), (1, "raw"), (1, "png"))  # images a request, and their format
SINGLES_SHARE = 8  # where each image is a request, one eighth of the images are enough
NETWORKS = {"one digit": ("digits", (28, 28, 1), 16384), "one 64×64 DCGAN image": ("dcgan", (64, 64, 3), 2048)}
SINGLES = 200  # images drawn one by one, for the latencies


def serve() -> list[Row]:
    """Throughput and latency of the demo's network and of the DCGAN paper's."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what, (recipe, size, images) in NETWORKS.items():
            run = _trained(recipe, size, Path(folder))
            rows += _latencies(what, run)
            for kind in ("torch", "onnx"):
                rows += _throughput(f"{what}, {kind}", run, kind, images)
    return rows


def _trained(recipe: str, size: tuple[int, int, int], folder: Path) -> Run:
    """A run of one step: drawing takes as long whatever the weights are."""
    data = folder / f"{recipe}.npy"
    np.save(data, np.random.default_rng(0).integers(0, 256, (64, *size), np.uint8))
    settings = {
        "training.steps": 1,
        "training.batch": 8,
        "training.minutes": None,
        "runtime.precision": "float32",
        "runtime.convolution": "native",
    }
    return train(data, recipe=recipe, settings=settings, name=recipe, runs=folder, console=Console(quiet=True))


def _latencies(what: str, run: Run) -> list[Row]:
    """Milliseconds from latent vector to pixels, one image at a time, the ways taking turns image by image."""
    eager, compiled = SamplerBackend(sampling.load(run)), SamplerBackend(sampling.load(run))
    compiled.sampler.network = torch.compile(compiled.sampler.network)
    ways: dict[str, Backend] = {"torch, eager": eager, "torch, compiled": compiled}
    export(run, to="onnx")
    ways["onnxruntime"] = backend.load(str(run.path), "onnx", "cpu")
    for name, way in list(ways.items()):
        try:
            for seed in range(10):
                way.draw(*of_seeds(way.prior, [seed]), None)
        except Exception as error:  # no compiler on this machine
            print(f"  {name}: {str(error).strip().splitlines()[0][:100]}", file=sys.stderr)
            del ways[name]
    times: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(SINGLES):
        z, y = of_seeds(eager.prior, [seed])
        for name, way in ways.items():
            began = time.perf_counter()
            way.draw(z, y, None)
            times[name].append(1000 * (time.perf_counter() - began))
    rows = []
    for name, taken in times.items():
        p50, p99 = np.percentile(taken, [50, 99])
        words = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        rows.append(Row(f"{what}: {name}", words, "", {"p50": float(p50), "p99": float(p99)}))
    return rows


def _throughput(what: str, run: Run, kind: str, images: int) -> list[Row]:
    """Images a second: the generator alone in its best batches, and through HTTP with CLIENTS."""
    alone = backend.load(str(run.path), kind, "cpu")
    batch = measure(alone).best.images
    z, y = of_seeds(alone.prior, range(batch))

    def raw() -> None:
        for _ in range(images // batch):
            alone.draw(z, y, None)

    with _serving(run, kind) as port:
        ways: dict[str, Callable[[], object]] = {"alone": raw}
        counts = {"alone": images}
        for together, format in REQUESTS:
            name = f"{together} a request, {'PNG' if format == 'png' else format}"
            counts[name] = images if together > 1 else images // SINGLES_SHARE
            ways[name] = partial(_request, port, counts[name], together, format)
        speeds = {name: counts[name] / taken for name, taken in alternate(ways, rounds=3, warm_up=1).items()}
    rows = []
    for name, speed in speeds.items():
        share = speed / speeds["alone"]
        words = f"{speed:,.0f} images/s, {share:.0%}"
        criterion = "≥ 80% of alone" if name != "alone" else ""
        title = f"{what}, the generator alone, batch {batch}" if name == "alone" else f"{what}, HTTP: {name}"
        rows.append(Row(title, words, criterion, {"images_per_second": speed, "share": share}))
    return rows


@contextmanager
def _serving(run: Run, kind: str) -> Iterator[int]:
    options = ["--port=0", "--no-token", "--device=cpu", "--seconds=60", f"--backend={kind}"]
    command = [sys.executable, "-m", "ganatomy", "serve", str(run.path), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stderr is not None
    found = re.search(r":(\d+)$", process.stderr.readline().strip())
    assert found, process.stderr.read()
    try:
        yield int(found[1])
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


class Client(asyncio.Protocol):
    """One connection that sends a request, waits for the answer, and sends the next.

    It does as little work as possible, because it shares the cores with the server.
    """

    def __init__(self, next_request: Callable[[], bytes | None], done: asyncio.Future[None]) -> None:
        self.next_request, self.done, self.missing = next_request, done, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if not self.missing:
            head, _, data = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                self.transport.abort()
                self.done.set_exception(RuntimeError(head.decode()))
                return
            self.missing = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        self.missing -= len(data)
        if not self.missing:
            self._next()

    def _next(self) -> None:
        request = self.next_request()
        if request is not None:
            self.transport.write(request)
        else:
            self.transport.close()
            self.done.set_result(None)


def _request(port: int, images: int, together: int, format: str) -> None:
    """Request so many images, so many at a time, by CLIENTS that wait for their answers."""
    requested = 0

    def request() -> bytes | None:
        nonlocal requested
        if requested >= images:
            return None
        body = json.dumps({"seeds": [*range(requested, requested + together)], "format": format}).encode()
        requested += together
        head = (
            f"POST /images HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        return head.encode() + b"\r\n\r\n" + body

    async def crowd() -> None:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(CLIENTS)]
        for end in ends:
            await loop.create_connection(lambda end=end: Client(request, end), "127.0.0.1", port)
        await asyncio.gather(*ends)

    asyncio.run(crowd())
