"""What the server counts, for Prometheus."""

import time
from collections.abc import Callable, Collection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ganatomy.web.serve.steady import SIZES


class Gauges:
    """The server's figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("path", "status")
        self.requests = Counter("ganatomy_requests", "Requests answered.", labels, registry=self.registry)
        self.gone = Counter("ganatomy_gone", "Requests whose client left before the answer.", registry=self.registry)
        self.seconds = Histogram(
            "ganatomy_request_seconds", "From a request's head to its answer's end.", ("path",), registry=self.registry
        )
        self.images = Counter("ganatomy_images", "Images drawn for somebody.", registry=self.registry)
        self.filling = Counter("ganatomy_filling", "Images drawn to fill a batch.", registry=self.registry)
        self.batches = Histogram(
            "ganatomy_batch_images", "Images wanted of a batch.", buckets=SIZES, registry=self.registry
        )
        self.drawing = Counter("ganatomy_drawing_seconds", "Time spent drawing.", registry=self.registry)

    def batch(self, size: int, wanted: int, seconds: float) -> None:
        """Count a batch, for `Worker`."""
        self.images.inc(wanted)
        self.filling.inc(size - wanted)
        self.batches.observe(wanted)
        self.drawing.inc(seconds)

    def follow(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A figure that is asked for when somebody looks."""
        Gauge(f"ganatomy_{name}", meaning, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """All of them, in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def counted(self, app: ASGIApp, paths: Collection[str]) -> ASGIApp:
        """An application whose answers are counted by path; other paths, which anyone may invent, as one."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path = scope["path"] if scope["path"] in paths else "other"
            began = time.perf_counter()

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.requests.labels(path, message["status"]).inc()
                await send(message)

            await app(scope, receive, noting)
            self.seconds.labels(path).observe(time.perf_counter() - began)

        return counting
