"""What pages ask of worker processes: images of a generator, games of the lab, experiments of the lessons. No torch."""

import base64
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganatomy.errors import UserError
from ganatomy.web.studio import lab_options, lessons
from ganatomy.web.studio.pages import MEDIA_TYPES, Pages
from ganatomy.web.studio.run_store import RunStore, reading
from ganatomy.web.studio.worker_client import WorkerClient


class WorkerRoutes:
    """What needs torch, and so a process of its own."""

    def __init__(self, store: RunStore, pages: Pages) -> None:
        self.store, self.pages = store, pages
        self.walks = WorkerClient("ganatomy.web.studio.latent_walk", 60)  # somebody drags and waits for every image
        self.games = WorkerClient("ganatomy.web.studio.lab_games", 60, niceness=10)
        self.experiments = WorkerClient("ganatomy.web.studio.lesson_experiment", 900, niceness=10)

    def routes(self) -> list[Route]:
        """Of all that workers answer."""
        return [
            Route("/api/runs/{name}/walk", self.walk),
            Route("/api/lab", self.lab),
            Route("/api/lab", self.move, methods=["POST"]),
            Route("/api/lessons", self.lessons),
            Route("/api/lesson", self.lesson, methods=["POST"]),
        ]

    async def walk(self, request: Request) -> Response:
        """An image of a run's generator, or its description: see `latent_walk.WalkStep`.

        Raises UserError for anything but a JSON object.
        """
        run = self.store.run(request.path_params["name"])
        with reading(run.name):
            step = json.loads(request.query_params.get("request", "{}"))
            if not isinstance(step, dict):
                raise UserError("request: give a JSON object.")
            folder = self.store.checkpoint(run, step.get("step"))
            step |= {"run": str(run.path), "step": int(folder.name.removeprefix("step-"))}
        answer = await self.walks.request(step)
        if answer.picture:
            return Response(answer.picture, media_type=MEDIA_TYPES["png"])
        steps, snapshot = list(run.checkpoints()), max(run.snapshots(), default=None)
        return JSONResponse({**answer.content, "step": step["step"], "steps": steps, "snapshot": snapshot})

    def lab(self, request: Request) -> Response:
        """What the form of the lab is made of."""
        return JSONResponse(lab_options.choices())

    async def move(self, request: Request) -> Response:
        """A move in a game, and the game after it: see `lab_games.LabMove`."""
        return JSONResponse((await self.games.request(await self.pages.content(request))).content)

    def lessons(self, request: Request) -> Response:
        """All lessons."""
        return JSONResponse({"lessons": lessons.lessons()})

    async def lesson(self, request: Request) -> Response:
        """The experiment of a lesson: its figures, and its picture as a data URI."""
        answer = await self.experiments.request(await self.pages.content(request))
        picture = f"data:image/png;base64,{base64.b64encode(answer.picture).decode()}"
        return JSONResponse({**answer.content, "picture": picture})

    async def close(self) -> None:
        """End the processes."""
        for worker in (self.walks, self.games, self.experiments):
            await worker.close()
