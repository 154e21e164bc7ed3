"""Map sizes of networks that double and halve: any image inside the next size they can make."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

SMALLEST = 4  # pixels of the smallest map's shorter side, at least


class Pyramid(NamedTuple):
    """levels of doubling that lead from the smallest map (height, width) to a map that covers the image."""

    levels: int
    height: int
    width: int


def pyramid(height: int, width: int) -> Pyramid:
    """As many halvings as leave SMALLEST pixels: 28 → 7·2², 32 → 4·2³, 48 → 6·2³, 45 → 6·2³ = 48, to be cropped."""
    levels = 0
    while min(height, width) >= SMALLEST * 2 ** (levels + 1):
        levels += 1
    return Pyramid(levels, -(-height // 2**levels), -(-width // 2**levels))


def crop(images: Tensor, height: int, width: int) -> Tensor:
    """The middle of [B, C, H, W] images."""
    top, left = (images.shape[2] - height) // 2, (images.shape[3] - width) // 2
    return images[:, :, top : top + height, left : left + width]


def pad(images: Tensor, height: int, width: int) -> Tensor:
    """[B, C, H, W] images in the middle of a larger map; outside, the nearest pixel is repeated."""
    down, right = height - images.shape[2], width - images.shape[3]
    if not (down or right):
        return images
    return F.pad(images, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")
