"""Rows as CSV, as JSON, and in a page."""

import csv
import html
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ganatomy.generators.seed_blocks import DrawnSamples
from ganatomy.modalities.tables.columns import AnyColumn, Category, Continuous, Date, Integer, Numbers
from ganatomy.modalities.tables.files import csv_of
from ganatomy.modalities.tables.schema import Schema
from ganatomy.web.serve.blocks.encoding import BlockEncoding
from ganatomy.web.strict_json import dump


def as_csv(schema: Schema, rows: DrawnSamples) -> bytes:
    """The file that `ganatomy sample` writes of these rows, numbers [N, D]."""
    return csv_of(schema.frame(rows.stored))


def as_json(schema: Schema, rows: DrawnSamples) -> bytes:
    """{"columns": names, "rows": cells [N][D], "seeds": [N], "drawn": how many were drawn}; null: a missing cell."""
    columns = [_values(column, rows.stored[:, i]) for i, column in enumerate(schema.columns)]
    return dump(
        {
            "columns": [column.name for column in schema.columns],
            "rows": [list(row) for row in zip(*columns, strict=True)],
            "seeds": rows.seeds.tolist(),
            "drawn": rows.drawn,
        }
    )


def as_table(schema: Schema, rows: DrawnSamples) -> str:
    """An HTML table, cells as a CSV file has them; of numbers [N, D]."""
    right = [' class="number"' if isinstance(column, Continuous | Integer) else "" for column in schema.columns]
    head, *lines = csv.reader(io.StringIO(as_csv(schema, rows).decode()))
    if len(schema.columns) == 1:  # csv.reader takes a missing cell alone on its line for an empty line
        lines = [line or [""] for line in lines]

    def line_of(tag: str, cells: list[str]) -> str:
        shown = zip(right, cells, strict=True)
        return "<tr>" + "".join(f"<{tag}{kind}>{html.escape(cell)}</{tag}>" for kind, cell in shown) + "</tr>"

    body = "".join(line_of("td", line) for line in lines)
    return f"<table><thead>{line_of('th', head)}</thead><tbody>{body}</tbody></table>"


def _values(column: AnyColumn, numbers: Numbers) -> list[Any]:
    """The cells of numbers [N] as JSON has them: text, numbers, true and false, null where one is missing."""
    if isinstance(column, Category):
        return [None if np.isnan(number) else column.values[int(number)] for number in numbers]
    cells = column.cells(numbers)
    there = cells.notna()
    convert: Callable[[Any], Any] = str if isinstance(column, Date) else int if isinstance(column, Integer) else _real
    return [convert(cell) if known else None for cell, known in zip(cells, there, strict=True)]


def _real(cell: Any) -> float:
    """Its shortest decimal form, as a CSV file has it: float32 of 0.1 is 0.1."""
    return float(str(cell))


def formats(schema: Schema) -> dict[str, BlockEncoding]:
    """The ways to send rows of these columns."""
    cells = (
        "columns, their names; rows, lists of cells in that order, null where one is missing; seeds, one a row; "
        "drawn, how many rows were drawn to find these"
    )
    return {
        "json": BlockEncoding("json", "application/json", partial(as_json, schema), cells, "as JSON"),
        "csv": BlockEncoding(
            "csv", "text/csv", partial(as_csv, schema), "the file that `ganatomy sample` writes", "as CSV"
        ),
    }
