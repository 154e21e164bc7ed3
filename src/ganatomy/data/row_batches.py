"""Real batches of a table's rows without end, as a function of the step."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from ganatomy.data.batches import SharedBatches
from ganatomy.data.rows import Rows
from ganatomy.gan.method import Batch
from ganatomy.system.runtime import Randomness, Runtime


class RowBatches(SharedBatches):
    """batches(step, turn) → this process's rows of the turn-th real batch of a step.

    By condition it trains by sampling: Xu et al. 2019 (arXiv:1907.00503), section 4.3. For each row a column of
    categories is drawn, each as likely as the others; one of its cells, by the logarithm of its count; and a row that
    has it. The condition is the row's class, [K] for the K cells of all these columns. Otherwise rows are drawn at
    random. All draws follow from (seed, step, turn) alone.
    """

    def __init__(
        self, rows: Rows, batch: int, random: Randomness, runtime: Runtime, by_condition: bool, balanced: bool = True
    ) -> None:
        """batch: over all processes; by_condition: needs a column of categories; balanced: by logarithms of counts."""
        self.rows, self.batch, self.random, self.runtime = rows, batch, random, runtime
        self.conditions = Conditions(rows, balanced) if by_condition else None

    def __call__(self, step: int, turn: int = 0) -> Batch:
        mine = self.runtime.share_of(self.batch)
        chance = torch.rand(self.batch, 2, generator=self.random.at("rows", step, turn), dtype=torch.float64).numpy()
        if self.conditions is None:
            cells, chosen = None, (chance[mine, 0] * len(self.rows)).astype(np.int64)
        else:
            cells, chosen = self.conditions.draw(chance[mine])
        # Which mode a number is in is drawn, by each process for its own rows.
        modes = np.random.default_rng([self.random.number("modes", step, turn), self.runtime.rank])
        features = self.rows.modality.normalisation.features(self.rows.numbers[chosen], modes)
        device = self.runtime.device
        classes = None if self.conditions is None or cells is None else self.conditions.one_hot(cells).to(device)
        return Batch(torch.from_numpy(features.astype(np.float32)).to(device), classes)


class Conditions:
    """Which rows have which cell of the columns of categories."""

    def __init__(self, rows: Rows, balanced: bool) -> None:
        """balanced: cells are drawn by the logarithms of their counts, which rare ones gain by; or by the counts."""
        choices = rows.modality.choices(rows.numbers)
        self.counts = np.array(rows.modality.counts(rows.numbers))
        self.starts = np.cumsum(self.counts) - self.counts  # of each cell's rows, below
        self.rows = np.concatenate([np.argsort(chosen, kind="stable") for chosen in choices])
        sizes = rows.modality.cells_by_column
        weights = [np.log1p(counts) if balanced else counts for counts in np.split(self.counts, np.cumsum(sizes)[:-1])]
        self.cumulative = np.cumsum(np.concatenate([each / each.sum() for each in weights])) / len(sizes)

    def draw(self, chance: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cells [B] and rows [B] that have them, of uniform numbers [B, 2] in [0, 1)."""
        cells = np.searchsorted(self.cumulative, chance[:, 0] * self.cumulative[-1], side="right")
        places = self.starts[cells] + (chance[:, 1] * self.counts[cells]).astype(np.int64)
        return cells, self.rows[places]

    def one_hot(self, cells: NDArray[np.int64]) -> Tensor:
        """Conditions [B, K], one-hot, of cells [B]."""
        return one_hot(torch.from_numpy(cells), len(self.counts)).float()
