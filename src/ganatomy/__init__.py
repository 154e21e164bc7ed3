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
    "Config": "config.options",
    "Diagnosis": "diagnosis.loop",
    "Run": "runs.run",
    "claims": "experiments.claims.api",
    "Sampler": "generators.api",
    "compare": "evaluation.comparison",
    "demo": "training.api",
    "doctor": "system.machine",
    "evaluate": "evaluation.api",
    "export": "generators.export.api",
    "inspect": "data",
    "lab": "theory.lab.api",
    "load": "generators.api",
    "prepare": "data",
    "recipe": "config.recipes",
    "resume": "training.api",
    "sample": "generators.api",
    "train": "training.api",
    "walk": "generators.api",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ganatomy' has no attribute {name!r}")
    return getattr(import_module(f"ganatomy.{_HOMES[name]}"), name)
