"""What a training on a table needs before its first step, and keeps in its run's folder."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.console import Console

from ganatomy.config.options import Config, DataOptions, EvaluationOptions
from ganatomy.config.settings import change
from ganatomy.data.rows import Rows, prepare_rows
from ganatomy.evaluation.rows.evaluator import RowEvaluator
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.table_modality import SCHEMA, TableModality
from ganatomy.networks.families import ResidualCopulaOptions, RowsOptions
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard

QUICK = ["columns", "association"]  # metrics that take no training of trees


def prepare_table(planned: Config, there: DataOptions, console: Console) -> tuple[Config, Rows, Rows | None]:
    """Read a table: the configuration with what the table decides, its rows, and those that are not trained on.

    Raises UserError where it cannot be read or learnt.
    """
    copula = isinstance(planned.generator, ResidualCopulaOptions)
    normalise = NormalScores.of if copula else Normalisation.of
    rows, unseen = prepare_rows(there.path, there.first, tuple(there.leave_out), normalise)
    schema, shape = rows.modality.schema, rows.modality.shape
    console.print(f"Data: {len(rows):,} rows, {len(schema.columns)} columns, {shape[0]:,} features", highlight=False)
    for note in schema.notes:
        console.print(note, style="yellow", highlight=False)
    counts = rows.modality.counts(rows.numbers) if planned.prior.conditional else []
    found: dict[str, Any] = {"prior.classes": counts, "prior.conditional": bool(counts)}
    if planned.prior.conditional and not counts:
        console.print("No column has categories: rows are drawn without a condition.", highlight=False)
        found["penalties.condition"] = 0.0
    if isinstance(planned.generator, RowsOptions):
        found["prior.dimension"] = planned.generator.latent + shape.choices
    elif isinstance(planned.generator, ResidualCopulaOptions):
        found["prior.dimension"] = planned.generator.latent + shape[0]
    return change(planned, found), rows, unseen


@dataclass(frozen=True)
class RowScores:
    """Measures rows that are generated while training, numbers [N, D] as they are stored."""

    evaluator: RowEvaluator
    modality: TableModality
    samples: int

    def card(self, subject: dict[str, Any], batches: Iterable[Numbers]) -> ScoreCard:
        """The score card of `subject`, whose rows come in batches, numbers [any number, D].

        Raises UserError where no metric could be measured.
        """
        rows = self.modality.frame(np.concatenate(list(batches)))
        return self.evaluator.card(subject, self.evaluator.numbers(rows))


def row_scores(options: EvaluationOptions, rows: Rows, unseen: Rows | None) -> RowScores:
    """What measures scores while training. Raises UserError where rows are too few, and for unknown metrics."""
    held_out = None if unseen is None else unseen.modality.frame(unseen.numbers)
    metrics = options.metrics or QUICK
    evaluator = RowEvaluator(rows.modality.frame(rows.numbers), held_out, metrics=metrics, name=rows.source)
    return RowScores(evaluator, rows.modality, options.samples)


def as_begun(run: Run, rows: Rows) -> Rows:
    """The rows, normalised as when their run began. Raises UserError where the run's files are damaged."""
    return replace(rows, modality=TableModality.read(run.path)) if run.at(SCHEMA).exists() else rows
