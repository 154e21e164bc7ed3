"""Bilinear operations of our own, with only those gradients computed that somebody asks for."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class _Tap(torch.autograd.Function):
    """A zero of the output's shape whose gradient with respect to `wanted` is gradient(g, other).

    One node for each factor: autograd then visits only those that lead to what was asked for. A single node for both
    would compute the discriminator's weight gradients in the generator's step, only to drop them.
    """

    @staticmethod
    def forward(ctx: Any, wanted: Tensor, other: list[Tensor], gradient: Callable[..., Tensor], out: Tensor) -> Tensor:
        ctx.save_for_backward(*other)  # in a list, `other` is remembered with its graph, but is no input of this node
        ctx.gradient = gradient
        return wanted.new_zeros(()).expand(out.shape)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.gradient(g, *ctx.saved_tensors), None, None, None


class _Join(torch.autograd.Function):
    """`value`, which was computed without a graph, with the sum of the taps' gradients."""

    @staticmethod
    def forward(ctx: Any, value: list[Tensor], first: Tensor, second: Tensor) -> Tensor:
        return value[0]  # out of a list it is an output of this node, not a view of an input: in-place ops may follow

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[None, Tensor, Tensor]:
        return None, g, g


def bilinear(
    compute: Callable[[Tensor, Tensor], Tensor],
    a: Tensor,
    b: Tensor,
    gradient_a: Callable[[Tensor, Tensor], Tensor],
    gradient_b: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """compute(a, b), linear in both, with gradients gradient_a(g, b) and gradient_b(g, a); only a and b are kept.

    a, b and the value: of any shapes. Differentiable to any order, if the gradients are.
    """
    with torch.no_grad(), torch.autocast(a.device.type, enabled=False):  # a float32 forward has a float32 backward
        value = compute(a, b).detach()  # no view of what it was computed in: what follows may overwrite it
    taps = _Tap.apply(a, [b], gradient_a, value), _Tap.apply(b, [a], gradient_b, value)
    joined: Tensor = _Join.apply([value], *taps)
    return joined
