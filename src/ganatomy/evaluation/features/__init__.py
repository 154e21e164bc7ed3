"""From uint8 pixels [N, H, W, C] to features, the arrays that `ganatomy.evaluation.metrics` compares.

    extractor = features.make("lenet")
    real = features.extract(extractor, [images.pixels])

A score carries its extractor's name (fd_lenet); the names FID, KID and IS are kept for the official Inception weights.
"""

from ganatomy.evaluation.features import builtin as builtin
from ganatomy.evaluation.features.extractor import Extracted, Extractor, FunctionExtractor, extract
from ganatomy.evaluation.features.registry import EXTRACTORS, ExtractorOptions, make, register_extractor

__all__ = [
    "EXTRACTORS",
    "Extracted",
    "Extractor",
    "ExtractorOptions",
    "FunctionExtractor",
    "extract",
    "make",
    "register_extractor",
]
