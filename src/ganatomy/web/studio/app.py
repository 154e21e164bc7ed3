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
from ganatomy.web.studio.sweep_routes import SweepRoutes
from ganatomy.web.studio.time_limit import SlowRunError, TimeLimit
from ganatomy.web.studio.training_routes import TrainingRoutes
from ganatomy.web.studio.worker_routes import WorkerRoutes

# Scripts are the package's own files. Styles may be inline: plotly writes them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

DATA = ("/api/", "/assets/")  # what pages fetch
STATUS = {NotFoundError: 404, SlowRunError: 503, UserError: 400}  # the first that fits
SENTENCES = {404: "There is no such page.", 405: "Method not allowed."}


def build(store: RunStore, may_start: bool) -> Starlette:
    """The application without its guard; may_start: whether pages may start trainings.

    At its end worker processes end as well; trainings go on.
    """
    limit = TimeLimit()
    pages = Pages(store, limit)
    workers = WorkerRoutes(store, pages, limit)
    reading = (RunRoutes(store, limit), SweepRoutes(store, limit))
    groups = (pages, *reading, TrainingRoutes(store, pages, limit, may_start), workers)

    def refusal(request: Request, status: int, sentence: str) -> Response:
        """A sentence: as a page where somebody went to an address that has none, else as JSON."""
        sentence = store.words(sentence)
        if status == 404 and not request.url.path.startswith(DATA):
            return pages.missing(sentence)
        return StrictJSONResponse({"error": sentence}, status)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await workers.close()

    async def user_error(request: Request, problem: Exception) -> Response:
        status = next(status for kind, status in STATUS.items() if isinstance(problem, kind))
        return refusal(request, status, str(problem))

    async def refused(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)
        return refusal(request, problem.status_code, SENTENCES.get(problem.status_code, problem.detail))

    async def broken(request: Request, problem: Exception) -> Response:
        return refusal(request, 500, "Internal error of the studio; its terminal has the details.")

    app = Starlette(
        routes=[route for group in groups for route in group.routes()],
        exception_handlers={
            UserError: user_error,
            HTTPException: refused,
            ClientDisconnect: _gone,
            Exception: broken,  # and the traceback goes to the terminal
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # an address has one form
    return app


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody receives it
