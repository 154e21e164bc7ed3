"""ganatomy recipes"""


def recipes() -> None:
    """List the recipes: what `train --recipe` can start from."""
    from rich.console import Console
    from rich.table import Table

    from ganatomy.config.recipes import summaries

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, summary in summaries().items():
        table.add_row(f"[bold]{name}[/]", summary)
    Console().print(table)
