"""Images of any source → one memory-mapped array of uint8 pixels, made once and kept in the cache. No torch here."""

from ganatomy.data.inspect import Inspection, inspect
from ganatomy.data.prepare import prepare
from ganatomy.data.store import Images
from ganatomy.system.files import cache_folder

__all__ = ["Images", "Inspection", "cache_folder", "inspect", "prepare"]
