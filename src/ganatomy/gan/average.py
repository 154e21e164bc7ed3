"""The exponential moving average of a generator."""

from itertools import chain

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


class MovingAverage(AveragedModel):
    """A copy of a network, `module`, that follows it by `update_parameters(network)`.

    torch's own update copies its counter to the GPU each time, and waits for that.
    """

    def __init__(self, network: nn.Module, decay: float, warm_up: bool) -> None:
        super().__init__(network, use_buffers=True)
        self.decay, self.warm_up = decay, warm_up
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the average towards the network's weights and buffers; the first time to where they are."""
        t = int(self.n_averaged)  # on the CPU
        pairs = list(zip(_tensors(self.module), _tensors(model), strict=True))
        averaged = [pair for pair in pairs if t and pair[0].is_floating_point()]
        if averaged:
            d = min(self.decay, (1 + t) / (10 + t)) if self.warm_up else self.decay
            averages, values = map(list, zip(*averaged, strict=True))
            torch._foreach_lerp_(averages, values, 1 - d)
        for average, value in pairs:
            if not (t and average.is_floating_point()):  # batch norm's counter is no average
                average.copy_(value)
        self.n_averaged += 1


def moving_average(network: nn.Module, decay: float, warm_up: bool = True) -> MovingAverage:
    """A copy of `network` that follows it by `average.update_parameters(network)`; the copy is `average.module`.

    θ̄ ← d·θ̄ + (1 − d)·θ with d = min(decay, (1 + t)/(10 + t)) while warming up, t counting updates from 0, where θ̄ = θ.
    Batch-norm statistics are averaged with the weights they belong to: averaged weights with raw statistics give wrong
    images.
    """
    return MovingAverage(network, decay, warm_up)


def _tensors(network: nn.Module) -> chain[torch.Tensor]:
    return chain(network.parameters(), network.buffers())
