"""Whatever is sent to a route of the studio: an answer, or one sentence of refusal, and never an error of the studio.

The routes describe themselves: their paths, and the fields of their queries.
"""

import json
import re
import string
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import Server
from visiting import Visitor, token_of

from ganatomy.runs.control import ControlRequest
from ganatomy.web.studio import lab_options
from ganatomy.web.studio.api_route import ApiRoute
from ganatomy.web.studio.latent_walk_request import LatentWalkRequest
from ganatomy.web.studio.launcher import TrainingForm
from ganatomy.web.studio.pages import Pages
from ganatomy.web.studio.run_routes import RunRoutes
from ganatomy.web.studio.run_store import RunStore
from ganatomy.web.studio.time_limit import TimeLimit
from ganatomy.web.studio.training_routes import TrainingRoutes
from ganatomy.web.studio.worker_routes import WorkerRoutes

EXAMPLES = 12  # of each route
CALM = settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
CALM = settings(CALM, suppress_health_check=list(HealthCheck))
STRANGE = (
    *(
        "",
        "٣",
        "9" * 50,
        "9" * 5000,
        "-1",
        "1e999",
        "nan",
        "0x1",
        " 1",
        "1.0",
        "+1",
        "None",
        "null",
        "..",
        ".",
        "a" * 300,
    ),
    *("\0", "\x1b[2J", "%00", "../../etc/passwd", "é", "\ud83d\ude00", "waves", "10", "5", "0", "report.html", "true"),
)
DEEP = ("[" * 100_000, '{"a":' * 50_000, '{"game": ' + "[" * 300 + "]" * 300 + "}", '{"times": ' + "9" * 5000 + "}")
NEEDED: dict[str, dict[str, Any]] = {  # without which a body is refused at once
    "/api/lab": {"game": "a", "action": "new", "options": {"width": 2, "batch": 2}},
    "/api/lesson": {"claim": "minimum", "seed": -1},
    "/api/course": {"page": "a", "step": "forger", "action": "begin", "seed": -1},
    "/api/command": {"data": "digits"},
    "/api/runs/{name}/control": {"stop": True},
}
KEYS = sorted(
    {*LatentWalkRequest.model_fields, *ControlRequest.model_fields, *TrainingForm.model_fields}
    | {*lab_options.GameOptions.model_fields, "game", "action", "times", "options", "quick", "claim", "page", "seed"}
)


def api_routes() -> list[ApiRoute]:
    """Every route of the studio's that answers with data."""
    store, limit = RunStore("."), TimeLimit()
    pages = Pages(store, limit)
    groups = (RunRoutes(store, limit), TrainingRoutes(store, pages, limit, True), WorkerRoutes(store, pages, limit))
    return [route for group in groups for route in group.routes()]


def words() -> st.SearchStrategy[str]:
    return st.sampled_from(STRANGE) | st.text(string.printable, max_size=20)


def values() -> st.SearchStrategy[Any]:
    simple = st.none() | st.booleans() | st.integers() | st.floats() | words()
    some = st.sampled_from(
        ["draw", "new", "round", "view", "undo", "describe", "minimum", "ring", 10, 10**90, -(10**30)]
    )
    return st.recursive(
        simple | some, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner)
    )


def bodies(path: str = "") -> st.SearchStrategy[str]:
    """JSON of the names that requests have, and what is no JSON."""
    some = st.dictionaries(st.sampled_from(KEYS), values(), max_size=5)
    good = (some | some.map(lambda more: NEEDED.get(path, {}) | more)).map(json.dumps)
    return good | values().map(json.dumps) | st.sampled_from(DEEP) | words()


