"""How a verb explains itself: examples, and help that is filled in when somebody reads it."""

import re
from copy import copy
from importlib import import_module
from inspect import cleandoc
from typing import Any

from typer.core import TyperCommand, TyperGroup

PLACE = re.compile(r"\{(\w+(?:\.\w+)+)(?::(\w+))?\}")  # {training.steps}, {ganatomy.evaluation.metrics:METRICS}


class Verb(TyperCommand):
    """A verb. The first paragraph of its function's docstring is its help; lines below, its examples, are commands.

    Help texts may hold {part.option}, the help of an option, and {module:REGISTRY}, the names of a registry. They are
    filled in when the help is shown: `ganatomy --help` imports no registry, and names of one's own are listed.
    """

    def __init__(self, *arguments: Any, help: str | None = None, **settings: Any) -> None:
        summary, _, lines = cleandoc(help or "").partition("\n\n")
        self.examples = [line for line in lines.splitlines() if line.startswith("ganatomy ")]
        super().__init__(*arguments, **{**settings, "help": summary, "epilog": _epilog(self.examples)})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # click's context, wherever typer has it
        """Parse the arguments, after loading what --parts names: they may name such a part, or ask for --help."""
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        if not ctx.resilient_parsing:  # as while a shell completes
            for file in given.get("parts") or ():
                from ganatomy.system.registry import load_parts

                load_parts(file)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, filled in."""
        super(Verb, _filled(self, ctx)).format_help(ctx, formatter)


class Verbs(TyperGroup):
    """A group of verbs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        super(Verbs, _filled(self, ctx)).format_help(ctx, formatter)


def _filled(command: Any, ctx: Any) -> Any:
    """A copy of a command for one printing: no place is left in its help, and switches show no type."""
    shown = copy(command)
    shown.params, shown.add_help_option = [copy(each) for each in command.get_params(ctx)], False
    for parameter in shown.params:
        if getattr(parameter, "help", None):
            parameter.help = PLACE.sub(_names, parameter.help)
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return shown


def _names(place: re.Match[str]) -> str:
    module, registry = place.groups()
    if registry is None:
        from ganatomy.config.reference import describe

        return describe(module)
    names: str = getattr(import_module(module), registry).listed
    return names


def _epilog(examples: list[str]) -> str | None:
    """Examples, a line each, without what rich would take for its markup."""
    lines = [example.replace("[", r"\[") for example in examples]
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)]) if lines else None
