"""The routes: pages, what they ask for, and what they order. No torch: who needs it sits in a room of its own."""

import base64
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.resources import files
from math import isfinite
from string import Template
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ganatomy import __version__
from ganatomy.errors import UserError
from ganatomy.runs.run import Run
from ganatomy.web.studio import launcher, lessons, tiles
from ganatomy.web.studio.live_run import LiveRun
from ganatomy.web.studio.run_store import NotThereError, RunStore, reading
from ganatomy.web.studio.status import status
from ganatomy.web.studio.summaries import RunSummaries
from ganatomy.web.studio.worker_client import WorkerClient

# Scripts are the package's own files. Styles may be inline: plotly writes them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# A page out of a run's folder may come from a stranger: it is nobody here, and fetches nothing.
STRANGER = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
ALLOWED = {"report.html": f"{STRANGER} allow-scripts; script-src 'unsafe-inline'"}
PAGES = ("/", "/compare", "/new", "/lab", "/lessons", "/lessons/{lesson}", "/run/{name}", "/run/{name}/{part}")
FILES = ("reals.png", "walk.webp", "lab.webp", "report.html")
LOOKED_AT = 16  # runs that are kept in mind
KINDS = {"css": "text/css", "js": "text/javascript", "png": "image/png", "webp": "image/webp", "html": "text/html"}
FOREVER = {"cache-control": "private, max-age=31536000, immutable"}
A_WHILE = {"cache-control": "private, max-age=60"}  # a training that goes back draws its snapshots again


