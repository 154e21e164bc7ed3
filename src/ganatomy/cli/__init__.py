"""The command `ganatomy`: one file a verb. Torch and the rest are imported by the verb that needs them."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer

from ganatomy import __version__
from ganatomy.cli import data
from ganatomy.cli.verb import Verb, Verbs
from ganatomy.system.terminal import show

VERBS = {  # by what one wants to do, in the order of `ganatomy --help`
    "Train": "demo train sweep diagnose studio",
    "Use a generator": "sample apply walk project directions evaluate compare export serve",
    "Understand": "lab claims reproduce",
    "Look up": "recipes options doctor",
}

app = typer.Typer(
    cls=Verbs,
    help="Train a generative adversarial network on your own images, watch it, and look inside.",
    epilog="Start with: ganatomy demo",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for _purpose, _verbs in VERBS.items():
    for _verb in _verbs.split():
        _function = getattr(import_module(f"ganatomy.cli.{_verb}"), _verb)
        app.command(cls=Verb, rich_help_panel=_purpose)(_function)
app.add_typer(data.app, name="data", cls=Verbs, rich_help_panel="Look up")


def _print_version(wanted: bool) -> None:
    if wanted:
        show(f"ganatomy {__version__}")
        raise typer.Exit


@app.callback()
def _ganatomy(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; an error is one sentence on standard error and status 1, or 2 for wrong arguments."""
    from ganatomy.errors import UserError

    try:
        status = app(prog_name="ganatomy", standalone_mode=False)  # also where it runs as `python -m ganatomy`
    except UserError as error:
        show(f"ganatomy: {error}", error=True)
        sys.exit(1)
    except UsageError as error:
        if error.format_message():  # empty where no arguments are a question for help, which is printed by then
            show(f"ganatomy: {_usage(error)}", error=True)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has gone
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


UsageError: Any = typer.BadParameter.__base__  # click's, wherever typer has it


def _usage(error: Any) -> str:
    """What is wrong with the arguments, in one line, and where they are explained."""
    sentence = " ".join(error.format_message().split())
    command = error.ctx.command_path if error.ctx else "ganatomy"
    return f"{sentence}{'' if sentence[-1] in '.?' else '.'} `{command} --help` explains its arguments."
