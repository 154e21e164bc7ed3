"""The rearrangements behind `convolution`: patches for one matrix product, tiles for Winograd's nine smaller ones.

Pure changes of shape, sums and differences; each comes with its adjoint, which carries gradients back.
"""

from typing import NamedTuple, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

Pair: TypeAlias = tuple[int, ...]


class Geometry(NamedTuple):
    """What a convolution's tensors do not tell: `large` is [H, W], `small` is [h, w]."""

    kernel: Pair
    stride: Pair
    padding: Pair
    large: Pair
    small: Pair

    @property
    def tiles(self) -> Pair:
        """How many tiles of 2×2 outputs, the last one perhaps cut."""
        return -(-self.small[0] // 2), -(-self.small[1] // 2)


# Blocks of stride pixels: a row of blocks holds every pixel once, and a kernel of t strides covers t blocks.


def windows(x: Tensor, counts: Pair, size: Pair, step: int, shape: Geometry) -> Tensor:
    """A view [N, *counts, sh, sw·C, *size] of x [N, C, H, W], padded: windows of `size` blocks, `step` blocks apart."""
    (sh, sw), (top, left), (H, W), (n, c) = shape.stride, shape.padding, shape.large, x.shape[:2]
    bh, bw = (step * (count - 1) + t for count, t in zip(counts, size, strict=True))
    pads = (0, 0, left, bw * sw - W - left, top, bh * sh - H - top)
    blocks = F.pad(x.permute(0, 2, 3, 1), pads).contiguous().view(n, bh, sh, bw, sw * c)
    return blocks.unfold(1, size[0], step).unfold(3, size[1], step).permute(0, 1, 3, 2, 4, 5, 6)


def overlap_add(parts: Tensor, step: int, shape: Geometry) -> Tensor:
    """The adjoint of `windows`: [N, *counts, sh, sw·C, *size] → [N, C, H, W]."""
    (sh, sw), (top, left), (H, W) = shape.stride, shape.padding, shape.large
    n, rows, cols, _, row, th, tw = parts.shape
    bh, bw = step * (rows - 1) + th, step * (cols - 1) + tw
    blocks = parts.new_zeros(n, bh, sh, bw, row)
    for i in range(th):
        for j in range(tw):
            part = blocks[:, i : i + step * rows : step, :, j : j + step * cols : step]
            part += parts[..., i, j].transpose(2, 3)
    image = blocks.view(n, bh * sh, bw * sw, row // sw)
    pads = (0, 0, -left, left + W - bw * sw, -top, top + H - bh * sh)
    return F.pad(image, pads).permute(0, 3, 1, 2)


def patches(x: Tensor, shape: Geometry) -> Tensor:
    """[N, C, H, W] → [N·h·w, kh·kw·C]."""
    taps = (shape.kernel[0] // shape.stride[0], shape.kernel[1] // shape.stride[1])
    return windows(x, shape.small, taps, 1, shape).permute(0, 1, 2, 5, 3, 6, 4).flatten(3).flatten(0, 2)


def pixels(y: Tensor) -> Tensor:
    """[N, O, h, w] → [N·h·w, O]."""
    return y.permute(0, 2, 3, 1).flatten(0, 2)


def matrix(w: Tensor) -> Tensor:
    """[O, C, kh, kw] → [O, kh·kw·C], the order of patches."""
    return w.permute(0, 2, 3, 1).flatten(1)


# In one dimension, blocks d₀ d₁ d₂ and taps w₀ w₁ give (d₀w₀ + d₁w₁, d₁w₀ + d₂w₁) = (m₀ + m₁, m₁ + m₂) with
# m = (d₀ − d₁, d₁, d₂ − d₁) · (w₀, w₀ + w₁, w₁). In two, the same along rows, then columns: nine products.


def tiles_of_large(x: Tensor, shape: Geometry) -> Tensor:
    """[N, C, H, W] → [9, tiles, sh·sw·C]."""
    d = windows(x, shape.tiles, (3, 3), 2, shape).permute(5, 6, 0, 1, 2, 3, 4).contiguous()
    d[::2] -= d[1]
    d[:, ::2] -= d[:, 1:2]
    return d.view(9, d[0, 0, ..., 0, 0].numel(), -1)


def large_of_tiles(m: Tensor, n: int, shape: Geometry) -> Tensor:
    """The adjoint of `tiles_of_large`, [9, tiles, sh·sw·C] → [n, C, H, W]; overwrites its input."""
    m = m.view(3, 3, n, *shape.tiles, shape.stride[0], -1)
    m[1].sub_(m[0]).sub_(m[2])
    m[:, 1].sub_(m[:, 0]).sub_(m[:, 2])
    return overlap_add(m.permute(2, 3, 4, 5, 6, 0, 1), 2, shape)


def _spread(w: Tensor) -> Tensor:
    """[2, 2, …] → [3, 3, …]: (w₀, w₁) → (w₀, w₀ + w₁, w₁) along both axes."""
    m = w.new_empty(3, 3, *w.shape[2:])
    m[::2, ::2] = w
    torch.add(m[::2, 0], m[::2, 2], out=m[::2, 1])
    torch.add(m[0], m[2], out=m[1])
    return m


def _gather(m: Tensor) -> Tensor:
    """The adjoint of `_spread`, and the last step of a tile; overwrites its input."""
    m[::2] += m[1]
    m[:, ::2] += m[:, 1:2]
    return m[::2, ::2]


def tiles_of_small(y: Tensor, shape: Geometry) -> Tensor:
    """[N, O, h, w] → [9, tiles, O]."""
    (n, o, h, w), (rows, cols) = y.shape, shape.tiles
    y = F.pad(y.permute(0, 2, 3, 1), (0, 0, 0, 2 * cols - w, 0, 2 * rows - h)).contiguous()
    return _spread(y.view(n, rows, 2, cols, 2, o).permute(2, 4, 0, 1, 3, 5)).view(9, -1, o)


def small_of_tiles(m: Tensor, n: int, shape: Geometry) -> Tensor:
    """[9, tiles, O] → [N, O, h, w], each output the sum of its tile's products; overwrites its input."""
    rows, cols = shape.tiles
    y = _gather(m.view(3, 3, n, rows, cols, -1)).permute(2, 3, 0, 4, 1, 5).reshape(n, 2 * rows, 2 * cols, -1)
    return y[:, : shape.small[0], : shape.small[1]].permute(0, 3, 1, 2)


def tiles_of_weight(w: Tensor, shape: Geometry) -> Tensor:
    """[O, C, 2·sh, 2·sw] → [9, O, sh·sw·C]."""
    (o, c), (sh, sw) = w.shape[:2], shape.stride
    return _spread(matrix(w).view(o, 2, sh, 2, sw * c).permute(1, 3, 0, 2, 4)).view(9, o, -1)


def weight_of_tiles(m: Tensor, shape: Geometry) -> Tensor:
    """The adjoint of `tiles_of_weight`, [9, O, sh·sw·C] → [O, C, 2·sh, 2·sw]; overwrites its input."""
    (sh, sw), o = shape.stride, m.shape[1]
    w = _gather(m.view(3, 3, o, sh, -1)).permute(2, 0, 3, 1, 4).reshape(o, 2 * sh, 2 * sw, -1)
    return w.permute(0, 3, 1, 2)
