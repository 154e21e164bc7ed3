"""Dense layers by oneDNN's matrix product instead of MKL's, which leaves half of an AMD processor unused.

A dense layer y = x·wᵀ is one trilinear form Σ y[n, o] · x[n, i] · w[o, i], whose partial gradients are products of the
same kind: with them at hand, every order of differentiation, a gradient penalty's second included, is oneDNN's too.
Sums are taken in another order than MKL's: the same to rounding.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Method = Literal["native", "patches"]


class _Product(torch.autograd.Function):
    """a [M, K] · b [N, K]ᵀ (+ bias [N]) → [M, N]."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, bias: Tensor | None) -> Tensor:
        """The product, kept for its gradients."""
        ctx.save_for_backward(a, b)
        y: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """∂/∂a = y·b, ∂/∂b = yᵀ·a, each a product again."""
        (a, b), (y,) = ctx.saved_tensors, gradients
        for_a, for_b, for_bias = ctx.needs_input_grad
        return (
            _Product.apply(y, b.t(), None) if for_a else None,  # type: ignore[no-untyped-call]
            _Product.apply(y.t(), a.t(), None) if for_b else None,  # type: ignore[no-untyped-call]
            y.sum(0) if for_bias else None,
        )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, method: Method) -> Tensor:
    """x [N, I], weight [O, I], bias [O] → x·wᵀ + b, [N, O], differentiable to any order.

    "native" is `torch.nn.functional.linear`; so is "patches" but for float32 on a CPU.
    """
    if method == "native" or not _suits(x, weight):
        return F.linear(x, weight, bias)
    y: Tensor = _Product.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return y


def _suits(x: Tensor, weight: Tensor) -> bool:
    single = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32 and x.dim() == 2 and len(x) > 0
    return single and not torch.is_autocast_enabled("cpu") and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(nn.Linear):
    """`torch.nn.Linear` (same parameters, names and initialisation) with a `method` that may be set at any time."""

    method: Method = "native"

    def forward(self, input: Tensor) -> Tensor:
        """[N, in_features] → [N, out_features], as torch's."""
        return linear(input, self.weight, self.bias, self.method)
