"""`ganatomy serve`: a generator's images over HTTP, what it draws of pictures, its rows of a table, or its sounds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.generators import kinds
from ganatomy.generators.image_to_image import ImageToImage
from ganatomy.system import runtime
from ganatomy.system.terminal import Terminal
from ganatomy.training.cluster.engine import Engine, Resources
from ganatomy.web import DEADLINE, HOST, SERVE_PORT, access, guard, server
from ganatomy.web.serve import app, backend
from ganatomy.web.serve.backend import Backend, SamplerBackend, of_seeds
from ganatomy.web.serve.batch_invariance import measure
from ganatomy.web.serve.blocks import api as blocks
from ganatomy.web.serve.blocks.routes import BlockRoutes
from ganatomy.web.serve.dispatcher import Dispatcher
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.pictures import api as pictures
from ganatomy.web.serve.pictures.dispatcher import MAX_BODY
from ganatomy.web.serve.replicas import ReplicaPool, ReplicaRange, ReplicaTask, deployed, digest
from ganatomy.web.serve.requests import RequestParser
from ganatomy.web.serve.sounds.routes import SoundRoutes
from ganatomy.web.serve.tables.routes import RowRoutes
from ganatomy.web.serve.workers import DrawingPool, WorkerPool

MAX_IMAGES = 256  # of one request
MAX_BYTES = 8 * 2**20  # of them, as pixels
WORKERS = 2  # on half of the cores each: one draws while the other waits for Python
ROUTES: dict[str, type[BlockRoutes]] = {"tables": RowRoutes, "sounds": SoundRoutes}
TO_SEND = 5  # seconds, after the last image is drawn, to send what is left


def serve(
    place: str,
    *,
    backend_name: str | None = None,
    host: str = HOST,
    port: int = SERVE_PORT,
    token: str | None = None,
    token_file: Path | None = None,
    no_token: bool = False,
    allow: Sequence[str] = (),
    seconds: float = DEADLINE,
    device: str = "auto",
    step: int | None = None,
    raw: bool = False,
    changes: Mapping[str, Any] | None = None,
    on: str | None = None,
    replicas: str | None = None,
    console: Console | None = None,
) -> None:
    """Answer requests for images, of seeds or of pictures, for rows or sounds until SIGTERM or Ctrl-C.

    Then finish accepted requests and return.

    place, step, raw, changes: as for `generators.api.load`
    backend_name              torch, or onnx for a run's exported graph; by default whatever `place` is
    host, port                where to listen; port 0 takes any free port
    token                     what clients must send; a new one if not given
    token_file                has the token, or gets a new one; the printed address is then without it
    no_token                  answer without a token, all accounts of this machine too
    allow                     more host names to accept
    seconds                   within which every accepted request is answered
    on, replicas              draw in so many processes ("2", "1-8") that Ray places: as `ganatomy train` names one
    console                   where the address is printed

    Raises UserError for a generator that cannot be loaded or is too slow, an invalid option, or a port in use.
    """
    console = console or Terminal(stderr=True)
    if replicas is not None and on is None:
        raise UserError("--replicas goes with --on ray, or with the address of a Ray cluster.")
    wanted = ReplicaRange.parse(replicas or "1")
    token, allow = access.token_for(token, token_file, no_token), guard.host_names(allow)
    limits, name = guard.Limits(), Path(place).stem
    routes: app.Routes
    chosen: dict[str, Any] = {"step": step, "raw": raw, "changes": changes}
    with server.bind(host, port) as listener, ExitStack() as stack:
        if found := kinds.find(place):
            blocks.check(found, {"--backend": backend_name, "--on": on, "--set": changes})
            other, kind = found.load(step, raw, device=device), ROUTES[found.kind.MODALITY]
            drawing = blocks.routes(kind, other, name, seconds, max_body=limits.body, token=token is not None)
            routes, words = drawing, blocks.summary(drawing)
        elif isinstance(sampler := backend.sampler(place, backend_name, **chosen), ImageToImage):
            limits = guard.Limits(MAX_BODY)
            made = pictures.routes(sampler.to(runtime.choose_device(device)), seconds, on, token is not None)
            routes, words = made, pictures.summary(made)
        else:
            workers = min(WORKERS, runtime.cores())
            threads = runtime.cores() // workers
            torch.set_num_threads(threads)
            generator = SamplerBackend(sampler, device)
            metrics = ServerMetrics()
            pool: DrawingPool
            if on is None:
                pool = WorkerPool(generator, metrics.count_batch, workers if generator.device.type == "cpu" else 1)
                pool.start()
            else:
                again = backend.loader(generator, place, backend_name, device, **chosen)
                pool = stack.enter_context(replicated(generator, again, threads, on, wanted, metrics, console))
            dispatcher, parser, image = dispatch(pool, seconds)
            metrics.add_gauge("waiting", "Images accepted and not ready.", lambda: dispatcher.waiting)
            metrics.add_gauge("held_bytes", "Pixels of images not yet sent, in bytes.", lambda: dispatcher.held)
            routes = app.ImageRoutes(name, image, parser, dispatcher, metrics, limits.body, token is not None)
            words = summary(pool)
        address = access.with_token(server.address(listener), None if token_file else token)
        console.print(f"{address}\n{words}", highlight=False, soft_wrap=True)
        guarded = guard.Guard(app.build(routes), host, allow, token, limits)
        server.run(guarded, listener, int(seconds) + TO_SEND)


@contextmanager
def replicated(
    generator: SamplerBackend,
    load: Callable[[], Backend],
    threads: int,
    on: str,
    replicas: ReplicaRange,
    metrics: ServerMetrics,
    console: Console,
) -> Iterator[ReplicaPool]:
    """Within the block the generator runs in replicas, which `load` it; threads: of each.

    Raises UserError where they cannot be started, as where this machine has fewer GPUs than replicas.
    """
    on_gpu, gpus = generator.device.type == "cuda", torch.cuda.device_count()
    if Engine(on).starts_its_own and on_gpu and replicas.high > gpus:
        raise UserError(f"--replicas {replicas}: each takes a GPU, and this machine has {gpus}.")
    sizes = measure(generator)
    task = ReplicaTask(load, sizes, threads, digest(generator, sizes))
    resources = Resources(float(threads), float(on_gpu))
    with deployed(Engine(on, resources), replicas, task, generator, metrics.count_batch, console) as pool:
        metrics.add_gauge("replicas", "Replicas that run.", lambda: pool.running)
        yield pool


def dispatch(pool: DrawingPool, seconds: float) -> tuple[Dispatcher, RequestParser, tuple[int, int, int]]:
    """A started pool's dispatcher, the parser of its requests, and an image's shape (height, width, channels).

    Raises UserError where one image takes more than half of `seconds`.
    """
    pace, generator = pool.seconds_per_image, pool.backend
    if pace > seconds / 2:
        raise UserError(f"One image takes {pace:.1f} s on this machine: give --seconds {2 * pace:.0f} or more.")
    height, width, channels = generator.draw(*of_seeds(generator.prior, [0]), None).shape[1:]
    size = height * width * channels
    max_images = max(2, min(MAX_IMAGES, MAX_BYTES // size, int(seconds / 2 / pace)))
    return Dispatcher(pool, size, seconds), RequestParser(generator, max_images), (height, width, channels)


def summary(pool: DrawingPool) -> str:
    """How a started pool draws, in one line for people."""
    sizes = ", ".join(str(size.images) for size in pool.batch_sizes.sizes)
    return (
        f"Batches of {sizes} draw the same bits, at most one grey level from those of `ganatomy sample`; "
        f"{pool.batch_sizes.best.speed:,.0f} images/s in one batch at a time. Ctrl-C stops the server."
    )
