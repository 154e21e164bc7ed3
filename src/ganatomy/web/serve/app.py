"""The routes."""

import html
import importlib.resources
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ganatomy.errors import UserError
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.web.serve import openapi
from ganatomy.web.serve.admission import Admission, DeadlineError, OverloadedError
from ganatomy.web.serve.dispatcher import Dispatcher
from ganatomy.web.serve.encoding import ONE, WALK
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.requests import RequestParser
from ganatomy.web.strict_json import StrictJSONResponse

PAGE = string.Template(importlib.resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
COLOURS = importlib.resources.files("ganatomy.report").joinpath("colours.css").read_text(encoding="utf-8")
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Endpoint(NamedTuple):
    """A route, and its OpenAPI operation."""

    method: str
    path: str
    answer: Callable[[Request], Awaitable[Response]]
    operation: dict[str, Any]


class Routes:
    """What every server answers, whatever it draws: beside its own endpoints health, metrics, description, errors."""

    def __init__(
        self,
        own: Sequence[Endpoint],
        title: str,
        admission: Admission,
        metrics: ServerMetrics,
        token: bool,
        same: str = openapi.SAME_SEED,
    ) -> None:
        """own: endpoints; title: of the description; token: whether clients need one; same: as for `document`."""
        self.admission, self.metrics = admission, metrics
        self.endpoints = [
            *own,
            Endpoint("GET", "/healthz", self.health, openapi.get("Whether the server is running.", "text/plain")),
            Endpoint("GET", "/metrics", self.prometheus, openapi.get("Metrics for Prometheus.", "text/plain")),
            Endpoint("GET", "/openapi.json", self.description, openapi.get("This description.", "application/json")),
        ]
        self.document = openapi.document(
            title, {each.path: {each.method.lower(): each.operation} for each in self.endpoints}, token, same
        )

    async def health(self, request: Request) -> Response:
        """The server is running."""
        return PlainTextResponse("ok\n")

    async def prometheus(self, request: Request) -> Response:
        """Metrics for Prometheus."""
        return Response(self.metrics.text(), headers={"content-type": PROMETHEUS})

    async def description(self, request: Request) -> Response:
        """The description of all this."""
        return StrictJSONResponse(self.document)

    # --- errors, one sentence each ----------------------------------------------------------------------------------

    async def invalid(self, request: Request, error: Exception) -> Response:
        """400: the request cannot be read, or asks for what the generator cannot draw."""
        return _error(400, str(error))

    async def refused(self, request: Request, error: Exception) -> Response:
        """Another status of HTTP."""
        assert isinstance(error, HTTPException)
        sentences = {
            404: "Not found; /openapi.json lists the addresses of this server.",
            405: "Method not allowed; the header Allow lists those that are.",
        }
        return _error(error.status_code, sentences.get(error.status_code, error.detail), error.headers)

    async def overloaded(self, request: Request, error: Exception) -> Response:
        """429: it would not be ready in time."""
        assert isinstance(error, OverloadedError)
        return _error(429, "Too much is waiting; try again later.", {"retry-after": str(error.seconds)})

    async def late(self, request: Request, error: Exception) -> Response:
        """503: it was accepted and is not ready in time."""
        return _error(503, f"Not ready within {self.admission.seconds:g} seconds.", {"retry-after": "1"})

    async def gone(self, request: Request, error: Exception) -> Response:
        """The client has disconnected."""
        self.metrics.gone.inc()
        return Response(status_code=499)  # nobody receives it

    async def broken(self, request: Request, error: Exception) -> Response:
        """500: a bug."""
        return _error(500, "Internal server error; the server's log has the details.")


class ImageRoutes(Routes):
    """Routes that draw images."""

    def __init__(
        self,
        name: str,
        image: tuple[int, int, int],
        parser: RequestParser,
        dispatcher: Dispatcher,
        metrics: ServerMetrics,
        max_body: int,
        token: bool,
    ) -> None:
        """name: of the generator, for the page; image: height, width and channels; max_body: bytes of a request's body.

        token: whether clients need one.
        """
        self.name, self.shape, self.parser, self.dispatcher = name, image, parser, dispatcher
        own = [
            Endpoint("GET", "/", self.page, openapi.get("A page with a new image at every visit.", "text/html")),
            Endpoint("GET", "/image.png", self.image, openapi.image(parser)),
            Endpoint("POST", "/images", self.images, openapi.images(parser, max_body)),
            Endpoint("GET", "/walk.webp", self.walk, openapi.walk(parser)),
        ]
        super().__init__(own, "Images from a generator", dispatcher, metrics, token)

    async def page(self, request: Request) -> Response:
        """A new image at every visit. Fields that the form leaves empty count as not given."""
        given = [(name, text) for name, text in request.query_params.multi_items() if text]
        _, image = self.parser.image(given)
        kept = {name: text for name, text in given if name != "seed"}
        seeds = ",".join(str((image.seed + i) % (LAST_SEED + 1)) for i in range(4))
        fields = {
            "name": self.name,
            "seed": image.seed,
            "height": self.shape[0],
            "width": self.shape[1],
            "image": f"image.png?{urlencode({'seed': image.seed, **kept})}",
            "walk": f"walk.webp?{urlencode({'seeds': seeds, **kept}, safe=',')}",
            "truncation": kept.get("truncation", ""),
        }
        safe = {field: html.escape(str(value)) for field, value in fields.items()}
        return HTMLResponse(PAGE.substitute(safe, classes=self._classes(image.label), colours=COLOURS))

    def _classes(self, chosen: object) -> str:
        """The field to choose a class; nothing for an unconditional generator."""
        if not self.parser.labels:
            return ""
        options = "".join(
            f"<option{' selected' if name == chosen else ''}>{html.escape(name)}</option>"
            for name in self.parser.labels
        )
        return f'<label>Class <select name="class"><option value="">any</option>{options}</select></label>'

    async def image(self, request: Request) -> Response:
        """One PNG."""
        batch, image = self.parser.image(request.query_params.multi_items())
        return await self.dispatcher.answer(batch, ONE, request, {"image-seed": str(image.seed)})

    async def images(self, request: Request) -> Response:
        """Several images."""
        check_json(request)
        batch, encoding = self.parser.images(await request.body())
        shape = {"image-shape": ",".join(map(str, (len(batch.z), *self.shape)))} if encoding.name == "raw" else {}
        return await self.dispatcher.answer(batch, encoding, request, shape)

    async def walk(self, request: Request) -> Response:
        """An animation through latent space."""
        return await self.dispatcher.answer(self.parser.walk(request.query_params.multi_items()), WALK, request)


def build(routes: Routes) -> ASGIApp:
    """The application without its guard; it ends what draws after the last answer."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        routes.admission.close()

    app = Starlette(
        routes=[Route(each.path, each.answer, methods=[each.method]) for each in routes.endpoints],
        exception_handlers={
            UserError: routes.invalid,
            HTTPException: routes.refused,
            OverloadedError: routes.overloaded,
            DeadlineError: routes.late,
            ClientDisconnect: routes.gone,
            Exception: routes.broken,  # and the traceback goes to the log
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one form
    return routes.metrics.counted(app, [each.path for each in routes.endpoints])


def check_json(request: Request) -> None:
    """Raises HTTPException where a body is not declared as JSON: pages of other sites can send forms and text."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with the header Content-Type: application/json.")


def _error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return StrictJSONResponse({"error": sentence}, status, headers)
