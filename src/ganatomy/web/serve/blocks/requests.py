"""Requests for samples of seeds, read from queries and JSON and checked: no generator sees what it cannot draw."""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ganatomy.errors import UserError, unknown
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.generators.seed_blocks import BLOCK, BlockSampler, DrawnSamples, in_blocks
from ganatomy.web.serve.openapi import Schema
from ganatomy.web.serve.requests import Seed, Truncation
from ganatomy.web.validation import fields, number, read, whole

MAX_QUERY_SEEDS = 1000  # that an address names


@dataclass(frozen=True)
class BlockJob:
    """Samples of seeds to draw.

    label   what all of them are asked for
    """

    sampler: BlockSampler
    seeds: Sequence[int]
    label: str | None = None

    @property
    def count(self) -> int:
        """How many are asked for."""
        return len(self.seeds)

    @property
    def most(self) -> int:
        """How many are drawn for them, at most."""
        return in_blocks(self.seeds)

    @property
    def searches(self) -> bool:
        """Whether others are drawn until there are enough such as are asked for."""
        return False

    def draw(self, between: Callable[[], None]) -> DrawnSamples:
        """The samples; between: is called now and then, and may raise.

        Raises UserError where there are none such as was asked for.
        """
        label = None if self.label is None else self.sampler.number(self.label)
        return DrawnSamples(self.sampler.stored(self.seeds, label, between), np.array(self.seeds, np.int64), self.count)


class BlockQuery(BaseModel):
    """What an address or a body asks for; an address has no format."""

    model_config = ConfigDict(extra="forbid", strict=True)
    WITHOUT_SEEDS: ClassVar[tuple[str, ...]] = ("n", "seed")  # what goes without `seeds` alone

    n: Annotated[Seed, Field(ge=1)] | None = None
    seed: Seed | None = None
    seeds: list[Seed] | None = Field(None, min_length=1)
    label: str | None = Field(None, alias="class")
    truncation: Truncation | None = None
    format: str | None = None

    @model_validator(mode="after")
    def _seeds_alone(self) -> Self:
        if self.seeds is not None and any(getattr(self, name) not in (None, []) for name in self.WITHOUT_SEEDS):
            raise ValueError(f"seeds names each of them: leave out {', '.join(self.WITHOUT_SEEDS)}")
        return self


class BlockParser:
    """Reads requests for one generator. Each method raises UserError with one sentence on what cannot be drawn."""

    QUERY: ClassVar[type[BlockQuery]] = BlockQuery
    OWN: ClassVar[Mapping[str, tuple[Schema, str]]] = {}  # further parameters, which may be given several times
    REFUSALS: ClassVar[Mapping[str, Schema]] = {}  # further answers, by status

    def __init__(
        self, sampler: BlockSampler, formats: Collection[str], usual: int, max_count: int, max_drawn: int
    ) -> None:
        """formats: the first one is the usual; usual: how many samples, where a request names no number.

        max_count: of one request; max_drawn: that may be drawn to find them.
        """
        self.sampler, self.formats, self.usual = sampler, [*formats], min(usual, max_count)
        self.max_count, self.max_drawn = max_count, max_drawn

    def query(
        self, given: Iterable[tuple[str, str]], usual: int | None = None, known: Collection[str] | None = None
    ) -> BlockJob:
        """A query; usual: how many samples where it names no number; known: the names that it may have, if not all."""
        pairs = list(given)
        once = fields([pair for pair in pairs if pair[0] not in self.OWN], known or READERS)
        values: dict[str, Any] = {name: READERS[name](name, text) for name, text in once.items()}
        for own in self.OWN:
            if texts := [text for name, text in pairs if name == own]:
                values[own] = texts
        return self._job(read(self.QUERY, values), usual or self.usual)

    def body(self, body: bytes) -> tuple[BlockJob, str]:
        """The body of a POST request, and the name of the format to send the samples in."""
        request = read(self.QUERY, body)
        if request.format is not None and request.format not in self.formats:
            raise unknown("format", request.format[:100], self.formats)
        return self._job(request, self.usual), request.format or self.formats[0]

    def _job(self, request: BlockQuery, usual: int) -> BlockJob:
        sampler = self.sampler
        if request.truncation is not None:
            sampler = replace(sampler, truncation=request.truncation)
        if request.label is not None:
            sampler.number(request.label)  # that there is one
        seeds: Sequence[int] = request.seeds or self._following(request.seed, request.n or usual)
        if len(seeds) > self.max_count:
            raise UserError(
                f"{len(seeds):,} {sampler.PLURAL} are too many: one request may ask for at most {self.max_count:,}."
            )
        return self.job(sampler, seeds, request)

    def job(self, sampler: BlockSampler, seeds: Sequence[int], request: Any) -> BlockJob:
        """What a request, a `QUERY`, asks for; seeds: those that it names, or as many as it asks for."""
        self.check(seeds)
        return BlockJob(sampler, seeds, request.label)

    def check(self, seeds: Sequence[int]) -> None:
        """Raises UserError where these seeds do not exist, or are of too many blocks."""
        if isinstance(seeds, range):
            first, count = seeds[0], LAST_SEED + 1 - seeds[0]
            if len(seeds) > count:
                raise UserError(
                    f"From seed {first:,} on there are {count:,} seeds: ask for fewer {self.sampler.PLURAL}."
                )
        elif in_blocks(seeds) > self.max_drawn:
            raise UserError(
                f"{self.sampler.PLURAL.capitalize()} are drawn by {BLOCK} seeds side by side, and these seeds are of "
                f"{in_blocks(seeds) // BLOCK:,} such blocks: one request may ask for at most "
                f"{self.max_drawn // BLOCK:,}."
            )

    def _following(self, first: int | None, count: int) -> range:
        """So many seeds; without a first one from any block's first on: they are of no more blocks than need be."""
        if first is None:
            first = BLOCK * secrets.randbelow(max(1, (LAST_SEED - self.max_drawn) // BLOCK))
        return range(first, first + count)


def _seeds(name: str, text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) > MAX_QUERY_SEEDS:
        raise UserError(f"An address names at most {MAX_QUERY_SEEDS:,} {name}: a POST request takes more.")
    return [whole(name, part) for part in parts]


READERS: dict[str, Callable[[str, str], Any]] = {
    "n": whole,
    "seed": whole,
    "seeds": _seeds,
    "truncation": number,
    "class": lambda name, text: text,
}
