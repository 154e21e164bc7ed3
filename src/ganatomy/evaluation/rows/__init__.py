"""Scores of generated rows of tables against real ones, as functions of numbers [N, D]; no torch, no files.

Each module registers its metrics; `api` measures a table beside its baselines.
"""

# isort: off
# In the order of help texts and tables.
from ganatomy.evaluation.rows import columns, association, classifiers, nearest

# isort: on
from ganatomy.evaluation.rows.registry import ROW_METRICS, RowMetric, RowSets, register_row_metric

__all__ = [
    "ROW_METRICS",
    "RowMetric",
    "RowSets",
    "association",
    "classifiers",
    "columns",
    "nearest",
    "register_row_metric",
]
