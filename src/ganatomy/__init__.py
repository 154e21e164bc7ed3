"""Ganatomy: generative adversarial networks you can train, watch, measure and understand.

    import ganatomy
    run = ganatomy.train("cats/", recipe="dcgan", settings={"training.steps": 2000})
    ganatomy.sample(run, seeds=range(64))

Every verb of the command is a function here. What there is, and its types, is in __init__.pyi; each name is imported
when it is first used, because torch takes seconds to import.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
