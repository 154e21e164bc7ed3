"""Draw rows from the trained generator of a table: the function behind `ganatomy sample` of such a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganatomy import build
from ganatomy.config.options import Config
from ganatomy.errors import UserError
from ganatomy.gan.priors import Prior
from ganatomy.generators import pretrained, trained
from ganatomy.generators.classes import class_index
from ganatomy.generators.sampler import positive
from ganatomy.modalities.tables import files, where
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.table_modality import TableModality
from ganatomy.runs.run import RUNS, Run
from ganatomy.system.files import explained, inside
from ganatomy.system.precision import exact_float32
from ganatomy.system.runtime import choose_device

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 64  # seeds whose rows are drawn together, always the same ones: a seed's row follows from the seed alone
USUAL = 1000  # rows
PATIENCE = 200  # rows that are drawn for each that is asked for, before the search ends
LEAST_DRAWN = 20_000  # and at least so many


@dataclass(frozen=True)
class RowSampler:
    """A trained generator of rows: seeds in, rows out. A seed's row depends on nothing but the seed and its condition.

    network  z [B, latent_dim] and conditions [B, K] or None → features [B, W], in eval mode
    step     of its checkpoint
    """

    network: nn.Module
    prior: Prior
    modality: TableModality
    config: Config
    step: int
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
        network = network.to(chosen).eval().requires_grad_(False)
        return cls(network, build.prior(config.prior), modality, config, int(manifest["step"]), truncation)

    def cell(self, label: str | int) -> int:
        """The number of a cell that rows are asked for: COLUMN=VALUE, or :3, its index.

        Raises UserError where there is none, and where the generator takes no conditions.
        """
        if not self.prior.classes:
            raise UserError("This generator takes no conditions: its table has no column of categories.")
        return class_index(label, self.modality.cells, "cell")

    def numbers(self, seeds: Sequence[int], cell: int | None = None) -> Numbers:
        """Numbers [N, D] of seeds, rounded and bounded as cells are; cell: what all of them are asked for."""
        blocks = {block: self._block(block, cell) for block in sorted({seed // BLOCK for seed in seeds})}
        drawn = np.stack([blocks[seed // BLOCK][seed % BLOCK] for seed in seeds])
        return self.modality.schema.numbers(self.modality.frame(drawn))

    def frame(self, seeds: Sequence[int], cell: int | None = None) -> pd.DataFrame:
        """The table of seeds, a row each."""
        return self.modality.frame(self.numbers(seeds, cell))

    @torch.no_grad()
    @exact_float32()
    def _block(self, block: int, cell: int | None) -> Numbers:
        codes = self.prior.of_seeds(range(BLOCK * block, BLOCK * (block + 1)), cell)
        z, y = self.prior.split(codes)
        if self.truncation is not None:
            z = self.prior.truncate(z, self.truncation)
        there = next(self.network.parameters())
        return self.modality.stored(self.network(z.to(there), None if y is None else y.to(there)))


def find(place: str | Path | Run, runs: Path = RUNS) -> Run | None:
    """The run on a table that is meant; None where it is something else."""
    return trained.of_modality(place, "tables", runs)


def search(
    sampler: RowSampler, count: int, terms: Sequence[where.Where], label: str | int | None = None
) -> tuple[Numbers, NDArray[np.int64], int]:
    """The first `count` rows, by seed, for which all terms hold: numbers [N, D], their seeds [N], how many were drawn.

    A term that is a cell is asked of the generator; all are looked for among what it draws. label: a cell to ask for.
    Raises UserError where too few of the rows drawn are such.
    """
    cells = [term.cell for term in terms if term.cell in sampler.modality.cells]
    asked = label if label is not None else cells[0] if cells and sampler.prior.classes else None
    cell = None if asked is None else sampler.cell(asked)
    found: list[Numbers] = []
    kept: list[NDArray[np.int64]] = []
    drawn, most = 0, max(PATIENCE * count, LEAST_DRAWN)
    while sum(map(len, kept)) < count and drawn < most:
        seeds = range(drawn, drawn + (count if not terms else 16 * BLOCK))
        numbers = sampler.numbers(seeds, cell)
        holds = np.ones(len(numbers), bool)
        for term in terms:
            holds &= term.holds(numbers[:, term.column])
        found.append(numbers[holds])
        kept.append(np.array(seeds)[holds])
        drawn += len(seeds)
    numbers, seeds_found = np.concatenate(found), np.concatenate(kept)
    if len(numbers) < count:
        raise UserError(
            f"Only {len(numbers):,} of {drawn:,} rows are such: ask for fewer with --rows, or for more usual rows."
        )
    last = int(seeds_found[count - 1])
    return numbers[:count], seeds_found[:count], last + 1


def sample_rows(
    run: Run,
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
    """Write rows of a run on a table to a file, with the types of the table; returns its path and a sentence.

    count: how many, of the seeds from 0 on; 1,000 if neither they nor seeds are given. wheres: what each row must be,
    as `where.parse` reads it. label: a cell that the generator is asked for. out: a file that ends in .csv, .parquet,
    …, RUN/generated/rows.csv if not given. The other arguments: as for `generators.api.load`.

    Raises UserError where there are no such rows, and where nothing can be written.
    """
    if count is not None and count < 1:
        raise UserError(f"--rows {count}: give 1 at least.")
    if seeds is not None and (count is not None or wheres):
        raise UserError("--seeds names the rows: leave out --rows and --where.")
    path = Path(out) if out is not None else inside(run.path, "generated", "rows.csv")
    if not files.is_table(path):
        raise UserError(f"{path}: rows are written to a file that ends in {', '.join((*files.TEXT, *files.PARQUET))}.")
    sampler = RowSampler.of_run(run, step, raw, truncation, device)
    terms = [where.parse(text, sampler.modality.schema) for text in wheres]
    if seeds is not None:
        numbers = sampler.numbers(seeds, None if label is None else sampler.cell(label))
        said = f"{len(numbers):,} rows"
    else:
        numbers, _, drawn = search(sampler, count or USUAL, terms, label)
        said = f"{len(numbers):,} rows"
        if terms:
            said += f", {len(numbers) / drawn:.1%} of {drawn:,} that were drawn,"
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, sampler.modality.frame(numbers))
    return path, f"{said} in {path}"