class Studio:
    """What is answered to what."""

    def __init__(self, store: RunStore, may_start: bool) -> None:
        """may_start: whether visitors may start trainings, which read whatever images they name."""
        self.store, self.summaries = store, RunSummaries(store)
        self.token = secrets.token_urlsafe(16)  # a page knows it, another site's page cannot
        self.launcher, self.may_start = launcher.Launcher(store.runs), may_start
        self.workers = {
            "walk": WorkerClient("walk", 60),
            "lab": WorkerClient("lab", 60),
            "lesson": WorkerClient("lesson", 900),
        }
        self._followed: OrderedDict[str, LiveRun] = OrderedDict()
        self._lock = threading.Lock()
        folder = files("ganatomy.web.studio") / "static"
        self._page = Template((folder / "page.html").read_text(encoding="utf-8"))
        self._assets = {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "page.html"}
        for name in ("charts.js", "colours.css"):  # what the report draws with
            self._assets[name] = (files("ganatomy.report") / name).read_bytes()
        self._assets["plotly.js"] = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()

    # --- pages ------------------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """The one page there is; its script sees by the address what to show."""
        return HTMLResponse(self._page.substitute(token=self.token, version=__version__))

    def asset(self, request: Request) -> Response:
        """A script or a style of the package."""
        name = request.path_params["asset"]
        if name not in self._assets:
            raise NotThereError(f"There is no {name} here.")
        headers = FOREVER if name == "plotly.js" else {}
        return Response(self._assets[name], media_type=KINDS[name.rpartition(".")[2]], headers=headers)

    # --- runs -------------------------------------------------------------------------------------------------------

    def runs(self, request: Request) -> Response:
        """Every run's card."""
        startable = self.may_start and self.launcher.able
        return JSONResponse({"runs": self.summaries.all(), "folder": str(self.store.runs), "startable": startable})

    def live(self, request: Request) -> Response:
        """A run's charts and events: all, or what is new since `after`."""
        run, asked = self._run(request), request.query_params
        with reading(run.name):
            after, generation = float(asked.get("after", "-inf")), int(asked.get("generation", -1))
            if not (isfinite(after) or asked.get("after") is None):
                raise UserError("after: a step, please.")
            return Response(self._follow(run).live(after, generation), media_type="application/json")

    def snapshots(self, request: Request) -> Response:
        """Steps of a run's snapshots, and where their tiles are."""
        run = self._run(request)
        with reading(run.name):
            found = run.snapshots()
            tiling = self._tiling(run) if found else None
            return JSONResponse({"steps": list(found), "tiles": tiling.words if tiling else None})

    def snapshot(self, request: Request) -> Response:
        """One snapshot."""
        return self._sent(self._run(request), "samples", f"{request.path_params['step']:06d}.png", headers=A_WHILE)

    def file(self, request: Request) -> Response:
        """A file of the run's that a page shows."""
        name = request.path_params["file"]
        if name not in FILES:
            raise NotThereError(f"There is no {name} to show.")
        return self._sent(self._run(request), name)

    def neighbours(self, request: Request) -> Response:
        """The page of nearest images that an evaluation left."""
        return self._sent(self._run(request), "eval", f"{request.path_params['card']}-nearest.html")

    def nearest(self, request: Request) -> Response:
        """The real images nearest to a tile, pixel by pixel."""
        run, asked = self._run(request), request.query_params
        with reading(run.name):
            step, tile = int(asked.get("step", "-1")), int(asked.get("tile", "-1"))
            config, tiling = run.config(), self._tiling(run)
            if tiling is None or not 0 <= tile < tiling.count:
                raise NotThereError("There is no such tile.")
            real = tiles.real_images(run.info(), config).pixels
            sheet = tiles.pixels(self.store.file(run, "samples", f"{step:06d}.png"), real.shape[-1])
            found = tiles.nearest(real, tiling.cut(sheet, tile))
            return JSONResponse({"nearest": [{"index": i, "distance": round(far, 2)} for i, far in found]})

    def real(self, request: Request) -> Response:
        """One of the images that a run was trained on."""
        run, index = self._run(request), request.path_params["index"]
        with reading(run.name):
            real = tiles.real_images(run.info(), run.config()).pixels
            if index >= len(real):
                raise NotThereError(f"There are {len(real):,} real images.")
            return Response(tiles.png(real[index]), media_type="image/png")

    def scores(self, request: Request) -> Response:
        """Every score card of a run, newest last, and which have a page of nearest images."""
        run = self._run(request)
        with reading(run.name):
            readable, wrong = self.store.scores(run)
            found = [{"name": card.name, "terms": card.terms, **asdict(card)} for card in readable]
            pages = sorted(
                path.name.removesuffix("-nearest.html") for path in (run.path / "eval").glob("*-nearest.html")
            )
            report = (run.path / "report.html").is_file()
            return Response(
                _json({"cards": found, "wrong": wrong, "pages": pages, "report": report}), media_type="application/json"
            )

    async def control(self, request: Request) -> Response:
        """Orders for whoever trains the run: see `callbacks.control`."""
        wanted = await self._order(request)
        run = self._run(request)
        with reading(run.name):
            if status(run, run.info(), []) != "running":
                raise HTTPException(409, f"{run.name} is not in training: nobody would take the order.")
            run.order(**_orders(wanted))
        return JSONResponse({"ordered": True})

    # --- new runs ---------------------------------------------------------------------------------------------------

    def recipes(self, request: Request) -> Response:
        """What a new run can start from."""
        return JSONResponse({"recipes": launcher.recipes(), "startable": self.may_start and self.launcher.able})

    async def command(self, request: Request) -> Response:
        """The command that a form means; with "start": true it is started."""
        wanted = await self._order(request)
        arguments = launcher.command(wanted, self.store.runs)
        told = {"command": launcher.words(arguments), "name": arguments[-1]}
        if wanted.get("start"):
            if not self.may_start:
                raise HTTPException(403, "Trainings are started on the machine itself only.")
            told["ticket"] = self.launcher.start(arguments)
        return JSONResponse(told)

    def started(self, request: Request) -> Response:
        """How a training that was started here goes."""
        found = self.launcher.started.get(request.path_params["ticket"])
        if found is None:
            raise NotThereError("Nothing was started here under that number since the studio began.")
        return JSONResponse(found.told())

    # --- rooms ------------------------------------------------------------------------------------------------------

    async def walk(self, request: Request) -> Response:
        """An image of a run's generator, or what there is to say of it."""
        run, asked = self._run(request), request.query_params
        with reading(run.name):
            order = json.loads(asked.get("order", "{}"))
            folder = self.store.checkpoint(run, order.get("step"))
            order |= {"run": str(run.path), "step": int(folder.name[5:])}
        told, picture = await self.workers["walk"].ask(order)
        if picture:
            return Response(picture, media_type="image/png")
        steps = list(run.checkpoints())
        return JSONResponse(
            {**told, "step": order["step"], "steps": steps, "snapshot": max(run.snapshots(), default=None)}
        )

    async def lab(self, request: Request) -> Response:
        """A move in a live game."""
        return JSONResponse((await self.workers["lab"].ask(await self._order(request)))[0])

    def lessons(self, request: Request) -> Response:
        """All lessons."""
        return JSONResponse({"lessons": [asdict(each) for each in lessons.LESSONS]})

    async def lesson(self, request: Request) -> Response:
        """The experiment of a lesson: its figures, and its picture as a data URI."""
        order = await self._order(request)
        told, picture = await self.workers["lesson"].ask({"claim": order.get("claim"), "seed": order.get("seed", 0)})
        return JSONResponse({**told, "picture": f"data:image/png;base64,{base64.b64encode(picture).decode()}"})

    async def close(self) -> None:
        """End the rooms; trainings go on."""
        for room in self.workers.values():
            await room.close()

    # --- small things -----------------------------------------------------------------------------------------------

    def _run(self, request: Request) -> Run:
        return self.store.run(request.path_params["name"])

    def _follow(self, run: Run) -> LiveRun:
        with self._lock:
            if run.name not in self._followed:
                self._followed[run.name] = LiveRun(run, self.store)
                if len(self._followed) > LOOKED_AT:
                    self._followed.popitem(last=False)
            self._followed.move_to_end(run.name)
            return self._followed[run.name]

    def _tiling(self, run: Run) -> tiles.TileLayout | None:
        try:
            config = run.config()
        except UserError:  # of the lab, or of another version: snapshots are shown whole
            return None
        return tiles.tiling(self.store.file(run, "samples", list(run.snapshots().values())[-1].name), config)

    def _sent(self, run: Run, *parts: str, headers: Mapping[str, str] | None = None) -> Response:
        with reading(run.name):
            content, kind = self.store.file(run, *parts).read_bytes(), KINDS[parts[-1].rpartition(".")[2]]
        more = {"content-security-policy": ALLOWED.get(parts[-1], STRANGER), "x-frame-options": "SAMEORIGIN"}
        return Response(content, media_type=kind, headers={**(headers or {}), **(more if kind == "text/html" else {})})

    async def _order(self, request: Request) -> dict[str, Any]:
        """The body of a request that changes something: by this page, and no other."""
        if not secrets.compare_digest(request.headers.get("x-studio-token", "").encode(), self.token.encode()):
            raise HTTPException(403, "This page is from another sitting of the studio: load it again.")
        try:
            wanted = json.loads(await request.body())
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict):
            raise UserError("An order is a JSON object.")
        return wanted


