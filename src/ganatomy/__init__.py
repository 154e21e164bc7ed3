"""Ganatomy: generative adversarial networks you can train, watch, measure and understand.

    import ganatomy
    run = ganatomy.train("cats/", recipe="dcgan", settings={"training.steps": 2000})
    ganatomy.sample(run, seeds=range(64))

Every verb of the command is a function here. They are imported when first used, because torch takes seconds to import.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "UserError": "errors",
    "Config": "config",
    "Diagnosis": "diagnosis.loop",
    "Run": "run",
    "claims": "evidence",
    "Sampler": "sampling",
    "compare": "comparison",
    "demo": "training",
    "doctor": "machine",
    "evaluate": "evaluation",
    "export": "exports",
    "inspect": "data",
    "lab": "laboratory",
    "load": "sampling",
    "prepare": "data",
    "recipe": "recipes",
    "resume": "training",
    "sample": "sampling",
    "train": "training",
    "walk": "sampling",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ganatomy' has no attribute {name!r}")
    return getattr(import_module(f"ganatomy.{_HOMES[name]}"), name)
