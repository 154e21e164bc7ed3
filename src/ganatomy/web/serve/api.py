"""`ganatomy serve`: a generator's images over HTTP."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from ganatomy.errors import UserError
from ganatomy.system import runtime
from ganatomy.web import guard, server
from ganatomy.web.serve import app, backend
from ganatomy.web.serve.backend import of_seeds
from ganatomy.web.serve.desk import Desk
from ganatomy.web.serve.gauges import Gauges
from ganatomy.web.serve.orders import Orders
from ganatomy.web.serve.worker import Worker

MOST = 256  # images of one request
LARGEST = 8 * 2**20  # bytes of them, as pixels
HANDS = 2  # batches side by side, on half of the cores each: one goes on where the other waits for Python
TO_FINISH = 5  # seconds to send what was drawn last


def serve(
    place: str,
    *,
    kind: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    names: Sequence[str] = (),
    seconds: float = 10.0,
    device: str = "auto",
    how: Mapping[str, Any] | None = None,
    console: Console | None = None,
) -> None:
    """Answer requests for a generator's images until SIGTERM or Ctrl-C; then finish what was accepted, and return.

    place: a run, or FILE.onnx; kind: torch or onnx. token: what visitors must know, if `host` is not this machine
    alone; one is made up if none is given. names: what else the server is called. seconds: within which every accepted
    request is answered. how: step, raw and changes, as for `sampling.load`.
    """
    console = console or Console(stderr=True)
    token, names = guard.token_for(host, token), guard.listed(names)
    with server.bind(host, port) as listening:
        hands = min(HANDS, runtime.cores())
        torch.set_num_threads(runtime.cores() // hands)
        generator = backend.load(place, kind, device, **(how or {}))
        gauges, limits = Gauges(), guard.Limits()
        worker = Worker(generator, gauges.batch, hands if generator.device.type == "cpu" else 1)
        worker.start()
        desk, orders, shape = open_desk(worker, seconds)
        gauges.follow("waiting", "Images accepted and not ready.", lambda: desk.waiting)
        gauges.follow("held_bytes", "Images not read to their end, as pixels.", lambda: desk.held)
        inside = app.build(Path(place).stem, shape, orders, desk, gauges, token is not None, limits)
        address = server.address(listening) + (f"/?token={token}" if token else "")
        console.print(f"{address}\n{words(worker)}", highlight=False, soft_wrap=True)
        server.run(guard.Guard(inside, host, names, token, limits), listening, int(seconds) + TO_FINISH)


def open_desk(worker: Worker, seconds: float) -> tuple[Desk, Orders, tuple[int, int, int]]:
    """The desk of a worker that has started, what can be ordered there, and an image's height, width and channels."""
    pace, generator = worker.seconds_per_image, worker.backend
    if pace > seconds / 2:
        raise UserError(f"One image takes {pace:.1f} s here: --seconds must be at least {2 * pace:.0f}.")
    height, width, channels = generator.draw(*of_seeds(generator.prior, [0]), None).shape[1:]
    size = height * width * channels
    most = max(2, min(MOST, LARGEST // size, int(seconds / 2 / pace)))
    return Desk(worker, size, seconds), Orders(generator, most), (height, width, channels)


def words(worker: Worker) -> str:
    """How a worker draws, for people."""
    sizes = ", ".join(str(size.images) for size in worker.steady.sizes)
    return (
        f"Batches of {sizes} draw the same bits, at most one grey level from those of `ganatomy sample`; "
        f"{worker.steady.best.speed:,.0f} images/s in one batch at a time. Ctrl-C stops."
    )
