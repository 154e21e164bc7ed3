"""Strided convolutions, and transposed ones, as matrix products where these beat oneDNN's kernels on a CPU.

A convolution is one trilinear form in a large map x [N, C, H, W], a small map y [N, O, h, w], a weight [O, C, kh, kw]:

    ⟨y, x ∗ w⟩ = Σ y[n, o, i, j] · x[n, c, s·i + a − p, s·j + b − p] · w[o, c, a, b].

Its three partial gradients are all there is: `down` (a convolution, or the data gradient of a transposed one), `up`
(the reverse) and `outer` (the weight gradient of both). The gradients of each are the other two, so every order of
differentiation, a gradient penalty's second included, is at hand. Each is computed in one of three ways:

- native: torch's own kernel.
- patches: the matrix of NHWC patches and one matrix product. For few channels, which starve oneDNN's kernels.
- tiles: Winograd's F(2×2, 2×2) (Lavin & Gray 2016, arXiv:1509.09308). A kernel of twice its stride is, over blocks of
  stride × stride pixels, a 2×2 kernel of stride 1, and a 2×2 tile of its outputs takes 9 products instead of 16. Its
  only factors are 0 and ±1, so float32 loses nothing worth naming; bfloat16 would.

What is chosen how: `runtime.convolution` says for a whole training whether torch computes every convolution (native) or
`fastest_way` chooses for each layer by its shape (patches). With `auto`, `training.autotune` measures a few steps of
both, and takes the faster one that agrees with torch's. In bfloat16 torch computes all of them: with AVX-512, no choice
of layers was faster than that.
"""

from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

from ganatomy.networks.ops.bilinear import bilinear
from ganatomy.networks.ops.dense import Linear
from ganatomy.networks.ops.tiles import (
    Geometry,
    Pair,
    large_of_tiles,
    matrix,
    overlap_add,
    patches,
    pixels,
    small_of_tiles,
    tiles_of_large,
    tiles_of_small,
    tiles_of_weight,
    weight_of_tiles,
)

Method = Literal["native", "patches"]
CHUNK = 16 * 2**20  # bytes of tiles at a time: near the cache, and below the 32 MiB that malloc maps anew every time


def fastest_way(piece: Literal["down", "up", "outer"], c: int, o: int, shape: Geometry) -> str:
    """native, patches or tiles, in float32: by shapes and never by a clock, so that a resumed run repeats every bit.

    c, o: channels of the large and of the small map. Measured with AVX2, batch 64.
    """
    taps = {k / s for k, s in zip(shape.kernel, shape.stride, strict=True)}
    few, deep = c <= 8, min(c, o) >= 128
    if taps == {2} and (deep or (piece == "outer" and min(c, o) >= 64)):
        return "tiles"
    return "patches" if taps == {2} and few and piece == "up" else "native"


