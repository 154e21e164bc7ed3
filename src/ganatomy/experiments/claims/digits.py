"""The digits that claims about images use: 5,000 of MNIST's, with the extra `demo`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ganatomy.data import Images
    from ganatomy.evaluation.features.extractor import Extracted

DIGITS = "digits"


def shuffled_digits(seed: int) -> Images:
    """The labelled digits in an order that follows from the seed."""
    from ganatomy import data

    images = data.prepare(DIGITS)
    order = np.random.default_rng(seed).permutation(len(images))
    assert images.labels is not None
    return replace(images, pixels=images.pixels[order], labels=images.labels[order])


def lenet_features(pixels: NDArray[np.uint8]) -> Extracted:
    """What the digit network makes of images [N, 28, 28, 1]."""
    from ganatomy.evaluation.features import lenet
    from ganatomy.evaluation.features.extractor import extract

    return extract(lenet.make(1, "cpu"), [pixels])
