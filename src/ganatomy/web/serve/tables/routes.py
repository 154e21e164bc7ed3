"""The routes that draw rows."""

import html
import importlib.resources
import string
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ganatomy.errors import UserError
from ganatomy.generators.rows import DrawnRows, TooFewRowsError
from ganatomy.web.serve.app import COLOURS, Endpoint, Routes, check_json
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.tables import openapi
from ganatomy.web.serve.tables.dispatcher import RowDispatcher
from ganatomy.web.serve.tables.encoding import FORMATS, as_table
from ganatomy.web.serve.tables.requests import RowJob, RowParser

PAGE = string.Template(importlib.resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
SHOWN = 10  # rows on the page
LISTED = 200  # cells that a page lists to choose from


class RowRoutes(Routes):
    """Routes that draw rows of a table."""

    def __init__(
        self,
        name: str,
        parser: RowParser,
        dispatcher: RowDispatcher,
        metrics: ServerMetrics,
        max_body: int,
        token: bool,
    ) -> None:
        """name: of the generator, for the page; the others: as for `ImageRoutes`."""
        self.name, self.parser, self.dispatcher = name, parser, dispatcher
        self.schema = dispatcher.sampler.modality.schema
        own = [
            Endpoint("GET", "/", self.page, openapi.page(parser)),
            Endpoint("GET", "/rows.json", self.json, openapi.rows(parser, FORMATS["json"])),
            Endpoint("GET", "/rows.csv", self.csv, openapi.rows(parser, FORMATS["csv"])),
            Endpoint("POST", "/rows", self.several, openapi.several(parser, max_body)),
        ]
        super().__init__(own, "Rows from a generator", dispatcher, metrics, token)

    async def page(self, request: Request) -> Response:
        """Other rows at every visit. Fields that the form leaves empty count as not given."""
        given = [(name, text) for name, text in request.query_params.multi_items() if text]
        try:
            job = self.parser.query(given, min(SHOWN, self.parser.max_rows))
            return await self.dispatcher.answer(job, partial(self._page, given, job), "text/html", request)
        except UserError as error:  # a person who reads it can mend the field
            sentence = f'<p class="refusal" role="alert">{html.escape(str(error))}</p>'
            status = 404 if isinstance(error, TooFewRowsError) else 400
            return HTMLResponse(self._filled(given, sentence, ""), status)

    def _page(self, given: list[tuple[str, str]], job: RowJob, rows: DrawnRows) -> bytes:
        table = f'<div class="scrolled">{as_table(self.schema, rows)}</div>'
        kept = [(name, text) for name, text in given if name in ("where", "class", "truncation")]
        asked = [("n", str(self.parser.usual)), ("seed", str(job.first)), *kept]
        if job.seeds is not None:
            asked = [("seeds", ",".join(map(str, job.seeds))), *kept]
        count = job.count if job.seeds is not None else self.parser.usual
        links = " · ".join(
            f'<a href="rows.{form}?{html.escape(urlencode(asked))}" download="rows.{form}">{words}</a>'
            for form, words in (("csv", f"Download {count:,} rows as CSV"), ("json", "as JSON"))
        )
        whose = f"seeds {rows.seeds[0]:,} to {rows.seeds[-1]:,}" if len(rows.seeds) > 1 else f"seed {rows.seeds[0]:,}"
        told = f"<p>A generator drew these rows, of {whose}.</p>"
        return self._filled(given, told + table, f"<p>{links}</p>").encode()

    def _filled(self, given: list[tuple[str, str]], body: str, links: str) -> str:
        """body, links: HTML."""
        values = dict(given)
        fields = {field: html.escape(values.get(field, "")) for field in ("where", "truncation")}
        example = html.escape(f"{self.schema.columns[0].name} = …")
        return PAGE.substitute(
            fields,
            name=html.escape(self.name),
            example=example,
            cells=self._cells(values.get("class")),
            body=body,
            links=links,
            colours=COLOURS,
        )

    def _cells(self, chosen: str | None) -> str:
        """The field to choose a cell that is asked for; nothing where the generator takes no conditions."""
        names = self.parser.cells
        if not names:
            return ""
        if len(names) > LISTED:
            value = html.escape(chosen or "")
            return f'<label>Ask for <input name="class" placeholder="COLUMN=VALUE" value="{value}"></label>'
        options = "".join(
            f"<option{' selected' if name == chosen else ''}>{html.escape(name)}</option>" for name in names
        )
        return f'<label>Ask for <select name="class"><option value="">any</option>{options}</select></label>'

    async def json(self, request: Request) -> Response:
        """Rows as JSON."""
        return await self._answer(self.parser.query(request.query_params.multi_items()), "json", request)

    async def csv(self, request: Request) -> Response:
        """Rows as a CSV file."""
        return await self._answer(self.parser.query(request.query_params.multi_items()), "csv", request)

    async def several(self, request: Request) -> Response:
        """Rows as either."""
        check_json(request)
        job, form = self.parser.body(await request.body())
        return await self._answer(job, form, request)

    async def _answer(self, job: RowJob, form: str, request: Request) -> Response:
        encoding = FORMATS[form]
        first = {"first-seed": str(job.first if job.seeds is None else job.seeds[0])}
        encode = partial(encoding.encode, self.schema)
        return await self.dispatcher.answer(job, encode, encoding.media_type, request, first)

    async def invalid(self, request: Request, error: Exception) -> Response:
        """404 where too few rows are such, otherwise 400: see `Routes`."""
        answer = await super().invalid(request, error)
        if isinstance(error, TooFewRowsError):
            answer.status_code = 404
        return answer
