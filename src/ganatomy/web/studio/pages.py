"""The pages and their files: one row a page, from which its address, its script and the navigation follow."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ganatomy import __version__
from ganatomy.errors import UserError, short
from ganatomy.experiments.claims.claim import catalogue
from ganatomy.web.studio.course.steps import step_named
from ganatomy.web.studio.run_store import NotFoundError, RunStore
from ganatomy.web.studio.time_limit import TimeLimit
from ganatomy.web.validation import json_object

MEDIA_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "png": "image/png",
    "wav": "audio/wav",
    "webp": "image/webp",
    "html": "text/html",
}


SHARED = (  # with the pages of a run and of a sweep that are files
    ("ganatomy.report", "charts.js"),
    ("ganatomy.report", "colours.css"),
    ("ganatomy.sweeps", "figures.js"),
)
START = '<script src="/assets/studio.js" type="module"></script>'
NO_SCRIPT = "<noscript>The studio needs JavaScript, which is disabled in this browser.</noscript>"
LAB_SECONDS = 2.0  # that a page waits to know whether its run is a game of the lab


@dataclass(frozen=True)
class Page:
    """A page.

    path     its address
    script   the module in static/ whose function `page` shows it; it is given {name} of the path, if there is one
    title    of the link to it; none if nothing links to it but other pages
    section  the script of the link that is marked while it is shown; its own by default
    of_lab   whether it is offered for a game of the lab, which has no images
    """

    path: str
    script: str
    title: str = ""
    section: str = ""
    of_lab: bool = True


PAGES = (
    Page("/", "home", "Ganatomy"),
    Page("/learn", "course", "Learn"),
    Page("/learn/{name}", "course"),
    Page("/runs", "runs", "Runs"),
    Page("/lab", "lab", "Lab"),
    Page("/lessons", "lessons", "Lessons"),
    Page("/lessons/{name}", "lessons"),
    Page("/new", "new", "New run"),
    Page("/compare", "compare", section="runs"),
    Page("/sweeps/{name}", "sweep", section="runs"),
)
RUN_PAGES = (  # tabs of one run
    Page("/run/{name}", "live", "Live", "runs"),
    Page("/run/{name}/timeline", "timeline", "Timeline", "runs"),
    Page("/run/{name}/walk", "walk", "Walk", "runs", of_lab=False),
    Page("/run/{name}/evaluate", "evaluate", "Evaluate", "runs", of_lab=False),
)


class Pages:
    """Sends the pages. They know a token, without which nothing can be changed; pages of other sites do not."""

    def __init__(self, store: RunStore, limit: TimeLimit) -> None:
        self.store, self.limit, self.token = store, limit, secrets.token_urlsafe(16)
        static = files("ganatomy.web.studio") / "static"
        self._template = Template((static / "page.html").read_text(encoding="utf-8"))
        self._assets = {each.name: each.read_bytes() for each in static.iterdir() if each.name != "page.html"}
        for room, name in SHARED:
            self._assets[name] = (files(room) / name).read_bytes()
        self._assets["plotly.js"] = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()

    def routes(self) -> list[Route]:
        """Of the pages and their files."""
        shown = [Route(page.path, self._show(page)) for page in (*PAGES, *RUN_PAGES)]
        return [*shown, Route("/assets/{asset}", self.asset)]

    def _show(self, page: Page) -> Callable[[Request], Response]:
        """The endpoint of a page. It raises NotFoundError for a page that a run, lesson or step does not have."""

        def endpoint(request: Request) -> Response:
            name = request.path_params.get("name", "")
            if page.path.startswith("/lessons/") and name not in catalogue():
                raise NotFoundError(f"There is no lesson called {short(name)!r}.")
            if page.path.startswith("/learn/") and step_named(name) is None:
                raise NotFoundError(f"The course has no step called {short(name)!r}.")
            if page.path.startswith("/sweeps/"):
                self.store.sweep(name)
            lab = page in RUN_PAGES and self._is_lab(name)
            if lab and not page.of_lab:
                raise NotFoundError(f"{name} is a game of the lab, on points: the page {page.title} is for images.")
            tabs = [(each.path, each.title) for each in RUN_PAGES if each.of_lab or not lab]
            return self._html(page, tabs=[*tabs, *self._sweep_tab(name)] if page in RUN_PAGES else ())

        return endpoint

    def _is_lab(self, name: str) -> bool:
        """Whether a run is of the lab; of one that cannot be read, its page says why. Raises NotFoundError."""
        try:
            return self.limit.read(name, LAB_SECONDS, lambda: self.store.is_lab(name))
        except NotFoundError:
            raise
        except UserError:
            return False

    def _sweep_tab(self, name: str) -> list[tuple[str, str]]:
        """The link from a run of a sweep to the sweep's page."""
        try:
            sweep = self.store.sweep_of(self.store.run(name))
        except UserError:
            return []
        return [(f"/sweeps/{quote(sweep.name)}", "Sweep")] if sweep else []

    def missing(self, sentence: str) -> Response:
        """The page for an address where there is none."""
        words = f'<h1>Page not found</h1><p>{escape(sentence)}</p><p><a href="/runs">All runs</a></p>'
        return self._html(Page("", ""), words, 404)

    def _html(
        self, page: Page, words: str = NO_SCRIPT, status: int = 200, tabs: Sequence[tuple[str, str]] = ()
    ) -> Response:
        html = self._template.substitute(
            token=self.token,
            script=page.script,
            start=START if page.script else "",
            tabs=escape(json.dumps(tabs)),
            navigation="\n".join(_link(each, page) for each in PAGES if each.title),
            words=words,
            version=__version__,
        )
        return HTMLResponse(html, status)

    def asset(self, request: Request) -> Response:
        """A script or style sheet of the package. Raises NotFoundError for any other file."""
        name = request.path_params["asset"]
        if name not in self._assets:
            raise NotFoundError(f"There is no file {name}.")
        # Plotly is large and changes only with its version; ours may change with every start.
        headers = {"cache-control": "private, max-age=31536000, immutable"} if name == "plotly.js" else {}
        return Response(self._assets[name], media_type=MEDIA_TYPES[name.rpartition(".")[2]], headers=headers)

    async def body(self, request: Request) -> bytes:
        """The body of a request that changes something. Raises HTTPException unless one of our pages sent it."""
        if not secrets.compare_digest(request.headers.get("x-studio-token", "").encode(), self.token.encode()):
            raise HTTPException(403, "This page was loaded before the studio was restarted: reload it.")
        return await request.body()

    async def content(self, request: Request) -> dict[str, Any]:
        """The same, as a JSON object. Raises UserError where it is none."""
        return json_object(await self.body(request))


def _link(target: Page, page: Page) -> str:
    current = ' aria-current="page"' if target.script == (page.section or page.script) else ""
    return f'<a href="{target.path}"{current}>{target.title}</a>'
