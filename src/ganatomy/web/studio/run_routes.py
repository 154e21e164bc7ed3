"""What pages ask of run folders: summaries, charts, snapshots, scores. Nothing here changes a run. No torch."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import inf
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ganatomy.errors import UserError
from ganatomy.report.scores import BETTER
from ganatomy.runs.run import Run
from ganatomy.web.strict_json import StrictJSONResponse
from ganatomy.web.studio import tiles
from ganatomy.web.studio.api_route import ApiRoute
from ganatomy.web.studio.live_run import LiveRun
from ganatomy.web.studio.pages import MEDIA_TYPES
from ganatomy.web.studio.run_store import NotFoundError, RunStore, reading
from ganatomy.web.studio.summaries import RunSummaries
from ganatomy.web.studio.time_limit import TimeLimit
from ganatomy.web.validation import number, whole

# An HTML file in a run's folder may come from a stranger: it gets an origin of its own, and may fetch nothing.
UNTRUSTED = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
# Its charts are drawn by its own script, and sounds are heard.
REPORT = f"{UNTRUSTED} allow-scripts; script-src 'unsafe-inline'; media-src data:"
FILES = ("reals.png", "reals.wav", "walk.webp", "lab.webp", "report.html")
COPYING = "memorisation"  # the metric whose scores tell whether images are copies
PAGE_SECONDS = 20.0  # that a page waits for what it shows of a run
MAX_LIVE = 16  # runs whose records are kept in memory
A_WHILE = {"cache-control": "private, max-age=60"}  # a training that goes back draws its snapshots again


class RunRoutes:
    """What is read from the folder of runs."""

    def __init__(self, store: RunStore, limit: TimeLimit) -> None:
        self.store, self.limit, self.summaries = store, limit, RunSummaries(store, limit)
        self._live: OrderedDict[Path, LiveRun] = OrderedDict()
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """Of all that is read."""
        of_run = (
            ("", self.live, ("after", "generation")),
            ("/snapshots", self.snapshots, ()),
            ("/snapshots/{step}.png", self.snapshot, ("at",)),  # at: so that a browser fetches it anew
            ("/snapshots/{step}.wav", self.heard, ("at",)),
            ("/nearest", self.nearest, ("step", "tile")),
            ("/real/{index}.png", self.real, ()),
            ("/scores", self.scores, ()),
            ("/neighbours/{card}", self.neighbours, ()),
            ("/files/{file}", self.file, ()),
        )
        run = "/api/runs/{name}"
        limited = [ApiRoute(f"{run}{path}", self._limited(answer), query=query) for path, answer, query in of_run]
        return [ApiRoute("/api/runs", self.runs), *limited]

    def _limited(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """An endpoint that reads one run, within the time limit of a page."""

        def endpoint(request: Request) -> Response:
            return self.limit.read(request.path_params["name"], PAGE_SECONDS, lambda: answer(request))

        return endpoint

    def runs(self, request: Request) -> Response:
        """The summaries of all runs."""
        found = [asdict(each) for each in self.summaries.all()]
        return StrictJSONResponse({"runs": found, "folder": str(self.store.runs)})

    def live(self, request: Request) -> Response:
        """A run's charts and events: all, or what is new since the step `after`. Raises UserError for another step."""
        run, query = self._run(request), request.query_params
        with reading(run.name):
            after = number("after", query["after"]) if "after" in query else -inf
            generation = -1 if query.get("generation", "-1") == "-1" else whole("generation", query["generation"])
            return Response(self._live_run(run).news(after, generation), media_type="application/json")

    def snapshots(self, request: Request) -> Response:
        """The steps of a run's snapshots, and the layout of their tiles."""
        run = self._run(request)
        with reading(run.name):
            found = run.snapshots()
            layout = self._layout(run) if found else None
            return StrictJSONResponse({"steps": list(found), "tiles": layout.to_json() if layout else None})

    def snapshot(self, request: Request) -> Response:
        """One snapshot."""
        return self._sample(request, "png")

    def heard(self, request: Request) -> Response:
        """The sounds of one snapshot."""
        return self._sample(request, "wav")

    def _sample(self, request: Request, kind: str) -> Response:
        name = f"{whole('step', request.path_params['step']):06d}.{kind}"
        return self._send(self._run(request), "samples", name, headers=A_WHILE)

    def file(self, request: Request) -> Response:
        """A file of a run that a page shows. Raises NotFoundError for any other."""
        name = request.path_params["file"]
        if name not in FILES:
            raise NotFoundError(f"{name} is not a file that pages show.")
        return self._send(self._run(request), name)

    def neighbours(self, request: Request) -> Response:
        """The page of nearest images that an evaluation wrote."""
        return self._send(self._run(request), "eval", f"{request.path_params['card']}-nearest.html")

    def nearest(self, request: Request) -> Response:
        """The real images nearest to a tile of a snapshot, by pixels. Raises NotFoundError for another tile."""
        run, query = self._run(request), request.query_params
        with reading(run.name):
            step, tile = (whole(name, query.get(name, "")) for name in ("step", "tile"))
            config, layout = run.config(), self._layout(run)
            if layout is None or tile >= layout.count:
                raise NotFoundError(f"The snapshot has no tile {tile}.")
            real = tiles.real_images(run.info(), config).pixels
            sheet = tiles.pixels(self.store.file(run, "samples", f"{step:06d}.png"), real.shape[-1])
            found = tiles.nearest(real, layout.cut(sheet, tile))
            return StrictJSONResponse({"nearest": [{"index": i, "distance": round(far, 2)} for i, far in found]})

    def real(self, request: Request) -> Response:
        """One of the images that a run was trained on. Raises NotFoundError where there are fewer."""
        run, index = self._run(request), whole("index", request.path_params["index"])
        with reading(run.name):
            real = tiles.real_images(run.info(), run.config()).pixels
            if index >= len(real):
                raise NotFoundError(f"There are {len(real):,} real images.")
            return Response(tiles.png(real[index]), media_type=MEDIA_TYPES["png"])

    def scores(self, request: Request) -> Response:
        """All score cards of a run, newest last, and the names of those with a page of nearest images."""
        from ganatomy.evaluation.metrics import METRICS  # imports scipy and scikit-learn

        run = self._run(request)
        with reading(run.name):
            readable, wrong = self.store.scores(run)
            cards = [{"name": card.name, "terms": card.terms, **asdict(card)} for card in readable]
            pages = sorted(
                path.name.removesuffix("-nearest.html") for path in (run.path / "eval").glob("*-nearest.html")
            )
            report = (run.path / "report.html").is_file()
            copying = {"metric": COPYING, "scores": METRICS[COPYING].scores}
            content = {"cards": cards, "wrong": wrong, "pages": pages, "report": report, "better": BETTER}
            content |= {"copying": copying, "address": self.store.address(run)}
            return StrictJSONResponse(content)

    def _run(self, request: Request) -> Run:
        return self.store.run(request.path_params["name"])

    def _live_run(self, run: Run) -> LiveRun:
        with self._lock:
            if run.path not in self._live:
                self._live[run.path] = LiveRun(run, self.store)
                if len(self._live) > MAX_LIVE:
                    self._live.popitem(last=False)
            self._live.move_to_end(run.path)
            return self._live[run.path]

    def _layout(self, run: Run) -> tiles.TileLayout | None:
        try:
            config = run.config()
        except UserError:  # of the lab, or of another version: snapshots are shown whole
            return None
        return tiles.tile_layout(self.store.file(run, "samples", list(run.snapshots().values())[-1].name), config)

    def _send(self, run: Run, *parts: str, headers: Mapping[str, str] | None = None) -> Response:
        with reading(run.name):
            content, kind = self.store.file(run, *parts).read_bytes(), MEDIA_TYPES[parts[-1].rpartition(".")[2]]
        policy = REPORT if parts == ("report.html",) else UNTRUSTED
        safe = {"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"}
        return Response(content, media_type=kind, headers={**(headers or {}), **(safe if kind == "text/html" else {})})
