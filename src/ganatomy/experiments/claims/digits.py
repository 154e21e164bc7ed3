"""The digits that claims about images use: 5,000 of MNIST's, with the extra `demo`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from ganatomy.data import Images
    from ganatomy.evaluation.features.extractor import Extracted
    from ganatomy.generators.sampler import Sampler

DIGITS = "digits"


def shuffled_digits(seed: int) -> Images:
    """The labelled digits in an order that follows from the seed."""
    from ganatomy import data

    images = data.prepare(DIGITS)
    order = np.random.default_rng(seed).permutation(len(images))
    assert images.labels is not None
    return replace(images, pixels=images.pixels[order], labels=images.labels[order])


def some_digits(count: int) -> NDArray[np.uint8]:
    """So many digits, uint8 [count, 28, 28, 1], of all classes alike: the set is sorted by class."""
    from ganatomy import data

    pixels = data.prepare(DIGITS).pixels
    return np.asarray(pixels[np.linspace(0, len(pixels) - 1, count).astype(int)])


def lenet_features(pixels: NDArray[np.uint8]) -> Extracted:
    """What the digit network makes of images [N, 28, 28, 1]."""
    from ganatomy.evaluation.features import lenet
    from ganatomy.evaluation.features.extractor import extract

    return extract(lenet.make(1, "cpu"), [pixels])


def halfway(sampler: Sampler, count: int) -> dict[str, NDArray[np.uint8]]:
    """Images of `count` seeds, "samples", and what lies halfway to those of as many others.

    "latent": what the generator draws halfway between their latent vectors; "pixels": the mean of both images.
    """
    codes = sampler.latents(range(2 * count))
    ends, half = sampler.images(codes, 64), torch.tensor([0.5])
    pairs = zip(codes[:count], codes[count:], strict=True)
    middles = torch.stack([sampler.prior.between(one, other, half)[0] for one, other in pairs])
    mixed = ((ends[:count].astype(float) + ends[count:]) / 2).round().astype(np.uint8)
    return {"samples": ends[:count], "latent": sampler.images(middles, 64), "pixels": mixed}


def grey_ink(pixels: NDArray[np.uint8]) -> float:
    """Of what images uint8 [N, H, W, C] draw, above a quarter of white, the share below three quarters: the mean."""
    drawn, grey = (pixels > 64).sum((1, 2, 3)), ((pixels > 64) & (pixels < 192)).sum((1, 2, 3))
    return float((grey / np.maximum(drawn, 1)).mean())
