"""Data that cannot work, found before the first step."""

import numpy as np
from numpy.typing import NDArray

FEWEST = 16  # images: fewer are no distribution
LOOKED_AT = 1000


def problems(pixels: NDArray[np.uint8], labels: NDArray[np.int64] | None = None) -> list[str]:
    """What is wrong with prepared images [N, H, W, C], a sentence each; labels [N], where the training is by class."""
    count = len(pixels)
    some = np.asarray(pixels[np.linspace(0, count - 1, min(count, LOOKED_AT)).astype(int)])
    flat = some.reshape(len(some), -1, some.shape[-1])
    said = []
    if count < FEWEST:
        said.append(f"{count} images are far too few")
    if (flat == flat[:, :1]).all():
        said.append("every image is of one plain colour")
    elif (some == some[:1]).all():
        said.append("all images are the same")
    if labels is not None and len(np.unique(labels)) < 2:
        said.append("all labels are the same, so that there is nothing to generate by class")
    return said
