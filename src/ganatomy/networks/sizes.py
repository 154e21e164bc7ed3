"""Map sizes of networks that double and halve: any image inside the next size they can make."""

from typing import NamedTuple

import torch
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


def filled(images: Tensor, multiple: int) -> Tensor:
    """[B, C, H, W] images, padded until height and width are multiples of so many pixels."""
    height, width = images.shape[2:]
    return pad(images, height + -height % multiple, width + -width % multiple)


def pad(images: Tensor, height: int, width: int) -> Tensor:
    """[B, C, H, W] images in the middle of a larger map; outside, the nearest pixel is repeated."""
    # Not torch's padding by repetition: on a GPU its gradient adds in any order, and a resumed run would differ.
    for axis, size in ((2, height), (3, width)):
        if more := size - images.shape[axis]:
            first, last = images.narrow(axis, 0, 1), images.narrow(axis, -1, 1)
            images = torch.cat([*[first] * (more // 2), images, *[last] * (more - more // 2)], axis)
    return images
