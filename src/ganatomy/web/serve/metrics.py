"""What the server counts, in Prometheus' format: /metrics."""

import time
from collections.abc import Callable, Collection, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ganatomy.web.serve.batch_invariance import SIZES


class ServerMetrics:
    """The metrics of one server."""

    def __init__(self, what: str = "images", sizes: Sequence[int] = SIZES) -> None:
        """what: samples in the plural; sizes: of batches, by which they are counted."""
        self.registry = CollectorRegistry()
        labels = ("path", "status")
        self.requests = Counter("ganatomy_requests", "Requests answered.", labels, registry=self.registry)
        self.gone = Counter("ganatomy_gone", "Requests whose client left before the answer.", registry=self.registry)
        self.seconds = Histogram(
            "ganatomy_request_seconds",
            "From a request's first line to the end of its answer.",
            ("path",),
            registry=self.registry,
        )
        self.drawn = Counter(f"ganatomy_{what}", f"Requested {what} drawn.", registry=self.registry)
        self.filling = Counter(
            "ganatomy_filling", f"Other {what} drawn, beside the requested ones.", registry=self.registry
        )
        self.batches = Histogram(
            f"ganatomy_batch_{what}", f"Requested {what} in a batch.", buckets=sizes, registry=self.registry
        )
        self.drawing = Counter("ganatomy_drawing_seconds", "Time spent drawing.", registry=self.registry)

    def count_batch(self, size: int, requested: int, seconds: float) -> None:
        """Count a batch of `size` samples, `requested` of them for requests."""
        self.drawn.inc(requested)
        self.filling.inc(size - requested)
        self.batches.observe(requested)
        self.drawing.inc(seconds)

    def add_gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Add a metric whose value is computed when it is read."""
        Gauge(f"ganatomy_{name}", meaning, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """All metrics, in Prometheus' text format 0.0.4."""
        return generate_latest(self.registry)

    def counted(self, app: ASGIApp, paths: Collection[str]) -> ASGIApp:
        """An application whose answers are counted by path; all other paths, which a client may invent, as one."""

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path = scope["path"] if scope["path"] in paths else "other"
            began = time.perf_counter()

            async def counted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.requests.labels(path, message["status"]).inc()
                await send(message)

            await app(scope, receive, counted_send)
            self.seconds.labels(path).observe(time.perf_counter() - began)

        return counting
