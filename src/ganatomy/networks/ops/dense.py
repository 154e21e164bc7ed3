"""Dense layers by oneDNN's matrix product instead of MKL's, which leaves half of an AMD processor unused.

A dense layer y = x·wᵀ is one trilinear form Σ y[n, o] · x[n, i] · w[o, i], whose partial gradients are products of the
same kind: with them at hand, every order of differentiation, a gradient penalty's second included, is oneDNN's too.
Sums are taken in another order than MKL's: the same to rounding.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganatomy.networks.ops.bilinear import bilinear

Method = Literal["native", "patches"]


def _compute(a: Tensor, b: Tensor) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "")
    return y


def _product(a: Tensor, b: Tensor) -> Tensor:
    """a [M, K] · b [N, K]ᵀ → [M, N]; with y in its place, the gradients are y·b and yᵀ·a."""
    return bilinear(_compute, a, b, lambda y, b: _product(y, b.t()), lambda y, a: _product(y.t(), a.t()))


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, method: Method) -> Tensor:
    """x [N, I], weight [O, I], bias [O] → x·wᵀ + b, [N, O], differentiable to any order.

    "native" is `torch.nn.functional.linear`; so is "patches" but for float32 on a CPU.
    """
    if method == "native" or not _suits(x, weight):
        return F.linear(x, weight, bias)
    y = _product(x, weight)
    return y if bias is None else y + bias


def _suits(x: Tensor, weight: Tensor) -> bool:
    single = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32 and x.dim() == 2 and len(x) > 0
    return single and not torch.is_autocast_enabled("cpu") and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(nn.Linear):
    """`torch.nn.Linear` (same parameters, names and initialisation) with a `method` that may be set at any time."""

    method: Method = "native"

    def forward(self, input: Tensor) -> Tensor:
        """[N, in_features] → [N, out_features], as torch's."""
        return linear(input, self.weight, self.bias, self.method)
