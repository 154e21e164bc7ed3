"""Whether generated rows are copies of real ones: the distance to the nearest real row."""

import numpy as np
from numpy.typing import NDArray

from ganatomy.evaluation.metrics import estimate
from ganatomy.evaluation.metrics.memorisation import nearest_ratio
from ganatomy.evaluation.metrics.registry import Measurement
from ganatomy.evaluation.rows.registry import RowSets, filled, register_row_metric
from ganatomy.modalities.tables.columns import Numbers

MOST = 5_000  # rows of each set


def points(numbers: Numbers, reference: Numbers, discrete: list[bool]) -> NDArray[np.float64]:
    """Rows [N, D] as points [N, W], whose squared distance adds up over columns.

    A column adds 1 for two different categories, or the square of the difference of two numbers' ranks among the
    reference's, [M, D], from 0 to 1.
    """
    parts = []
    for column, known, kind in zip(numbers.T, reference.T, discrete, strict=True):
        if kind:
            parts.append((column[:, None] == np.unique(known)) / np.sqrt(2))
        else:
            ordered = np.sort(known)
            both = np.searchsorted(ordered, column, "left") + np.searchsorted(ordered, column, "right")
            parts.append(both[:, None] / (2 * len(known)))
    return np.concatenate(parts, axis=1, dtype=np.float64)


@register_row_metric("nearest_ratio")
def nearest_rows(sets: RowSets, intervals: bool) -> Measurement:
    """Median distance to the nearest real row: of generated rows, over that of unseen real ones; 0: mostly copies."""
    counts = np.cumsum([len(sets.real), len(sets.unseen)])
    real, unseen, fake = np.split(filled(np.concatenate([sets.real, sets.unseen, sets.fake])), counts)
    known = np.concatenate([real, unseen, fake])
    ours, theirs, made = (points(_some(each), known, sets.discrete) for each in (real, unseen, fake))
    return Measurement(nearest_ratio(ours, theirs, made), "as real")


@register_row_metric("copies")
def copies(sets: RowSets, intervals: bool) -> Measurement:
    """Share of generated rows that are a real row, in every cell; beside it the share of unseen real rows."""
    real, unseen, fake = (np.nan_to_num(each, nan=np.inf) for each in (sets.real, sets.unseen, sets.fake))
    there = {row.tobytes() for row in np.ascontiguousarray(real)}

    def found(rows: Numbers) -> list[bool]:
        return [row.tobytes() in there for row in np.ascontiguousarray(rows)]

    details = {"of_unseen_real_rows": float(np.mean(found(unseen)))}
    return Measurement(estimate.share(found(fake)), "as real", details)


def _some(numbers: Numbers) -> Numbers:
    return numbers if len(numbers) <= MOST else np.random.default_rng(0).permutation(numbers)[:MOST]
