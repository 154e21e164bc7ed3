"""The routes."""

import html
import importlib.resources
import string
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ganatomy.errors import UserError
from ganatomy.generators.api import LAST_SEED
from ganatomy.web.guard import Limits
from ganatomy.web.serve.description import describe
from ganatomy.web.serve.desk import BusyError, Desk, GoneError
from ganatomy.web.serve.encoding import ONE, SEVERAL, WALK
from ganatomy.web.serve.gauges import Gauges
from ganatomy.web.serve.orders import Orders
from ganatomy.web.serve.worker import LateError

PAGE = string.Template(importlib.resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Routes:
    """What is answered to what."""

    def __init__(
        self,
        name: str,
        image: tuple[int, int, int],
        orders: Orders,
        desk: Desk,
        gauges: Gauges,
        description: Mapping[str, object],
    ) -> None:
        """name: the generator's, for the page; image: height, width and channels."""
        self.name, self.shape, self.orders, self.desk, self.gauges = name, image, orders, desk, gauges
        self.description = description

    async def page(self, request: Request) -> Response:
        """A new image at every visit. What a form leaves empty is not given."""
        given = [(name, text) for name, text in request.query_params.multi_items() if text]
        _, asked = self.orders.image(given)
        look = {name: text for name, text in given if name != "seed"}
        seeds = ",".join(str((asked.seed + i) % (LAST_SEED + 1)) for i in range(4))
        fields = {
            "name": self.name,
            "seed": asked.seed,
            "height": self.shape[0],
            "width": self.shape[1],
            "image": f"image.png?{urlencode({'seed': asked.seed, **look})}",
            "walk": f"walk.webp?{urlencode({'seeds': seeds, **look}, safe=',')}",
            "truncation": look.get("truncation", ""),
        }
        safe = {field: html.escape(str(value)) for field, value in fields.items()}
        return HTMLResponse(PAGE.substitute(safe, classes=self._classes(asked.label)))

    def _classes(self, chosen: object) -> str:
        if not self.orders.prior.classes:
            return ""
        names = list(self.orders.classes) or [str(number) for number in range(len(self.orders.prior.classes))]
        options = "".join(
            f"<option{' selected' if name == chosen else ''}>{html.escape(name)}</option>" for name in names
        )
        return f'<label>Class <select name="class"><option value="">any</option>{options}</select></label>'

    async def image(self, request: Request) -> Response:
        order, asked = self.orders.image(request.query_params.multi_items())
        return await self.desk.answer(order, ONE, request, {"image-seed": str(asked.seed)})

    async def images(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "Say that the body is JSON: Content-Type: application/json.")
        order, kind = self.orders.images(await request.body())
        shape = {"image-shape": ",".join(map(str, (len(order.z), *self.shape)))} if kind == "raw" else {}
        return await self.desk.answer(order, SEVERAL[kind], request, shape)

    async def walk(self, request: Request) -> Response:
        return await self.desk.answer(self.orders.walk(request.query_params.multi_items()), WALK, request)

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        return Response(self.gauges.text(), headers={"content-type": PROMETHEUS})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(self.description)

    # --- what went wrong, in one sentence --------------------------------------------------------------------------

    async def wrong(self, request: Request, error: Exception) -> Response:
        return _error(400, str(error))

    async def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        sentences = {
            404: "There is nothing here; /openapi.json lists what there is.",
            405: "Not in this way: see Allow.",
        }
        return _error(error.status_code, sentences.get(error.status_code, error.detail), error.headers)

    async def busy(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, BusyError)
        return _error(429, "Too much is waiting already; ask again later.", {"retry-after": str(error.seconds)})

    async def late(self, request: Request, error: Exception) -> Response:
        return _error(503, f"It could not be drawn within {self.desk.seconds:g} seconds.", {"retry-after": "1"})

    async def gone(self, request: Request, error: Exception) -> Response:
        self.gauges.gone.inc()
        return Response(status_code=499)  # which nobody will read

    async def broken(self, request: Request, error: Exception) -> Response:
        return _error(500, "Something is wrong with this server; its log says more.")


def application(routes: Routes, stop: Callable[[], None]) -> ASGIApp:
    """All routes, counted; stop: called when the last answer has been sent."""

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        yield
        stop()

    table: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
        "/": ("GET", routes.page),
        "/image.png": ("GET", routes.image),
        "/images": ("POST", routes.images),
        "/walk.webp": ("GET", routes.walk),
        "/healthz": ("GET", routes.health),
        "/metrics": ("GET", routes.metrics),
        "/openapi.json": ("GET", routes.openapi),
    }
    app = Starlette(
        routes=[Route(path, answer, methods=[method]) for path, (method, answer) in table.items()],
        exception_handlers={
            UserError: routes.wrong,
            HTTPException: routes.refused,
            BusyError: routes.busy,
            LateError: routes.late,
            GoneError: routes.gone,
            ClientDisconnect: routes.gone,  # before the end of its own body
            Exception: routes.broken,  # and the traceback goes to the log
        },
        lifespan=living,
    )
    return routes.gauges.counted(app, table.keys())


def build(
    name: str, image: tuple[int, int, int], orders: Orders, desk: Desk, gauges: Gauges, token: bool, limits: Limits
) -> ASGIApp:
    """The application without its guard."""
    routes = Routes(name, image, orders, desk, gauges, describe(orders, token, limits.body))
    return application(routes, desk.close)


def _error(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": sentence}, status, headers)
