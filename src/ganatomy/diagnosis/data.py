"""Data that cannot work, found before the first step."""

import numpy as np
from numpy.typing import NDArray

from ganatomy.data.amounts import LEAST

FEWEST = LEAST  # images: fewer are no distribution
CHECKED = 1000  # images, evenly chosen


def problems(pixels: NDArray[np.uint8], labels: NDArray[np.int64] | None = None) -> list[str]:
    """What is wrong with prepared images [N, H, W, C], a clause each; labels [N], where the training is by class."""
    count = len(pixels)
    some = np.asarray(pixels[np.linspace(0, count - 1, min(count, CHECKED)).astype(int)])
    flat = some.reshape(len(some), -1, some.shape[-1])
    found = []
    if count < FEWEST:
        found.append(f"{count} images are far too few")
    if (flat == flat[:, :1]).all():
        found.append("every image is of one plain colour")
    elif (some == some[:1]).all():
        found.append("all images are the same")
    if labels is not None and len(np.unique(labels)) < 2:
        found.append("all images are of one class, so there is nothing to generate by class")
    return found
