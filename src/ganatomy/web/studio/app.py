"""The studio as one application: its pages, what they ask for, and errors in one sentence each. No torch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ganatomy.errors import UserError
from ganatomy.web.strict_json import StrictJSONResponse
from ganatomy.web.studio.pages import Pages
from ganatomy.web.studio.run_routes import RunRoutes
from ganatomy.web.studio.run_store import NotFoundError, RunStore
from ganatomy.web.studio.time_limit import SlowRunError, TimeLimit
from ganatomy.web.studio.training_routes import TrainingRoutes
from ganatomy.web.studio.worker_routes import WorkerRoutes

# Scripts are the package's own files. Styles may be inline: plotly writes them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def build(store: RunStore, may_start: bool) -> Starlette:
    """The application without its guard; may_start: whether pages may start trainings.

    At its end worker processes end as well; trainings go on.
    """
    pages, limit = Pages(), TimeLimit()
    workers = WorkerRoutes(store, pages, limit)
    groups = (pages, RunRoutes(store, limit), TrainingRoutes(store, pages, limit, may_start), workers)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await workers.close()

    app = Starlette(
        routes=[route for group in groups for route in group.routes()],
        exception_handlers={
            NotFoundError: _not_found,
            SlowRunError: _slow,
            UserError: _invalid,
            HTTPException: _refused,
            ClientDisconnect: _gone,
            Exception: _broken,  # and the traceback goes to the terminal
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one form
    return app


def _error(status: int, sentence: str) -> Response:
    return StrictJSONResponse({"error": sentence}, status)


async def _not_found(request: Request, error: Exception) -> Response:
    return _error(404, str(error))


async def _slow(request: Request, error: Exception) -> Response:
    return _error(503, str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    return _error(400, str(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {404: "There is no such page.", 405: "Method not allowed."}
    return _error(error.status_code, sentences.get(error.status_code, error.detail))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody receives it


async def _broken(request: Request, error: Exception) -> Response:
    return _error(500, "Internal error of the studio; its terminal has the details.")
