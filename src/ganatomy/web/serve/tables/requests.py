"""Requests for rows, read from queries and JSON and checked: the generator never sees what it cannot draw."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ganatomy.errors import UserError
from ganatomy.generators.rows import USUAL, DrawnRows, RowSampler, most_drawn, search
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.generators.seed_blocks import BLOCK
from ganatomy.modalities.tables import where
from ganatomy.modalities.tables.where import Where
from ganatomy.web.serve.requests import Seed, Truncation
from ganatomy.web.validation import fields, number, read, whole

MAX_TERMS = 16  # of one request
LONGEST = 200  # characters of a term
MAX_QUERY_SEEDS = 1000  # that an address names

Term = Annotated[str, Field(min_length=1, max_length=LONGEST)]


@dataclass(frozen=True)
class RowJob:
    """Rows to draw: of `seeds`, or `count` of the seeds from `first` on for which all terms hold.

    cell   what all of them are asked for
    most   how many rows to draw for them, at most: whole blocks are drawn
    """

    sampler: RowSampler
    count: int
    most: int
    first: int = 0
    seeds: Sequence[int] | None = None
    terms: Sequence[Where] = ()
    label: str | None = None

    def draw(self, between: Callable[[], None]) -> DrawnRows:
        """The rows, numbers [N, D]; between: is called now and then, and may raise.

        Raises UserError where too few rows are such.
        """
        if self.seeds is None:
            return search(
                self.sampler, self.count, self.terms, self.label, first=self.first, most=self.most, between=between
            )
        cell, parts = None if self.label is None else self.sampler.cell(self.label), []
        for start in range(0, len(self.seeds), BLOCK):
            between()
            parts.append(self.sampler.numbers(self.seeds[start : start + BLOCK], cell))
        return DrawnRows(np.concatenate(parts), np.array(self.seeds, np.int64), blocks(self.seeds) * BLOCK)


class RowQuery(BaseModel):
    """What /rows.json, /rows.csv and the page are asked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    n: Annotated[Seed, Field(ge=1)] | None = None
    seed: Seed | None = None
    seeds: list[Seed] | None = Field(None, min_length=1)
    where: list[Term] | None = Field(None, max_length=MAX_TERMS)
    label: str | None = Field(None, alias="class")
    truncation: Truncation | None = None

    @model_validator(mode="after")
    def _seeds_alone(self) -> "RowQuery":
        if self.seeds is not None and (self.n is not None or self.seed is not None or self.where):
            raise ValueError("seeds names the rows: leave out n, seed and where")
        return self


class RowBody(RowQuery):
    """The body of POST /rows."""

    format: Literal["json", "csv"] = "json"


class RowParser:
    """Reads requests for one generator. Each method raises UserError with one sentence on what cannot be drawn."""

    def __init__(self, sampler: RowSampler, max_rows: int, max_drawn: int) -> None:
        """max_rows: of one request; max_drawn: that may be drawn to find them."""
        self.sampler, self.max_rows, self.max_drawn = sampler, max_rows, max_drawn
        self.usual = min(USUAL, max_rows)

    @property
    def cells(self) -> list[str]:
        """The names of the cells that rows can be asked for; none where the generator takes no conditions."""
        return self.sampler.modality.cells if self.sampler.prior.classes else []

    def query(self, given: Iterable[tuple[str, str]], usual: int | None = None) -> RowJob:
        """A query; usual: how many rows where it names no number."""
        pairs = list(given)
        values = {name: READERS[name](name, text) for name, text in fields(_once(pairs), READERS).items()}
        if terms := [text for name, text in pairs if name == "where"]:
            values["where"] = terms
        return self._job(read(RowQuery, values), usual or self.usual)

    def body(self, body: bytes) -> tuple[RowJob, str]:
        """The body of POST /rows, and the name of the format to send the rows in."""
        request = read(RowBody, body)
        return self._job(request, self.usual), request.format

    def _job(self, request: RowQuery, usual: int) -> RowJob:
        sampler = self.sampler
        if request.truncation is not None:
            sampler = replace(sampler, truncation=request.truncation)
        if request.label is not None:
            sampler.cell(request.label)  # that there is one
        count = len(request.seeds) if request.seeds is not None else request.n or usual
        if count > self.max_rows:
            raise UserError(f"{count:,} rows are too many: one request may ask for at most {self.max_rows:,}.")
        if request.seeds is not None:
            most = blocks(request.seeds) * BLOCK
            if most > self.max_drawn:
                raise UserError(
                    f"Rows are drawn by {BLOCK} seeds side by side, and these seeds are of {most // BLOCK:,} such "
                    f"blocks: one request may ask for at most {self.max_drawn // BLOCK:,}."
                )
            return RowJob(sampler, count, most, seeds=request.seeds, label=request.label)
        first = secrets.randbelow(max(1, LAST_SEED - self.max_drawn)) if request.seed is None else request.seed
        terms = [where.parse(text, sampler.modality.schema) for text in request.where or ()]
        if not terms and first + count > LAST_SEED + 1:
            raise UserError(f"From seed {first:,} on there are {LAST_SEED + 1 - first:,} seeds: ask for fewer rows.")
        searched = min(self.max_drawn, most_drawn(count))
        most = searched if terms else blocks(range(first, first + count)) * BLOCK
        return RowJob(sampler, count, most, first, None, terms, request.label)


def blocks(seeds: Sequence[int]) -> int:
    """How many blocks of seeds are drawn for these."""
    if isinstance(seeds, range):
        return seeds[-1] // BLOCK - seeds[0] // BLOCK + 1
    return len({seed // BLOCK for seed in seeds})


def _once(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """All but the terms, which may be several."""
    return [(name, text) for name, text in pairs if name != "where"]


def _seeds(name: str, text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) > MAX_QUERY_SEEDS:
        raise UserError(f"An address names at most {MAX_QUERY_SEEDS:,} {name}: POST /rows takes more.")
    return [whole(name, part) for part in parts]


READERS: dict[str, Callable[[str, str], Any]] = {
    "n": whole,
    "seed": whole,
    "seeds": _seeds,
    "truncation": number,
    "class": lambda name, text: text,
}
