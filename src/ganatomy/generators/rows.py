"""Draw rows from the trained generator of a table: the function behind `ganatomy sample` of such a run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior
from ganatomy.generators import card, hub, pretrained, row_files, trained
from ganatomy.generators.classes import class_index
from ganatomy.generators.metadata import RowMetadata
from ganatomy.generators.sampler import LAST_SEED, positive
from ganatomy.generators.seed_blocks import BLOCK, stored_of_seeds
from ganatomy.modalities.tables import files, where
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.table_modality import PREVIEWED, TableModality
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import explained, inside, write_text
from ganatomy.system.runtime import choose_device

if TYPE_CHECKING:
    import pandas as pd

USUAL = 1000  # rows
PATIENCE = 200  # rows that are drawn for each that is asked for, before the search ends
LEAST_DRAWN = 20_000  # and at least so many


@dataclass(frozen=True)
class RowSampler:
    """A trained generator of rows: seeds in, rows out. A seed's row depends on nothing but the seed and its condition.

    network     z [B, latent_dim] and conditions [B, K] or None → features [B, W], in eval mode
    modality    the columns, and how they are normalised
    metadata    what is known of the generator
    home        the folder that it came from
    truncation  the largest size of a latent coordinate, in standard deviations; None changes nothing
    """

    network: nn.Module
    prior: Prior
    modality: TableModality
    config: Config
    metadata: RowMetadata
    home: Path
    truncation: float | None = None

    @classmethod
    def of_run(
        cls,
        run: Run,
        step: int | None = None,
        raw: bool = False,
        truncation: float | None = None,
        device: str = "cpu",
    ) -> RowSampler:
        """Of a run on a table; the arguments are those of `generators.api.load`.

        Raises UserError where there is no such checkpoint or device, and where the run's files are damaged.
        """
        truncation, chosen, config = positive(truncation), choose_device(device), run.config()
        tensors, manifest = trained.read(run, step, raw)
        modality = TableModality.read(run.path)
        network = pretrained.rebuilt(config, modality.shape, tensors, run.path, {})
        metadata = RowMetadata.of_run(run, config, manifest, average=not raw)
        return cls._made(network.to(chosen), modality, config, metadata, run.path, truncation)

    @classmethod
    def of_folder(cls, folder: Path, truncation: float | None = None, device: str = "cpu") -> RowSampler:
        """Of an exported folder. Raises UserError where there is none, or no such device."""
        truncation, chosen = positive(truncation), choose_device(device)
        metadata, config, modality, tensors = row_files.read(folder)
        network = pretrained.rebuilt(config, modality.shape, tensors, folder, {})
        return cls._made(network.to(chosen), modality, config, metadata, folder, truncation)

    @classmethod
    def from_pretrained(cls, name: str | Path) -> RowSampler:
        """The generator that `save_pretrained` left in a folder, or `push_to_hub` in a repository owner/name.

        Raises UserError where there is none.
        """
        found = pretrained.find(name if Path(name).exists() else f"hf:{name}")
        if found is None or not row_files.is_of_rows(found):
            raise UserError(f"{name} holds no exported generator of rows; ganatomy.load takes runs too.")
        return cls.of_folder(found)

    @classmethod
    def _made(
        cls,
        network: nn.Module,
        modality: TableModality,
        config: Config,
        metadata: RowMetadata,
        home: Path,
        truncation: float | None,
    ) -> RowSampler:
        network = network.eval().requires_grad_(False)
        return cls(network, build.prior(config.prior), modality, config, metadata, home, truncation)

    @property
    def step(self) -> int:
        """The step of its checkpoint."""
        return self.metadata.step

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
        return self.modality.frame(draw(self, rows, seeds, where, label).numbers)

    def cell(self, label: str | int) -> int:
        """The number of a cell that rows are asked for: COLUMN=VALUE, or :3, its index.

        Raises UserError where there is none, and where the generator takes no conditions.
        """
        if not self.prior.classes:
            raise UserError("This generator takes no conditions: its table has no column of categories.")
        return class_index(label, self.modality.cells, "cell")

    def numbers(self, seeds: Sequence[int], cell: int | None = None) -> Numbers:
        """Numbers [N, D] of seeds, rounded and bounded as cells are; cell: what all of them are asked for.

        Raises UserError for a seed that does not exist.
        """
        drawn = stored_of_seeds(self.network, self.prior, self.modality, seeds, cell, self.truncation)
        return self.modality.schema.numbers(self.modality.frame(drawn))

    def frame(self, seeds: Sequence[int], cell: int | None = None) -> pd.DataFrame:
        """The table of seeds, a row each."""
        return self.modality.frame(self.numbers(seeds, cell))

    def licensed(self, licence: str | None) -> RowSampler:
        """The same under a licence; None changes nothing. Raises UserError where that is no short name."""
        return replace(self, metadata=self.metadata.licensed(licence))

    def save_pretrained(self, folder: str | Path, half: bool = False, place: str = ".") -> Path:
        """Write the generator for `from_pretrained`, with its card. Returns the folder.

        half: weights as 16-bit numbers, by which some cells change; place: how the card's code names it, the folder
        that the card is in if not given. Raises UserError where nothing can be written.
        """
        folder = Path(folder)
        with explained(folder):
            row_files.write(folder, self.network, self.config, self.metadata, self.modality, half)
            self.modality.preview(folder / card.SAMPLES, self.numbers(range(PREVIEWED)))
            write_text(folder / "README.md", card.text_of_rows(self.metadata, self.modality.schema, place))
        return folder

    def push_to_hub(self, name: str, private: bool = False, licence: str | None = None) -> str:
        """Put the generator into the Hugging Face repository owner/name; returns its address. Extra: hub.

        licence: the generator's, as Hugging Face abbreviates it: mit, cc-by-4.0, other. Raises UserError where that is
        no short name, and where the repository cannot be written.
        """
        with tempfile.TemporaryDirectory() as folder:
            saved = self.licensed(licence).save_pretrained(folder, place=f"hf:{name}")
            return hub.upload(saved, name, private)


def find(place: str | Path | Run, runs: Path = RUNS) -> Run | Path | None:
    """The run on a table or the exported folder that is meant; None where it is something else."""
    if not isinstance(place, Run):
        if Path(place).suffix == ".onnx":  # there are no graphs of rows, and others say whether it is there
            return None
        if found := pretrained.find(place):
            return found if row_files.is_of_rows(found) else None
    return trained.of_modality(place, "tables", runs)


def load(
    found: Run | Path,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    device: str = "cpu",
) -> RowSampler:
    """The generator that `find` found; the arguments are those of `generators.api.load`, and so are the errors.

    Raises UserError for a step of an exported generator.
    """
    if isinstance(found, Run):
        return RowSampler.of_run(found, step, raw, truncation, device)
    pretrained.check_one(found, step, raw)
    return RowSampler.of_folder(found, truncation, device)


class TooFewRowsError(UserError):
    """Too few of the rows that were drawn are such as was asked for."""


class DrawnRows(NamedTuple):
    """Rows, numbers [N, D]; their seeds [N]; and how many were drawn to find them."""

    numbers: Numbers
    seeds: NDArray[np.int64]
    drawn: int


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
) -> DrawnRows:
    """The first `count` rows, by seed, for which all terms hold: numbers [N, D] and seeds [N].

    A term that is a cell is asked of the generator; all are looked for among what it draws. label: a cell to ask for;
    first: the seed to begin with; most: how many rows to draw, at most; between: is called now and then, and may raise.
    Raises TooFewRowsError, a UserError, where too few of the rows drawn are such, and UserError where there are not so
    many seeds.
    """
    cells = [term.cell for term in terms if term.cell in sampler.modality.cells]
    asked = label if label is not None else cells[0] if cells and sampler.prior.classes else None
    cell = None if asked is None else sampler.cell(asked)
    found: list[Numbers] = []
    kept: list[NDArray[np.int64]] = []
    drawn, most = 0, count if not terms else most or most_drawn(count)
    most = min(most, LAST_SEED + 1 - first)
    while sum(map(len, kept)) < count and drawn < most:
        between()
        seeds = range(first + drawn, first + min(drawn + 16 * BLOCK, most))
        numbers = sampler.numbers(seeds, cell)
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
    return DrawnRows(numbers[:count], seeds_found[:count], int(seeds_found[count - 1]) + 1 - first)


def draw(
    sampler: RowSampler,
    count: int | None = None,
    seeds: Sequence[int] | None = None,
    wheres: Sequence[str] = (),
    label: str | int | None = None,
) -> DrawnRows:
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
    numbers = sampler.numbers(seeds, None if label is None else sampler.cell(label))
    return DrawnRows(numbers, np.array(seeds, np.int64), len(seeds))


def sample_rows(
    found: Run | Path,
    count: int | None = None,
    seeds: Sequence[int] | None = None,
    *,
    wheres: Sequence[str] = (),
    label: str | int | None = None,
    step: int | None = None,
    raw: bool = False,
    truncation: float | None = None,
    device: str = "cpu",
    out: str | Path | None = None,
) -> tuple[Path, str]:
    """Write rows of what `find` found to a file, with the types of the table; returns its path and a sentence.

    count, seeds, wheres, label: as for `draw`. out: a file that ends in .csv, .parquet, …, generated/rows.csv below the
    run or folder if not given. The other arguments: as for `generators.api.load`.

    Raises UserError where there are no such rows, and where nothing can be written.
    """
    if out is not None and not files.is_table(out):
        raise UserError(f"{out}: rows are written to a file that ends in {', '.join((*files.TEXT, *files.PARQUET))}.")
    sampler = load(found, step, raw, truncation, device)
    path = Path(out) if out is not None else inside(sampler.home, "generated", "rows.csv")
    made = draw(sampler, count, seeds, wheres, label)
    said = f"{len(made.numbers):,} rows"
    if wheres:
        said += f", {len(made.numbers) / made.drawn:.1%} of {made.drawn:,} that were drawn,"
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, sampler.modality.frame(made.numbers))
    return path, f"{said} in {path}"
