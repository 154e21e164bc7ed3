"""Images of any source → one memory-mapped array of uint8 pixels, made once and kept in the cache. No torch here."""

from .inspect import Inspection, inspect
from .prepare import prepare
from .store import Images, cache_folder

__all__ = ["Images", "Inspection", "cache_folder", "inspect", "prepare"]
