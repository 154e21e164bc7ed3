"""The pixels themselves."""

from typing import Any

import numpy as np

from ganatomy.evaluation.features.extractor import Extracted, Pixels, check


class PlainPixels:
    """pixels/255, flattened: [N, H·W·C], row by row."""

    def __init__(self) -> None:
        self.name = "pixels"
        self.protocol: dict[str, Any] = {"extractor": "pixels", "scale": "0 to 1"}
        self.classes: int | None = None
        self.official = False

    def __call__(self, pixels: Pixels, /) -> Extracted:
        check(pixels, self.name)
        return Extracted(np.divide(pixels.reshape(len(pixels), -1), 255, dtype=np.float32))
