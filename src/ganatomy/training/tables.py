"""What a training on a table needs before its first step, and keeps in its run's folder."""

from dataclasses import replace
from typing import Any

from rich.console import Console

from ganatomy.config.options import Config, DataOptions
from ganatomy.config.settings import change
from ganatomy.data.rows import Rows, prepare_rows
from ganatomy.modalities.tables.normal_scores import NormalScores
from ganatomy.modalities.tables.normalisation import Normalisation
from ganatomy.modalities.tables.table_modality import SCHEMA, TableModality
from ganatomy.networks.families import ResidualCopulaOptions, RowsOptions
from ganatomy.runs.run import Run


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


def as_begun(run: Run, rows: Rows) -> Rows:
    """The rows, normalised as when their run began. Raises UserError where the run's files are damaged."""
    return replace(rows, modality=TableModality.read(run.path)) if run.at(SCHEMA).exists() else rows
