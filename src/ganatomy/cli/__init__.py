"""The command `ganatomy`: one file a verb. Torch and the rest are imported by the verb that needs them."""

import sys

import typer

from ganatomy.cli import (
    claims,
    compare,
    data,
    demo,
    diagnose,
    doctor,
    evaluate,
    export,
    lab,
    options,
    recipes,
    reproduce,
    sample,
    serve,
    studio,
    train,
    walk,
)
from ganatomy.cli.listing import ListingCommand

app = typer.Typer(
    name="ganatomy",
    help="Train a generative adversarial network on your own images, watch it, and look inside.",
    epilog="Start with: ganatomy demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for verb in (
    demo,
    train,
    sample,
    walk,
    evaluate,
    compare,
    diagnose,
    studio,
    export,
    serve,
    lab,
    claims,
    reproduce,
    recipes,
    options,
    doctor,
):
    app.command(cls=ListingCommand)(getattr(verb, verb.__name__.rpartition(".")[2]))
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command; an error is one sentence on standard error and status 1."""
    from ganatomy.errors import UserError

    try:
        app()
    except UserError as error:
        print(f"ganatomy: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # whoever read our output has gone
        sys.exit(1)
