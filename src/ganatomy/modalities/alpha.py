"""Images with transparency: red, green and blue that are not multiplied by alpha, then alpha, as PNG has them.

Multiplied by alpha, colours would have to be divided by it to be written, which makes noise of what is nearly
transparent. Colours that nobody sees, where alpha is 0, are white: the discriminator shall have nothing to learn there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganatomy.system.lazy import torch

Pixels = NDArray[np.uint8]


def on_white(pixels: Pixels) -> Pixels:
    """uint8 [..., 4] → [..., 3], laid on white: Porter and Duff 1984, `over`. Of other channels as they are."""
    if pixels.shape[-1] != 4:
        return pixels
    colours, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    return ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def seen_on_white(images: torch.Tensor) -> torch.Tensor:
    """Images [B, 4, H, W] in [−1, 1] with their colours laid on white and alpha as it is: what differs can be seen.

    Differentiable. Of other channels as they are.
    """
    if images.shape[1] != 4:
        return images
    alpha = images[:, 3:].add(1).div(2)
    return torch.cat([images[:, :3] * alpha + (1 - alpha), images[:, 3:]], 1)


def without_hidden_colours(pixels: Pixels) -> Pixels:
    """uint8 [..., 4], white where alpha is 0. Of other channels as they are."""
    if pixels.shape[-1] != 4:
        return pixels
    white = np.array([255, 255, 255, 0], np.uint8)
    return np.where(pixels[..., 3:] == 0, white, pixels)
