"""What `ganatomy serve` needs for a generator of rows."""

from pathlib import Path

from ganatomy.errors import UserError
from ganatomy.generators import rows
from ganatomy.runs.run import Run
from ganatomy.web.serve.metrics import ServerMetrics
from ganatomy.web.serve.tables.dispatcher import CELL, RowDispatcher
from ganatomy.web.serve.tables.requests import RowParser
from ganatomy.web.serve.tables.routes import RowRoutes

MAX_ROWS = 10_000  # of one request
MAX_BYTES = 8 * 2**20  # of them, as text
REQUESTED = (1, 10, 100, 1000, 10_000)  # rows by which requests are counted


def check(options: dict[str, object]) -> None:
    """Raises UserError where an option is given, by its name, that goes with images alone."""
    if given := [name for name, value in options.items() if value]:
        raise UserError(f"{given[0]} goes with images: rows of a table are drawn in the server's own process.")


def routes(
    found: Run | Path,
    name: str,
    seconds: float,
    *,
    device: str,
    step: int | None,
    raw: bool,
    max_body: int,
    token: bool,
) -> RowRoutes:
    """The routes of what `rows.find` found; name: for the page; the other arguments: as for `serve` and `RowRoutes`.

    Raises UserError for a generator that cannot be loaded, or is too slow.
    """
    sampler, metrics = rows.load(found, step, raw, device=device), ServerMetrics("rows", REQUESTED)
    dispatcher = RowDispatcher(sampler, seconds, metrics.count_batch)
    most = int(seconds / 2 / dispatcher.seconds_per_row)
    parser = RowParser(sampler, max(1, min(MAX_ROWS, MAX_BYTES // dispatcher.row_bytes, most)), most)
    metrics.add_gauge("waiting", "Rows accepted and not ready.", lambda: dispatcher.waiting)
    metrics.add_gauge("held_bytes", f"Rows not yet sent, {CELL} bytes a cell.", lambda: dispatcher.held)
    return RowRoutes(name, parser, dispatcher, metrics, max_body, token)


def summary(made: RowRoutes) -> str:
    """How rows are drawn, in one line for people."""
    return (
        f"Rows are those of `ganatomy sample`, bit for bit; {1 / made.dispatcher.seconds_per_row:,.0f} rows/s. "
        "Ctrl-C stops the server."
    )
