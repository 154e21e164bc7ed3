"""ganatomy compare"""

from typing import Annotated

import typer

from ganatomy.errors import UserError
from ganatomy.system.terminal import show


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN …", help="Runs, or files that `evaluate` wrote.")],
    features: Annotated[str | None, typer.Option(help="Compare the scores of these features only.")] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the scores of runs, which must have been measured in the same way.

    ganatomy compare cats-001 cats-002
    ganatomy compare cats-001 scores.json --latex
    """
    from ganatomy.evaluation import comparison

    _exclusive(latex, as_json)
    table = comparison.compare(runs, features)
    show(table.latex() if latex else table.json() if as_json else table.text())


def _exclusive(latex: bool, as_json: bool) -> None:
    if latex and as_json:
        raise UserError("--latex and --json are two formats, not both at once: choose one.")
