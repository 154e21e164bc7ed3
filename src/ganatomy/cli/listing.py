"""Help texts that list registered names. They are filled in when shown: `ganatomy --help` must import no registry."""

import re
from importlib import import_module
from typing import Any

from typer.core import TyperCommand

PLACE = re.compile(r"\{([\w.]+):(\w+)\}")  # {ganatomy.evaluation.metrics:METRICS}


class ListingCommand(TyperCommand):
    """A verb whose options' help may hold the places of registries."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # click's own, wherever typer has it
        """Write the help with names in place of registries."""
        for parameter in self.params:
            if text := getattr(parameter, "help", None):
                parameter.help = PLACE.sub(_names, text)  # type: ignore[attr-defined]  # an argument's or an option's
        super().format_help(ctx, formatter)


def _names(place: re.Match[str]) -> str:
    names: str = getattr(import_module(place[1]), place[2]).listed
    return names
