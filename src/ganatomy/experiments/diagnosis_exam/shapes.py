"""Images made by code: coloured shapes of ten kinds, a data set without a download."""

import numpy as np
from numpy.typing import NDArray

SIDE = 16
KINDS = 10  # five shapes, each in warm and in cold colours


def shapes(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images uint8 [N, 16, 16, 3] and their kinds [N]: a disc, square, triangle, ring or cross, warm or cold."""
    random = np.random.default_rng(seed)
    labels = random.integers(KINDS, size=count)
    form, cold = labels % 5, labels // 5
    y, x = np.mgrid[:SIDE, :SIDE][..., None] + 0.5
    cy, cx = random.uniform(6.5, 9.5, (2, count))
    size, sharpness = random.uniform(3.2, 5.0, count), 2.5
    dy, dx = y - cy, x - cx
    radius, box = np.hypot(dy, dx), np.maximum(abs(dy), abs(dx))
    triangle = np.maximum(dy - 0.5 * size, (abs(dx) * 1.8 - dy - size) / 2)
    edges = np.stack(
        [
            radius - size,
            box - 0.9 * size,
            triangle,
            abs(radius - 0.8 * size) - 1.0,
            np.maximum(np.minimum(abs(dy), abs(dx)) - 1.1, box - size),
        ]
    )
    inside = 1 / (1 + np.exp(sharpness * np.take_along_axis(edges, form[None, None, None], axis=0)[0]))
    warm = np.stack([random.uniform(0.7, 1, count), random.uniform(0.1, 0.7, count), random.uniform(0, 0.2, count)])
    colour = np.where(cold == 0, warm, warm[::-1])
    ground = random.uniform(0.05, 0.25, count)
    pixels = ground + inside[None] * (colour[:, None, None] - ground)
    return np.round(255 * pixels.transpose(3, 1, 2, 0)).astype(np.uint8), labels
