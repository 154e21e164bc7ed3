"""Requests for rows that are such as is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from ganatomy.generators.rows import most_drawn, search
from ganatomy.generators.seed_blocks import BlockSampler, DrawnSamples
from ganatomy.modalities.tables import where
from ganatomy.modalities.tables.where import SIGNS, Where
from ganatomy.web.serve import openapi
from ganatomy.web.serve.blocks.requests import BlockJob, BlockParser, BlockQuery
from ganatomy.web.serve.openapi import Schema

MAX_TERMS = 16  # of one request
LONGEST = 200  # characters of a term

Term = Annotated[str, Field(min_length=1, max_length=LONGEST)]


@dataclass(frozen=True)
class SearchJob(BlockJob):
    """As many rows as there are `seeds`, from the first of these on, for which all terms hold.

    most_drawn   to find them
    """

    terms: Sequence[Where] = ()
    most_drawn: int = 0

    @property
    def most(self) -> int:
        """How many rows may be drawn."""
        return self.most_drawn

    @property
    def searches(self) -> bool:
        """It does."""
        return True

    def draw(self, between: Callable[[], None]) -> DrawnSamples:
        """The rows. Raises UserError where too few are such."""
        sampler: Any = self.sampler
        first, most = self.seeds[0], self.most_drawn
        return search(sampler, self.count, self.terms, self.label, first=first, most=most, between=between)


class RowQuery(BlockQuery):
    """What rows are asked for."""

    WITHOUT_SEEDS: ClassVar[tuple[str, ...]] = ("n", "seed", "where")

    where: list[Term] | None = Field(None, max_length=MAX_TERMS)


class RowParser(BlockParser):
    """Reads requests for one generator of rows."""

    QUERY = RowQuery
    OWN: ClassVar[Mapping[str, tuple[Schema, str]]] = {
        "where": (
            {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": LONGEST},
                "maxItems": MAX_TERMS,
            },
            "What each row must be: COLUMN SIGN VALUE, as in age > 60; several must all hold. "
            f"Signs: {' '.join(SIGNS)}; the value missing is a missing cell.",
        )
    }
    REFUSALS: ClassVar[Mapping[str, Schema]] = {
        "404": openapi.refusal(404, "Too few of the rows that were drawn are such as `where` asks for.")
    }

    def job(self, sampler: BlockSampler, seeds: Sequence[int], request: RowQuery) -> BlockJob:
        """What a request asks for; seeds: those that it names, or as many as it asks for."""
        terms = [where.parse(text, sampler.modality.schema) for text in request.where or ()]
        if not terms:
            return super().job(sampler, seeds, request)
        return SearchJob(sampler, seeds, request.label, terms, min(self.max_drawn, most_drawn(len(seeds))))
