"""A real server of a generator of rows: they are those of `ganatomy sample`, and what it refuses."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from servers import Server, serving
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.generators.rows import RowSampler, sample_rows
from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.modalities.tables.schema import Schema
from ganatomy.runs.run import Run
from ganatomy.web.serve.tables.encoding import as_csv, as_json, as_table
from ganatomy.web.serve.tables.requests import RowParser


def frame_of(answer: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(answer["rows"], columns=answer["columns"])


def read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content))


def test_rows_are_the_file_that_sample_writes(row_server: Server, people_run: Run, tmp_path: Path) -> None:
    for query, options in (
        ({"n": 70, "seed": 0}, {"count": 70}),
        ({"seeds": "3,4294967295,3"}, {"seeds": [3, 2**32 - 1, 3]}),
        (
            {"n": 5, "seed": 0, "where": ["age > 40", "city = Bonn"]},
            {"count": 5, "wheres": ["age > 40", "city = Bonn"]},
        ),
        ({"n": 9, "seed": 0, "class": "city=Trier"}, {"count": 9, "label": "city=Trier"}),
        ({"n": 9, "seed": 0, "truncation": 0.5}, {"count": 9, "truncation": 0.5}),
    ):
        sampler = ganatomy.load(people_run, truncation=options.pop("truncation", None))
        path, _ = sample_rows(sampler, **options, out=tmp_path / "rows.csv")
        answer = row_server.client.get("/rows.csv", params=query)
        assert answer.content == path.read_bytes(), query
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        body = {name: value.split(",") if name == "seeds" else value for name, value in query.items()}
        body |= {"seeds": [*map(int, body["seeds"])]} if "seeds" in body else {}
        assert row_server.client.post("/rows", json={**body, "format": "csv"}).content == path.read_bytes()
        told = row_server.client.get("/rows.json", params=query).json()
        assert row_server.client.post("/rows", json=body).json() == told
        assert_frame_equal(frame_of(told), read(path.read_bytes()), check_dtype=False)


def test_json_names_the_seeds_of_what_was_found(row_server: Server, people_sampler: RowSampler) -> None:
    found = row_server.client.get("/rows.json", params={"n": 4, "seed": 100, "where": "income = missing"}).json()
    assert [row[2] for row in found["rows"]] == [None] * 4
    assert found["drawn"] == found["seeds"][-1] - 99
    expected = people_sampler.sample(found["seeds"]).drop(columns="income")
    assert_frame_equal(frame_of(found).drop(columns="income"), expected, check_dtype=False)


def test_without_a_seed_rows_are_others_each_time(row_server: Server) -> None:
    first, second = (row_server.client.get("/rows.csv") for _ in range(2))
    assert first.content != second.content
    assert len(read(first.content)) == 1000
    again = row_server.client.get("/rows.csv", params={"seed": first.headers["first-seed"]})
    assert again.content == first.content


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/rows.json?n=0", None, 400, "greater than or equal to 1"),
        ("GET", "/rows.json?n=10001", None, 400, "one request may ask for at most"),
        ("GET", "/rows.json?seed=-1", None, 400, "not a whole number"),
        ("GET", "/rows.json?seed=4294967295&n=2", None, 400, "there are 1 seeds"),
        ("GET", "/rows.json?seeds=1,2&n=3", None, 400, "seeds names each of them"),
        ("GET", "/rows.json?where=hight+%3E+3", None, 400, "no column called 'hight'"),
        ("GET", "/rows.json?where=city+%3E+3", None, 400, "which have no order"),
        ("GET", "/rows.json?where=age", None, 400, "write COLUMN SIGN VALUE"),
        ("GET", "/rows.json?" + "&".join(["where=age+%3E+3"] * 17), None, 400, "at most 16"),
        ("GET", "/rows.json?where=" + "x" * 201, None, 400, "at most 200"),
        ("GET", "/rows.json?where=age+%3E+40&where=age+%3C+30", None, 404, "rows are such"),
        ("GET", "/rows.json?class=city=Ulm", None, 400, "no cell called 'city=Ulm'"),
        ("GET", "/rows.json?truncation=0", None, 400, "truncation"),
        ("GET", "/rows.json?limit=3", None, 400, "no parameter called 'limit'"),
        ("GET", "/rows.json?seeds=" + "1," * 1000 + "1", None, 400, "An address names at most 1,000 seeds"),
        ("POST", "/rows", b"{", 400, "Invalid JSON"),
        ("POST", "/rows", b'{"seeds": []}', 400, "at least 1"),
        ("POST", "/rows", b'{"seeds": [1], "where": ["age > 3"]}', 400, "seeds names each of them"),
        ("POST", "/rows", b'{"n": 1.5}', 400, "integer"),
        ("POST", "/rows", b'{"format": "parquet"}', 400, "no format called 'parquet'"),
        ("POST", "/rows", b" " * (2**20 + 1), 413, "bytes"),
        ("GET", "/rows", None, 405, "not allowed"),
        ("GET", "/image.png", None, 404, "/openapi.json lists"),
    ],
)
def test_invalid_requests_are_refused_in_one_sentence(
    row_server: Server, method: str, path: str, body: bytes | None, status: int, words: str
) -> None:
    answer = row_server.client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    sentence = answer.json()["error"]
    assert words in sentence
    assert sentence[-1] in ".?"


def test_seeds_far_apart_are_counted_with_all_that_is_drawn_for_them(people_sampler: RowSampler) -> None:
    parser = RowParser(people_sampler, ["json", "csv"], 1000, 1000, 640)
    assert parser.body(b'{"seeds": [0, 63, 64]}')[0].most == 128
    with pytest.raises(UserError, match="these seeds are of 11 such blocks: one request may ask for at most 10"):
        parser.query([("seeds", ",".join(str(64 * i) for i in range(11)))])
    assert parser.query([("n", "2"), ("seed", "63")]).most == 128
    assert parser.query([("n", "2"), ("where", "age > 3")]).most == 640


def test_the_rest_is_as_for_images(row_server: Server) -> None:
    assert row_server.client.get("/healthz").text == "ok\n"
    before = row_server.metric("rows_total")
    row_server.client.get("/rows.csv?n=5")
    assert row_server.metric("rows_total") == before + 5
    assert row_server.metric("waiting") == row_server.metric("held_bytes") == 0
    assert row_server.client.post("/rows", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    page = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
    with row_server.stranger() as client:
        for path in row_server.client.get("/openapi.json").json()["paths"]:
            assert path in page
            assert client.get(path).status_code == 401
            assert row_server.client.get(path, headers={"host": "evil.example"}).status_code == 403


def test_an_exported_folder_is_served(people_run: Run, people_sampler: RowSampler, tmp_path: Path) -> None:
    folder = ganatomy.export(people_run, out=tmp_path / "people").folder
    with serving("-m", "ganatomy", "serve", str(folder), "--port=0") as exported:
        content = exported.client.get("/rows.csv?n=9&seed=0").content
    assert_frame_equal(read(content), people_sampler.sample(rows=9), check_dtype=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backend=onnx"], "--backend goes with images"),
        (["--on=ray"], "--on goes with images"),
        (["--set=diffusion.sampling_steps=3"], "--set goes with images"),
        (["--seconds=0.1", "--step=7"], "no checkpoint of step 7"),
    ],
)
def test_options_of_images_are_refused(people_run: Run, options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["serve", str(people_run.path), "--port=0", *options])
    assert words in str(result.exception)


def test_a_table_shows_cells_as_a_file_has_them(people_sampler: RowSampler) -> None:
    """One column, of which cells are missing, and names that are no HTML."""
    frame = pd.DataFrame({"<b>&": [0.5, None, 1.25]})
    schema = Schema.of(frame, {"<b>&": "continuous"})
    rows = DrawnSamples(schema.numbers(frame), np.arange(3), 3)
    assert as_csv(schema, rows) == b'<b>&\n0.5\n""\n1.25\n'
    table = as_table(schema, rows)
    assert "&lt;b&gt;&amp;" in table
    assert re.findall(r"<td[^>]*>(.*?)</td>", table) == ["0.5", "", "1.25"]
    assert (
        as_json(schema, rows)
        == b'{"columns": ["<b>&"], "rows": [[0.5], [null], [1.25]], "seeds": [0, 1, 2], "drawn": 3}'
    )
