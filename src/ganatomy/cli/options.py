"""ganatomy options"""

import typer


def register(app: typer.Typer) -> None:
    app.command()(options)


def options() -> None:
    """List every option that --set can change: type, default and meaning."""
    from ganatomy.config.settings import option_table

    print(option_table())
