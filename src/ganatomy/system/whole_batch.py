"""A batch that several processes share is one batch: draws and means inside networks and penalties are of the whole.

`Runtime.whole_batch` says, while a step lasts, how the batch is shared. `mean` and `deviation` are for parts whose
value depends on more than one row: in one process they are torch's own. Draws need no care of the part that makes them,
as long as rows come first in them: see `draws.WholeDraws`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from ganatomy.system.lazy import torch

if TYPE_CHECKING:
    from ganatomy.system.runtime import Runtime

sharing: ContextVar[Runtime | None] = ContextVar("sharing", default=None)  # who shares the batch of this step


def mean(values: torch.Tensor) -> torch.Tensor:
    """The mean over all processes of what each measured of as many rows: values of any shape, without a graph."""
    values, runtime = values.detach(), sharing.get()
    if runtime is None or runtime.world == 1:
        return values
    values = values.clone()
    runtime.average([values])
    return values


def deviation(values: torch.Tensor, correction: int = 1) -> torch.Tensor:
    """The standard deviation of all values, a scalar without a graph; values: of any shape, as many in each process."""
    values, runtime = values.detach(), sharing.get()
    if runtime is None or runtime.world == 1:
        return values.std(correction=correction)
    variance = mean((values - mean(values.mean())).square().mean())
    count = values.numel() * runtime.world
    return (variance * count / (count - correction)).sqrt()
