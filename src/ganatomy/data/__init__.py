"""Images of any source → one memory-mapped array of uint8 pixels, made once and kept in the cache. No torch here."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganatomy.data.inspection import Inspection, inspect
    from ganatomy.data.memory import from_memory
    from ganatomy.data.preparation import prepare
    from ganatomy.data.sources import register_source
    from ganatomy.data.store import Images
    from ganatomy.system.files import cache_folder

_HOMES = {
    "Images": "data.store",
    "Inspection": "data.inspection",
    "cache_folder": "system.files",
    "from_memory": "data.memory",
    "inspect": "data.inspection",
    "prepare": "data.preparation",
    "register_source": "data.sources",
}
__all__ = ["Images", "Inspection", "cache_folder", "from_memory", "inspect", "prepare", "register_source"]


def __getattr__(name: str) -> Any:
    """Imported when first used: kinds of data are listed without numpy and Pillow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ganatomy.data' has no attribute {name!r}")
    return getattr(import_module(f"ganatomy.{_HOMES[name]}"), name)
