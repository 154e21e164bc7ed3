"""Draw rows from the trained generator of a table: the function behind `ganatomy sample` of such a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.generators import card
from ganatomy.generators.metadata import RowMetadata
from ganatomy.generators.sampler import LAST_SEED
from ganatomy.generators.seed_blocks import BLOCK, BlockSampler, DrawnSamples
from ganatomy.modalities.tables import files, where
from ganatomy.modalities.tables.checks import check
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.table_modality import PREVIEWED, TableModality
from ganatomy.system.files import explained, inside, write_text

if TYPE_CHECKING:
    import pandas as pd

USUAL = 1000  # rows
PATIENCE = 200  # rows that are drawn for each that is asked for, before the search ends
LEAST_DRAWN = 20_000  # and at least so many


class RowSampler(BlockSampler):
    """A trained generator of rows: seeds in, rows out. A seed's row depends on nothing but the seed and its condition.

    A condition is a cell, COLUMN=VALUE. The fields are those of `BlockSampler`; a `TableModality` has the columns, and
    how they are normalised.
    """

    modality: TableModality
    metadata: RowMetadata

    MODALITY = "tables"
    DRAWS = "rows of a table"
    PLURAL = "rows"
    METADATA = RowMetadata
    CONDITION = "cell"
    UNCONDITIONAL = "This generator takes no conditions: its table has no column of categories."

    @classmethod
    def read_modality(cls, folder: Path, config: Config) -> TableModality:
        """The columns. Raises UserError where the files that have them are damaged, or not of one table."""
        modality = TableModality.read(folder)
        check(modality, folder)
        return modality

    @classmethod
    def conditions(cls, modality: TableModality, metadata: RowMetadata) -> list[str]:
        """The cells."""
        return modality.cells

    def sample(
        self,
        seeds: Sequence[int] | None = None,
        *,
        rows: int | None = None,
        where: Sequence[str] = (),
        label: str | int | None = None,
    ) -> pd.DataFrame:
        """A table with the types, bounds and decimals of the one that was learnt from: a row for each seed, or `rows`.

        rows: how many, of the seeds from 0 on, 1,000 if neither they nor seeds are given; where: what each must be, as
        in "age > 60" or "city = Bonn"; label: a cell to ask the generator for, "city=Bonn". Raises UserError where
        there are no such rows, and where seeds are given beside `rows` or `where`.
        """
        return self.modality.frame(draw(self, rows, seeds, where, label).stored)

    def stored(
        self, seeds: Sequence[int], label: int | None = None, between: Callable[[], None] = lambda: None
    ) -> Numbers:
        """Numbers [N, D] of seeds, rounded and bounded as cells are; the arguments are those of `BlockSampler.stored`.

        Raises UserError for a seed that does not exist.
        """
        drawn = super().stored(seeds, label, between)
        return self.modality.schema.numbers(self.modality.frame(drawn))

    def frame(self, seeds: Sequence[int], cell: int | None = None) -> pd.DataFrame:
        """The table of seeds, a row each."""
        return self.modality.frame(self.stored(seeds, cell))

    def write_card(self, folder: Path, place: str) -> None:
        """Write README.md, and a histogram of each column of 1,000 rows."""
        self.modality.preview(folder / card.SAMPLES, self.stored(range(PREVIEWED)))
        write_text(folder / "README.md", card.text_of_rows(self.metadata, self.modality.schema, place))


class TooFewRowsError(UserError):
    """Too few of the rows that were drawn are such as was asked for."""


def most_drawn(count: int) -> int:
    """How many rows are drawn, at most, to find so many."""
    return max(PATIENCE * count, LEAST_DRAWN)


def search(
    sampler: RowSampler,
    count: int,
    terms: Sequence[where.Where],
    label: str | int | None = None,
    *,
    first: int = 0,
    most: int | None = None,
    between: Callable[[], None] = lambda: None,
) -> DrawnSamples:
    """The first `count` rows, by seed, for which all terms hold: numbers [N, D] and seeds [N].

    A term that is a cell is asked of the generator; all are looked for among what it draws. label: a cell to ask for;
    first: the seed to begin with; most: how many rows to draw, at most; between: is called now and then, and may raise.
    Raises TooFewRowsError, a UserError, where too few of the rows drawn are such, and UserError where there are not so
    many seeds.
    """
    cells = [term.cell for term in terms if term.cell in sampler.modality.cells]
    asked = label if label is not None else cells[0] if cells and sampler.prior.classes else None
    cell = None if asked is None else sampler.number(asked)
    found: list[Numbers] = []
    kept: list[NDArray[np.int64]] = []
    drawn, most = 0, count if not terms else most or most_drawn(count)
    most = min(most, LAST_SEED + 1 - first)
    while sum(map(len, kept)) < count and drawn < most:
        seeds = range(first + drawn, first + min(drawn + 16 * BLOCK, most))
        numbers = sampler.stored(seeds, cell, between)
        holds = np.ones(len(numbers), bool)
        for term in terms:
            holds &= term.holds(numbers[:, term.column])
        found.append(numbers[holds])
        kept.append(np.array(seeds)[holds])
        drawn += len(seeds)
    numbers, seeds_found = np.concatenate(found), np.concatenate(kept)
    if len(numbers) < count and terms:
        raise TooFewRowsError(
            f"Only {len(numbers):,} of {drawn:,} rows are such: ask for fewer, or for more usual ones."
        )
    if len(numbers) < count:
        raise UserError(f"From seed {first:,} on there are {len(numbers):,} seeds: ask for fewer rows.")
    return DrawnSamples(numbers[:count], seeds_found[:count], int(seeds_found[count - 1]) + 1 - first)


def draw(
    sampler: RowSampler,
    count: int | None = None,
    seeds: Sequence[int] | None = None,
    wheres: Sequence[str] = (),
    label: str | int | None = None,
) -> DrawnSamples:
    """The rows of seeds, or `count` of the seeds from 0 on: numbers [N, D] and seeds [N].

    count: 1,000 if neither it nor seeds are given; wheres: what each row must be, as `where.parse` reads it; label: a
    cell to ask for. Raises UserError where there are no such rows.
    """
    if count is not None and count < 1:
        raise UserError(f"--rows {count}: give 1 at least.")
    if seeds is not None and (count is not None or wheres):
        raise UserError("--seeds names the rows: leave out --rows and --where.")
    terms = [where.parse(text, sampler.modality.schema) for text in wheres]
    if seeds is None:
        return search(sampler, count or USUAL, terms, label)
    if not len(seeds):
        raise UserError("Of no seeds there are no rows: give one at least.")
    numbers = sampler.stored(seeds, None if label is None else sampler.number(label))
    return DrawnSamples(numbers, np.array(seeds, np.int64), len(seeds))


def sample_rows(
    sampler: RowSampler,
    count: int | None = None,
    seeds: Sequence[int] | None = None,
    *,
    wheres: Sequence[str] = (),
    label: str | int | None = None,
    out: str | Path | None = None,
) -> tuple[Path, str]:
    """Write rows to a file, with the types of the table; returns its path and a sentence.

    count, seeds, wheres, label: as for `draw`. out: a file that ends in .csv, .parquet, …, generated/rows.csv below the
    run or folder if not given.

    Raises UserError where there are no such rows, and where nothing can be written.
    """
    if out is not None and not files.is_table(out):
        raise UserError(f"{out}: rows are written to a file that ends in {', '.join((*files.TEXT, *files.PARQUET))}.")
    path = Path(out) if out is not None else inside(sampler.home, "generated", "rows.csv")
    made = draw(sampler, count, seeds, wheres, label)
    said = f"{len(made.stored):,} rows"
    if wheres:
        said += f", {len(made.stored) / made.drawn:.1%} of {made.drawn:,} that were drawn,"
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, sampler.modality.frame(made.stored))
    return path, f"{said} in {path}"