def build(store: RunStore, may_start: bool) -> Starlette:
    """The application without its guard."""
    studio = Studio(store, may_start)

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        yield
        await studio.close()

    run = "/api/runs/{name}"
    return Starlette(
        routes=[
            *(Route(path, studio.page) for path in PAGES),
            Route("/assets/{asset}", studio.asset),
            Route("/api/runs", studio.runs),
            Route(run, studio.live),
            Route(f"{run}/control", studio.control, methods=["POST"]),
            Route(f"{run}/snapshots", studio.snapshots),
            Route(f"{run}/snapshots/{{step:int}}.png", studio.snapshot),
            Route(f"{run}/nearest", studio.nearest),
            Route(f"{run}/real/{{index:int}}.png", studio.real),
            Route(f"{run}/scores", studio.scores),
            Route(f"{run}/neighbours/{{card}}", studio.neighbours),
            Route(f"{run}/walk", studio.walk),
            Route(f"{run}/files/{{file}}", studio.file),
            Route("/api/recipes", studio.recipes),
            Route("/api/command", studio.command, methods=["POST"]),
            Route("/api/started/{ticket}", studio.started),
            Route("/api/lab", studio.lab, methods=["POST"]),
            Route("/api/lessons", studio.lessons),
            Route("/api/lesson", studio.lesson, methods=["POST"]),
        ],
        exception_handlers={NotThereError: _not_there, UserError: _wrong, HTTPException: _refused, Exception: _broken},
        lifespan=living,
    )


def _orders(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The orders that a trainer knows. Raises UserError for any other."""
    kinds = {"pause": bool, "stop": bool, "snapshot": bool, "learning_rates": dict}
    if not wanted or any(name not in kinds or not isinstance(value, kinds[name]) for name, value in wanted.items()):
        raise UserError(f"Orders are {', '.join(kinds)}.")
    rates = wanted.get("learning_rates", {}).items()
    if any(not isinstance(rate, (int, float)) or not 0 < rate <= 10 for _, rate in rates):
        raise UserError("A learning rate is a number above 0, and 10 at most.")
    return dict(wanted)


def _json(told: object) -> bytes:
    """Scores may be numbers that JSON has no word for."""
    return json.dumps(_finite(told), allow_nan=False, ensure_ascii=False).encode()


def _finite(told: Any) -> Any:
    if isinstance(told, dict):
        return {str(name): _finite(value) for name, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [_finite(value) for value in told]
    return None if isinstance(told, float) and not isfinite(told) else told


def _told(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


async def _not_there(request: Request, error: Exception) -> Response:
    return _told(404, str(error))


async def _wrong(request: Request, error: Exception) -> Response:
    return _told(400, str(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentences = {404: "There is no such page.", 405: "Not in this way."}
    return _told(error.status_code, sentences.get(error.status_code, error.detail))


async def _broken(request: Request, error: Exception) -> Response:
    return _told(500, "Something is wrong with the studio; its terminal says more.")
