"""The pages: each row of the table is an address, a script and a link."""

import json
import re
from html import escape, unescape
from importlib.resources import files
from pathlib import Path

import pytest
from visiting import Visitor

from ganatomy.web.studio.pages import PAGES, RUN_PAGES, Page

STATIC = files("ganatomy.web.studio") / "static"


@pytest.mark.parametrize("page", [*PAGES, *RUN_PAGES], ids=lambda page: page.path)
def test_a_page_names_its_script_and_marks_its_link(visitor: Visitor, page: Page) -> None:
    name = {"lessons": "minimum", "course": "forger", "sweep": "small"}.get(page.script, "waves")
    answer = visitor.get(page.path.replace("{name}", name))
    assert answer.status_code == 200
    assert f'name="script" content="{page.script}"' in answer.text
    assert "export async function page(" in visitor.get(f"/assets/{page.script}.js").text
    links = re.findall(r'<a href="([^"]+)"( aria-current="page")?>([^<]+)</a>\n', answer.text)
    assert [(path, title) for path, _, title in links] == [(each.path, each.title) for each in PAGES if each.title]
    marked = [path for path, current, _ in links if current]
    assert marked == [next(each.path for each in PAGES if each.script == (page.section or page.script))]


def test_a_run_has_a_tab_for_each_of_its_pages(visitor: Visitor) -> None:
    found = re.search(r'name="tabs" content="([^"]+)"', visitor.get("/run/waves").text)
    assert found
    own = [[each.path, each.title] for each in RUN_PAGES]
    assert json.loads(unescape(found[1])) == own
    found = re.search(r'name="tabs" content="([^"]+)"', visitor.get("/run/small:trial-0000").text)
    assert found
    assert json.loads(unescape(found[1])) == [*own, ["/sweeps/small", "Sweep"]]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nothing", "There is no such page."),
        ("/run/waves/nothing", "There is no such page."),
        ("/lessons/minimum/nothing", "There is no such page."),
        ("/learn/<b>", "The course has no step called '<b>'."),
        ("/lessons/<b>", "There is no lesson called '<b>'."),
        ("/run/<b>", "There is no run called '<b>' here; it may have been removed or renamed."),
        ("/sweeps/<b>", "There is no sweep called '<b>' here; it may have been removed or renamed."),
        ("/run/<b>:x", "There is no sweep called '<b>' here; it may have been removed or renamed."),
        ("/run/small:x", "There is no run called 'small:x' here; it may have been removed or renamed."),
        ("/run/gone/walk", "There is no run called 'gone' here; it may have been removed or renamed."),
    ],
)
def test_an_address_without_a_page_is_answered_by_a_page_that_says_so(
    visitor: Visitor, path: str, sentence: str
) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "<h1>Page not found</h1>" in answer.text
    assert f"<p>{escape(sentence)}</p>" in answer.text
    assert all(f'<a href="{each.path}">{each.title}</a>' in answer.text for each in PAGES if each.title)


def test_data_that_are_not_there_are_refused_in_one_sentence_of_json(visitor: Visitor) -> None:
    for path, sentence in (("/api/nothing", "There is no such page."), ("/assets/x.js", "There is no file x.js.")):
        answer = visitor.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, sentence)
    assert visitor.post("/api/runs", {}).json()["error"] == "Method not allowed."


def test_scripts_import_only_what_is_there(visitor: Visitor) -> None:
    for script in (each for each in STATIC.iterdir() if each.name.endswith(".js")):
        for name in re.findall(r'from "/assets/([^"]+)"', script.read_text(encoding="utf-8")):
            assert visitor.get(f"/assets/{name}").status_code == 200, (script.name, name)


def test_the_documentation_has_every_page() -> None:
    text = (Path(__file__).parents[3] / "docs" / "STUDIO.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z][\w ]+) \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(page.title for page in (*PAGES, *RUN_PAGES) if page.title)
