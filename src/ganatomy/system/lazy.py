"""torch and numpy, imported when they are first used.

Parts are listed in help texts and pages, and read by those who only read run folders; torch takes seconds to import.
A module of parts therefore says `from ganatomy.system.lazy import F, torch`, and otherwise reads as usual.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch as torch
    import torch.nn.functional as F
else:

    class _Lazy(ModuleType):
        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self.__name__), name)

    np, torch, F = _Lazy("numpy"), _Lazy("torch"), _Lazy("torch.nn.functional")

__all__ = ["F", "np", "torch"]
