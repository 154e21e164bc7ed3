"""The routes that draw samples of seeds."""

import html
import importlib.resources
import string
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ganatomy.errors import UserError
from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.web.serve.app import COLOURS, Endpoint, Routes, check_json
from ganatomy.web.serve.blocks import openapi
from ganatomy.web.serve.blocks.dispatcher import BlockDispatcher
from ganatomy.web.serve.blocks.encoding import BlockEncoding
from ganatomy.web.serve.blocks.requests import BlockJob, BlockParser
from ganatomy.web.serve.metrics import ServerMetrics

PAGE = string.Template(importlib.resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
LISTED = 200  # names that a page lists to choose from
NAMED = ("n", "seed", "seeds")  # which samples


class BlockRoutes(Routes):
    """Routes that draw samples of one kind."""

    PARSER: ClassVar[type[BlockParser]] = BlockParser
    SHOWN: ClassVar[int]  # samples on the page
    USUAL: ClassVar[int]  # of a request that names no number
    MOST: ClassVar[int]  # of one request
    REQUESTED: ClassVar[Sequence[int]]  # samples by which requests are counted
    ASKED: ClassVar[str] = "Class"  # how the page calls what a sample can be asked for
    POLICY: ClassVar[Mapping[str, str]] = {}  # headers of the page

    @staticmethod
    @abstractmethod
    def formats(sampler: Any) -> dict[str, BlockEncoding]:
        """The ways to send samples, the usual one first."""

    @staticmethod
    @abstractmethod
    def sample_bytes(sampler: Any) -> int:
        """Of one sample, encoded, about."""

    @abstractmethod
    def shown(self, drawn: DrawnSamples, kept: Sequence[tuple[str, str]]) -> str:
        """Samples as HTML; kept: what was asked beside their seeds."""

    def __init__(
        self,
        name: str,
        parser: BlockParser,
        dispatcher: BlockDispatcher,
        formats: Mapping[str, BlockEncoding],
        metrics: ServerMetrics,
        max_body: int,
        token: bool,
    ) -> None:
        """name: of the generator, for the page; the others: as for `ImageRoutes`."""
        self.name, self.parser, self.dispatcher, self.encodings = name, parser, dispatcher, formats
        self.sampler, plural = parser.sampler, parser.sampler.PLURAL
        own = [
            Endpoint("GET", "/", self.page, openapi.page(parser)),
            *self.more(),
            *(
                Endpoint("GET", f"/{plural}.{form}", partial(self.drawn, form), openapi.drawn(parser, each))
                for form, each in formats.items()
            ),
            Endpoint("POST", f"/{plural}", self.several, openapi.several(parser, formats, max_body)),
        ]
        super().__init__(own, f"{plural.capitalize()} from a generator", dispatcher, metrics, token)

    def more(self) -> list[Endpoint]:
        """Further endpoints."""
        return []

    async def page(self, request: Request) -> Response:
        """Other samples at every visit. Fields that the form leaves empty count as not given."""
        given = [(name, text) for name, text in request.query_params.multi_items() if text]
        try:
            job = self.parser.query(given, min(self.SHOWN, self.parser.max_count))
            return await self.dispatcher.answer(job, partial(self._page, given, job), "text/html", request, self.POLICY)
        except UserError as error:  # a person who reads it can mend the field
            sentence = f'<p class="refusal" role="alert">{html.escape(str(error))}</p>'
            return HTMLResponse(self._filled(given, sentence, ""), self.status(error))

    def status(self, error: Exception) -> int:
        """Of an answer that refuses what a person can mend."""
        return 400

    def fields(self, values: Mapping[str, str]) -> str:
        """Further fields of the form, as HTML; values: what they hold."""
        return ""

    def _page(self, given: list[tuple[str, str]], job: BlockJob, drawn: DrawnSamples) -> bytes:
        plural, count, seeds = self.sampler.PLURAL, self.parser.usual, drawn.seeds
        kept = [(name, text) for name, text in given if name not in NAMED]
        asked = [("n", str(count)), ("seed", str(job.seeds[0])), *kept]
        if not isinstance(job.seeds, range):
            count, asked = job.count, [("seeds", ",".join(map(str, job.seeds))), *kept]
        links = " · ".join(
            f'<a href="{plural}.{each.name}?{html.escape(urlencode(asked))}" download="{plural}.{each.name}">'
            f"{each.words if i else f'Download {count:,} {plural} {each.words}'}</a>"
            for i, each in enumerate(reversed([*self.encodings.values()]))
        )
        whose = f"seeds {seeds[0]:,} to {seeds[-1]:,}" if len(seeds) > 1 else f"seed {seeds[0]:,}"
        told = f"<p>A generator drew these {plural}, of {whose}.</p>"
        return self._filled(given, told + self.shown(drawn, kept), f"<p>{links}</p>").encode()

    def _filled(self, given: Sequence[tuple[str, str]], body: str, links: str) -> str:
        """body, links: HTML."""
        values = dict(given)
        return PAGE.substitute(
            name=html.escape(self.name),
            plural=self.sampler.PLURAL,
            body=body,
            fields=self.fields(values),
            names=self._names(values.get("class", "")),
            truncation=html.escape(values.get("truncation", "")),
            links=links,
            colours=COLOURS,
        )

    def _names(self, chosen: str) -> str:
        """The field to choose what is asked for; nothing where the generator takes no conditions."""
        names = self.sampler.names
        if not names:
            return ""
        if len(names) > LISTED:
            value = html.escape(chosen)
            return f'<label>{self.ASKED} <input name="class" value="{value}"></label>'
        options = "".join(
            f"<option{' selected' if name == chosen else ''}>{html.escape(name)}</option>" for name in names
        )
        return f'<label>{self.ASKED} <select name="class"><option value="">any</option>{options}</select></label>'

    async def drawn(self, form: str, request: Request) -> Response:
        """Samples in one format."""
        return await self.answer(self.parser.query(request.query_params.multi_items()), self.encodings[form], request)

    async def several(self, request: Request) -> Response:
        """Samples in any."""
        check_json(request)
        job, form = self.parser.body(await request.body())
        return await self.answer(job, self.encodings[form], request)

    async def answer(self, job: BlockJob, encoding: BlockEncoding, request: Request) -> Response:
        """The samples of a request, and the seed of the first of them."""
        first = {"first-seed": str(job.seeds[0])}
        return await self.dispatcher.answer(job, encoding.encode, encoding.media_type, request, first)

    async def invalid(self, request: Request, error: Exception) -> Response:
        """As of `Routes`, with another status where it has one."""
        answer = await super().invalid(request, error)
        answer.status_code = self.status(error)
        return answer
