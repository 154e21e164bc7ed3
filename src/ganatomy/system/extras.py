"""Packages that come with an extra: imported when needed; if missing, one sentence says how to install them."""

from importlib import import_module
from types import ModuleType

from ganatomy.errors import UserError


def needed(module: str, extra: str, who: str) -> ModuleType:
    """The module; who: what needs it. Raises UserError that says how to install it where it is missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UserError(f"{who} needs {module.partition('.')[0]}: pip install 'ganatomy[{extra}]'.") from error
