"""What pages ask of worker processes: images of a generator, games, experiments of lessons and course. No torch."""

import base64
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganatomy.runs.run import DIRECTIONS
from ganatomy.web.strict_json import StrictJSONResponse
from ganatomy.web.studio import lab_options, lessons
from ganatomy.web.studio.api_route import ApiRoute
from ganatomy.web.studio.course.glossary import GLOSSARY
from ganatomy.web.studio.course.steps import STEPS
from ganatomy.web.studio.latent_walk_request import LatentWalkRequest
from ganatomy.web.studio.pages import MEDIA_TYPES, Pages
from ganatomy.web.studio.run_store import NotFoundError, RunStore, reading
from ganatomy.web.studio.time_limit import TimeLimit
from ganatomy.web.studio.worker_client import WorkerClient
from ganatomy.web.validation import read

CHECKPOINT_SECONDS = 10.0  # within which a run's checkpoint must be found


class WorkerRoutes:
    """What needs torch, and so a process of its own."""

    def __init__(self, store: RunStore, pages: Pages, limit: TimeLimit) -> None:
        self.store, self.pages, self.limit = store, pages, limit
        self.walks = WorkerClient("ganatomy.web.studio.latent_walk", 60)  # somebody drags and waits for every image
        self.games = WorkerClient("ganatomy.web.studio.lab_games", 60, niceness=10)
        self.course = WorkerClient("ganatomy.web.studio.course.worker", 600, niceness=10)
        self.experiments = WorkerClient("ganatomy.web.studio.lesson_experiment", 900, niceness=10)

    def routes(self) -> list[Route]:
        """Of all that workers answer."""
        return [
            ApiRoute("/api/runs/{name}/walk", self.walk, query=("request",)),
            ApiRoute("/api/lab", self.lab),
            ApiRoute("/api/lab", self.move, method="POST"),
            ApiRoute("/api/course", self.steps),
            ApiRoute("/api/course", self.run_step, method="POST"),
            ApiRoute("/api/lessons", self.lessons),
            ApiRoute("/api/lesson", self.lesson, method="POST"),
        ]

    async def walk(self, request: Request) -> Response:
        """An image of a run's generator, or its description: see `LatentWalkRequest`."""
        name, text = request.path_params["name"], request.query_params.get("request", "{}")
        step, others = await run_in_threadpool(
            self.limit.read, name, CHECKPOINT_SECONDS, lambda: self._checked(name, text)
        )
        answer = await self.walks.request(step)
        if answer.picture:
            return Response(answer.picture, media_type=MEDIA_TYPES["png"])
        return StrictJSONResponse({**answer.content, "step": step["step"], **others})

    def _checked(self, name: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """A `WalkStep` of a run's checkpoint, for the worker; and which others there are, for the page."""
        run = self.store.run(name)
        step = read(LatentWalkRequest, text)
        with reading(name):
            folder = self.store.checkpoint(run, step.step)
            place = {"run": str(run.path), "step": int(folder.name.removeprefix("step-"))}
            with suppress(NotFoundError):
                place["directions"] = str(self.store.file(run, *DIRECTIONS))
            others = {"steps": list(run.checkpoints()), "snapshot": max(run.snapshots(), default=None)}
            return step.model_dump(exclude_unset=True) | place, others

    def lab(self, request: Request) -> Response:
        """What the form of the lab is made of."""
        return StrictJSONResponse(lab_options.choices())

    async def move(self, request: Request) -> Response:
        """A move in a game, and the game after it: see `lab_games.LabMove`."""
        return StrictJSONResponse((await self.games.request(await self.pages.content(request))).content)

    def steps(self, request: Request) -> Response:
        """The steps of the course before they are run, and the glossary."""
        return StrictJSONResponse({"steps": [step.described() for step in STEPS], "glossary": GLOSSARY})

    async def run_step(self, request: Request) -> Response:
        """The next frame of a step's experiment, or what it has measured: see `course.worker.CourseRequest`."""
        return StrictJSONResponse((await self.course.request(await self.pages.content(request))).content)

    def lessons(self, request: Request) -> Response:
        """All lessons, and the titles of their groups."""
        themes = {theme: title for theme, (_, title) in lessons.THEMES.items()}
        return StrictJSONResponse({"lessons": lessons.lessons(), "themes": themes})

    async def lesson(self, request: Request) -> Response:
        """The experiment of a lesson: its figures, and its picture as a data URI."""
        answer = await self.experiments.request(await self.pages.content(request))
        picture = f"data:image/png;base64,{base64.b64encode(answer.picture).decode()}"
        return StrictJSONResponse({**answer.content, "picture": picture})

    async def close(self) -> None:
        """End the processes."""
        for worker in (self.walks, self.games, self.course, self.experiments):
            await worker.close()
