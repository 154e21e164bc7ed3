"""What a training on a table needs before its first step, and keeps in its run's folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console

from ganatomy.config.options import Config, DataOptions, EvaluationOptions
from ganatomy.config.settings import change
from ganatomy.data.rows import Describe, Rows, by_modes, by_normal_scores, prepare_rows
from ganatomy.errors import UserError
from ganatomy.evaluation.rows.evaluator import RowEvaluator
from ganatomy.modalities.tables.columns import Numbers
from ganatomy.modalities.tables.fitting import fitted
from ganatomy.modalities.tables.table_modality import SCHEMA, TableModality
from ganatomy.networks.families import ResidualCopulaOptions, RowsOptions
from ganatomy.runs.run import Run
from ganatomy.runs.scorecard import ScoreCard
from ganatomy.training import initial

QUICK = ["columns", "association"]  # metrics that take no training of trees


def prepare_table(
    planned: Config, there: DataOptions, console: Console, begun: Run | None = None
) -> tuple[Config, Rows, Rows | None]:
    """Read a table: the configuration with what the table decides, its rows, and those that are not trained on.

    begun: the run that goes on. Raises UserError where the table cannot be read or learnt, or has other columns than
    the one of the generator to start from.
    """
    describe, words = _description(planned, begun)
    rows, unseen = prepare_rows(there.path, there.first, tuple(there.leave_out), describe)
    schema, shape = rows.modality.schema, rows.modality.shape
    console.print(
        f"Data: {len(rows):,} rows, {len(schema.columns)} columns{words}, {shape[0]:,} features", highlight=False
    )
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


def _description(planned: Config, begun: Run | None) -> tuple[Describe, str]:
    """How a training sees its table, and whose columns these are, in words that follow their number.

    As its run began; or as the generator saw its own that it starts from; or by what fits the family.
    """
    if begun is not None and begun.at(SCHEMA).exists():
        modality = TableModality.read(begun.path)
        return lambda frame, schema, numbers: modality, ""
    if planned.init.path:
        origin = initial.find(planned.init.path, planned.init.step)
        known = origin.modality
        if not isinstance(known, TableModality):
            raise UserError(f"{origin} draws {origin.config.modality}, and {planned.data.path} is a table.")
        return lambda frame, schema, numbers: fitted(known, frame, len(numbers)), f" as those of {origin.path}"
    return (by_normal_scores if isinstance(planned.generator, ResidualCopulaOptions) else by_modes), ""