def urls(route: ApiRoute) -> st.SearchStrategy[str]:
    """Addresses of a route: of a run that there is, and with the known fields, more often than not."""
    names = re.findall(r"{(\w+)}", route.path)
    parts = st.fixed_dictionaries({name: st.just("waves") | words() if name == "name" else words() for name in names})
    known = (
        st.lists(st.tuples(st.sampled_from(route.query), words() | bodies()), max_size=3)
        if route.query
        else st.just([])
    )
    query = known | st.lists(st.tuples(words(), words()), max_size=2)

    def address(parts: dict[str, str], query: list[tuple[str, str]]) -> str:
        path = re.sub(r"{(\w+)}", lambda found: encoded(parts[found[1]]), route.path)
        return path + (
            f"?{urlencode([(key, each[:20_000]) for key, each in query], errors='replace')}" if query else ""
        )

    return st.builds(address, parts, query)


def encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")


def is_described(answer: httpx.Response) -> bool:
    """An answer that a page can read: what was asked for, or a sentence."""
    if answer.status_code == 200:
        return answer.headers["content-type"] != "application/json" or bool(answer.json())
    return 400 <= answer.status_code < 500 and str(answer.json()["error"]).rstrip("`'\"").endswith((".", "?"))


@pytest.mark.parametrize(
    "route", api_routes(), ids=lambda route: f"{'POST' if 'POST' in route.methods else 'GET'} {route.path}"
)
def test_every_request_is_answered_or_refused(process: Server, route: ApiRoute) -> None:
    post = "POST" in (route.methods or ())
    token = {"x-studio-token": token_of(process.client.get("/")), "content-type": "application/json"}

    @CALM
    @given(url=urls(route), body=bodies(route.path))
    def answered(url: str, body: str) -> None:
        try:
            if post:
                text = body.encode(errors="replace")
                answer = process.client.post(url, content=text, headers=token)
            else:
                answer = process.client.get(url)
        except httpx.InvalidURL:
            return
        assert is_described(answer), (answer.status_code, answer.text[:300])

    answered()
    assert process.client.get("/api/runs").status_code == 200


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/runs/waves/nearest?step=10&tile=٣", "not a whole number"),
        ("/api/runs/waves/nearest?step=10&tile=-1", "not a whole number"),
        ("/api/runs/waves/nearest?step=10", "tile"),
        ("/api/runs/waves/nearest?step=10&tile=3&tile=4", "given twice"),
        ("/api/runs/waves/nearest?step=10&tile=3&seed=4", "no parameter called 'seed'"),
        (f"/api/runs/waves/snapshots/{'9' * 50}.png", "not a whole number"),
        (f"/api/runs/waves/real/{'9' * 50}.png", "not a whole number"),
        ("/api/runs/waves/real/٣.png", "not a whole number"),
        ("/api/runs/waves?after=nan", "not a number"),
        ("/api/runs/waves?after=1e999", "not a number"),
        ("/api/runs/waves?after=1&generation=x", "not a whole number"),
        ("/api/runs/waves?generaton=1", "did you mean generation"),
        ("/api/runs?page=2", "no parameter"),
        ('/api/runs/waves/walk?request={"action": "draw", "seed": 3}', "seed"),
        ('/api/runs/waves/walk?request={"action": "draw", "run": "/etc"}', "run"),
        ('/api/runs/waves/walk?request={"action": "draw", "directions": "/etc/passwd"}', "directions"),
        (f"/api/runs/waves/walk?request={'[' * 5000}", "more than 16 deep"),
        ('/api/runs/waves/walk?request={"action": "draw", "action": "draw"}', "given twice"),
    ],
)
def test_paths_and_queries_are_read_strictly(visitor: Visitor, path: str, words: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize("path", ["/api/command", "/api/lab", "/api/lesson", "/api/runs/waves/control"])
@pytest.mark.parametrize("body", [*DEEP, "[]", "1", "", "\ud800", '{"stop": NaN}'])
def test_bodies_are_read_within_bounds(visitor: Visitor, path: str, body: str) -> None:
    headers = {"x-studio-token": visitor.token}
    answer = visitor.request("POST", path, content=body.encode("utf-8", "surrogatepass"), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_a_sentence_about_a_long_name_has_an_end(process: Server) -> None:
    answer = process.client.get(f"/api/runs/{'9' * 2000}/scores")
    assert answer.status_code == 404
    assert is_described(answer)
