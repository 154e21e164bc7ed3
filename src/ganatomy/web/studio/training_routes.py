"""Trainings steered and started from pages. No torch."""

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganatomy.config.recipes import summaries
from ganatomy.runs.control import ControlRequest
from ganatomy.runs.status import status_of
from ganatomy.web.strict_json import StrictJSONResponse
from ganatomy.web.studio import launcher
from ganatomy.web.studio.api_route import ApiRoute
from ganatomy.web.studio.launcher import Launcher, TrainingForm
from ganatomy.web.studio.pages import Pages
from ganatomy.web.studio.run_store import NotFoundError, RunStore, reading
from ganatomy.web.studio.time_limit import TimeLimit
from ganatomy.web.validation import read

CONTROL_SECONDS = 10.0  # within which a request must be left in the run's folder


class TrainingRoutes:
    """What changes a training, or starts one."""

    def __init__(self, store: RunStore, pages: Pages, limit: TimeLimit, may_start: bool) -> None:
        """may_start: whether pages may start trainings, which read whatever images they name."""
        self.store, self.pages, self.limit = store, pages, limit
        self.launcher, self.may_start = Launcher(store.runs), may_start

    def routes(self) -> list[Route]:
        """Of all that concerns trainings."""
        return [
            ApiRoute("/api/runs/{name}/control", self.control, method="POST"),
            ApiRoute("/api/recipes", self.form),
            ApiRoute("/api/command", self.command, method="POST"),
            ApiRoute("/api/started/{ticket}", self.started),
        ]

    async def control(self, request: Request) -> Response:
        """A `ControlRequest`, which the training reads within a second. Raises HTTPException where nothing trains."""
        control = read(ControlRequest, await self.pages.body(request))
        name = request.path_params["name"]
        await run_in_threadpool(self.limit.read, name, CONTROL_SECONDS, lambda: self._leave(name, control))
        return StrictJSONResponse({"requested": True})

    def _leave(self, name: str, control: ControlRequest) -> None:
        """Leave a request in a run's folder. Raises HTTPException where nothing trains."""
        run = self.store.run(name)
        with reading(name):
            if status_of(run, run.info(), []) != "running":
                raise HTTPException(409, f"{name} is not in training.")
            run.request(**control.model_dump(exclude_unset=True))

    def form(self, request: Request) -> Response:
        """What the form of a new run is made of."""
        content = {
            "recipes": summaries(),
            "preset": launcher.PRESET,
            "fields": [asdict(field) for field in launcher.FIELDS],
            "startable": self.may_start and self.launcher.able,
        }
        return StrictJSONResponse(content)

    async def command(self, request: Request) -> Response:
        """The command that a `TrainingForm` stands for; it is started if the form says so.

        Raises HTTPException where trainings may not be started.
        """
        form = read(TrainingForm, await self.pages.body(request))
        arguments = launcher.command(form, self.store.runs)
        content = {"command": launcher.command_line(arguments), "name": arguments[-1]}
        if form.start:
            if not self.may_start:
                raise HTTPException(
                    403,
                    "Trainings can be started only on this machine, from the pages of a studio that asks for a token.",
                )
            content["ticket"] = self.launcher.start(arguments)
        return StrictJSONResponse(content)

    def started(self, request: Request) -> Response:
        """The progress of a training that was started here. Raises NotFoundError for another ticket."""
        found = self.launcher.started.get(request.path_params["ticket"])
        if found is None:
            raise NotFoundError("No training was started under this number since the studio was started.")
        return StrictJSONResponse(asdict(found.progress()))