def _chunks(x: Tensor, c: int, shape: Geometry) -> list[slice]:
    """The batch of x in equal pieces whose tiles of the large map (C channels) take about CHUNK bytes."""
    values = 9 * shape.tiles[0] * shape.tiles[1] * shape.stride[0] * shape.stride[1] * c
    size = -(-len(x) // max(1, round(len(x) * values * x.element_size() / CHUNK)))
    return [slice(i, i + size) for i in range(0, len(x), size)]


def compute_down(shape: Geometry, x: Tensor, w: Tensor) -> Tensor:
    """x [N, C, H, W], w [O, C, kh, kw] → x ∗ w, [N, O, h, w]."""
    n, c, o = len(x), x.shape[1], w.shape[0]
    way = fastest_way("down", c, o, shape)
    if way == "patches":
        y = patches(x, shape) @ matrix(w).T
        return y.view(n, *shape.small, o).permute(0, 3, 1, 2)
    if way == "tiles":
        u = tiles_of_weight(w, shape).transpose(1, 2)
        y = x.new_empty(n, *shape.small, o).permute(0, 3, 1, 2)
        for part in _chunks(x, c, shape):
            y[part] = small_of_tiles(tiles_of_large(x[part], shape) @ u, len(x[part]), shape)
        return y
    return F.conv2d(x, w, None, shape.stride, shape.padding).contiguous(memory_format=torch.channels_last)


def compute_up(shape: Geometry, y: Tensor, w: Tensor) -> Tensor:
    """y [N, O, h, w], w [O, C, kh, kw] → the gradient of ⟨y, x ∗ w⟩ with respect to x, [N, C, H, W]."""
    n, o, c = len(y), y.shape[1], w.shape[1]
    (sh, sw), (kh, kw) = shape.stride, shape.kernel
    way = fastest_way("up", c, o, shape)
    if way == "patches":
        cols = (pixels(y) @ matrix(w)).view(n, *shape.small, kh // sh, sh, kw // sw, sw * c)
        return overlap_add(cols.permute(0, 1, 2, 4, 6, 3, 5), 1, shape)
    if way == "tiles":
        u = tiles_of_weight(w, shape)
        x = y.new_empty(n, *shape.large, c).permute(0, 3, 1, 2)
        for part in _chunks(y, c, shape):
            x[part] = large_of_tiles(tiles_of_small(y[part], shape) @ u, len(y[part]), shape)
        return x
    size = zip(shape.large, shape.small, shape.kernel, shape.stride, shape.padding, strict=True)
    extra = [large - (s * (small - 1) + k - 2 * p) for large, small, k, s, p in size]
    x = F.conv_transpose2d(y, w, None, shape.stride, shape.padding, extra)
    return x.contiguous(memory_format=torch.channels_last)


def compute_outer(shape: Geometry, x: Tensor, y: Tensor) -> Tensor:
    """x [N, C, H, W], y [N, O, h, w] → the gradient of ⟨y, x ∗ w⟩ with respect to w, [O, C, kh, kw]."""
    c, o = x.shape[1], y.shape[1]
    way = fastest_way("outer", c, o, shape)
    if way == "patches":
        return (pixels(y).T @ patches(x, shape)).view(o, *shape.kernel, c).permute(0, 3, 1, 2)
    if way == "tiles":
        m = x.new_empty(9, o, shape.stride[0] * shape.stride[1] * c)
        for part in _chunks(x, c, shape):
            small, large = tiles_of_small(y[part], shape).transpose(1, 2), tiles_of_large(x[part], shape)
            torch.baddbmm(m, small, large, beta=int(part.start > 0), out=m)
        return weight_of_tiles(m, shape)
    return conv2d_weight(x, (o, c, *shape.kernel), y, shape.stride, shape.padding)


def _down(x: Tensor, w: Tensor, shape: Geometry) -> Tensor:
    return bilinear(partial(compute_down, shape), x, w, partial(_up, shape=shape), lambda g, x: _outer(x, g, shape))


def _up(y: Tensor, w: Tensor, shape: Geometry) -> Tensor:
    return bilinear(partial(compute_up, shape), y, w, partial(_down, shape=shape), partial(_outer, shape=shape))


def _outer(x: Tensor, y: Tensor, shape: Geometry) -> Tensor:
    compute = partial(compute_outer, shape)
    return bilinear(compute, x, y, lambda g, y: _up(y, g, shape), lambda g, x: _down(x, g, shape))


def _half(x: Tensor) -> bool:
    """Whether torch would compute with x in half precision."""
    return x.dtype.itemsize < 4 or torch.is_autocast_enabled(x.device.type)


def _add(y: Tensor, bias: Tensor | None) -> Tensor:
    return y if bias is None else y + bias.to(y.dtype).view(-1, 1, 1)


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, method: Method) -> Tensor:
    """x [N, C, H, W] ∗ weight [O, C, kh, kw] → [N, O, h, w], differentiable to any order.

    "native" is `torch.nn.functional.conv2d`; "patches" the same to rounding, channels-last, and "native" in half
    precision. By either, a kernel that covers its whole input is one matrix product.
    """
    if weight.shape[1:] == x.shape[1:] and padding == (0, 0):
        return F.linear(matrix(x), matrix(weight), bias)[..., None, None]
    if method == "native" or _half(x):
        return F.conv2d(x, weight, bias, stride, padding)
    kernel, large = tuple(weight.shape[2:]), tuple(x.shape[2:])
    small = tuple((m + 2 * p - k) // s + 1 for m, p, k, s in zip(large, padding, kernel, stride, strict=True))
    return _add(_down(x, weight, Geometry(kernel, stride, padding, large, small)), bias)


def conv_transpose2d(
    y: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, output_padding: Pair, method: Method
) -> Tensor:
    """y [N, O, h, w], weight [O, C, kh, kw] → [N, C, H, W], the adjoint of `conv2d`, likewise.

    `output_padding`, below the stride, says which of the sizes that `conv2d` sends to [h, w] is meant.
    """
    kernel, small = tuple(weight.shape[2:]), tuple(y.shape[2:])
    if small == (1, 1) and padding == output_padding == (0, 0):
        image = F.linear(y.flatten(1), matrix(weight).T).unflatten(1, (*kernel, weight.shape[1]))
        return _add(image.permute(0, 3, 1, 2), bias)
    if method == "native" or _half(y):
        return F.conv_transpose2d(y, weight, bias, stride, padding, output_padding)
    sizes = zip(small, padding, kernel, stride, output_padding, strict=True)
    large = tuple(s * (m - 1) + k - 2 * p + extra for m, p, k, s, extra in sizes)
    return _add(_up(y, weight, Geometry(kernel, stride, padding, large, small)), bias)


class Conv2d(nn.Conv2d):
    """`torch.nn.Conv2d` (same parameters, names and initialisation) with a `method` that may be set at any time.

    Groups, dilation, paddings other than zeros and single images without a batch axis are left to torch.
    """

    method: Method = "native"

    def forward(self, input: Tensor) -> Tensor:
        """[N, in_channels, H, W] → [N, out_channels, h, w], as torch's."""
        plain = self.groups == 1 and self.dilation == (1, 1) and self.padding_mode == "zeros" and input.dim() == 4
        if not plain or isinstance(self.padding, str):
            return super().forward(input)
        return conv2d(input, self.weight, self.bias, self.stride, self.padding, self.method)


class ConvTranspose2d(nn.ConvTranspose2d):
    """`torch.nn.ConvTranspose2d`, likewise; a call that names its `output_size` is left to torch too."""

    method: Method = "native"

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[N, in_channels, h, w] → [N, out_channels, H, W], as torch's."""
        plain = self.groups == 1 and self.dilation == (1, 1) and output_size is None and input.dim() == 4
        if not plain or isinstance(self.padding, str):
            return super().forward(input, output_size)
        pads = self.padding, self.output_padding
        return conv_transpose2d(input, self.weight, self.bias, self.stride, *pads, self.method)


def use(network: nn.Module, method: Method) -> None:
    """Let every convolution and dense layer of a network that has the choice compute by `method`."""
    for layer in layers(network):
        layer.method = method


def layers(network: nn.Module) -> list[Conv2d | ConvTranspose2d | Linear]:
    """The layers of a network that have the choice."""
    return [module for module in network.modules() if isinstance(module, (Conv2d, ConvTranspose2d, Linear))]
