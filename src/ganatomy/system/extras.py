"""Packages that come with an extra of ours: imported when they are needed, or asked for in one sentence."""

from importlib import import_module
from types import ModuleType

from ganatomy.errors import UserError


def needed(module: str, extra: str, who: str) -> ModuleType:
    """The module, or UserError that says how to install it; who: what needs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise UserError(f"{who} needs {module.partition('.')[0]}: pip install 'ganatomy[{extra}]'.") from error
