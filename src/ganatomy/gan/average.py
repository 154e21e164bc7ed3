"""The exponential moving average of a generator."""

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors: TypeAlias = tuple[Tensor, ...] | list[Tensor]


def moving_average(network: nn.Module, decay: float, warm_up: bool = True) -> AveragedModel:
    """A copy of `network` that follows it by `average.update_parameters(network)`; the copy is `average.module`.

    θ̄ ← d·θ̄ + (1 − d)·θ with d = min(decay, (1 + t)/(10 + t)) while warming up, t counting updates from 0, where θ̄ = θ.
    Batch-norm statistics are averaged with the weights they belong to: averaged weights with raw statistics give wrong
    images.
    """

    @torch.no_grad()
    def lerp(averages: Tensors, values: Tensors, updates: Tensor | int) -> None:
        if not averages[0].is_floating_point():  # batch norm's counter
            torch._foreach_copy_(averages, values)
            return
        t = int(updates)
        d = min(decay, (1 + t) / (10 + t)) if warm_up else decay
        torch._foreach_lerp_(averages, values, 1 - d)

    average = AveragedModel(network, multi_avg_fn=lerp, use_buffers=True)
    return average.eval().requires_grad_(False)
