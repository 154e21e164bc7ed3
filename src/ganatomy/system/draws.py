"""Random draws inside layers, as one process would make them, while several share a batch."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map


class WholeDraws(TorchFunctionMode):
    """Inside, what draws random numbers for this process's rows draws them for all rows, and keeps its own.

    So dropout and other noise inside layers, anybody's, are those of one process. All processes must have seeded torch
    alike, and rows must come first in what is drawn; draws of other shapes are the same in every process, as they are.
    """

    def __init__(self, mine: slice) -> None:
        """mine: this process's rows of a batch over all processes, every step-th from its first to the batch's end."""
        super().__init__()
        self.mine, self.batch, self.world = mine, mine.stop, mine.step
        self.rows = self.batch // self.world

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """The function's result; drawn for all rows where it draws for this process's."""
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name not in _draws() or kwargs.get("generator") is not None:
            return function(*args, **kwargs)
        whole_args = [self._whole(value) for value in args]
        if name in ("rand", "randn") and args and args[0] == self.rows:  # a size as separate numbers
            whole_args[0] = self.batch
        result = function(*whole_args, **{key: self._whole(value) for key, value in kwargs.items()})
        mine = tree_map(lambda value: value[self.mine] if self._leads(value, self.batch) else value, result)
        in_place = name.endswith("_") or kwargs.get("inplace") is True
        return args[0].copy_(mine) if in_place and self._leads(args[0], self.rows) else mine

    def _whole(self, value: Any) -> Any:
        """Rows, or a size, of the whole batch; this process's rows are where `mine` takes them from."""
        if self._leads(value, self.rows):
            return value.repeat_interleave(self.world, 0)
        if isinstance(value, (tuple, list)) and value and value[0] == self.rows:  # a torch.Size too
            return (self.batch, *value[1:])
        return value

    @staticmethod
    def _leads(value: Any, rows: int) -> bool:
        return isinstance(value, Tensor) and value.dim() > 0 and len(value) == rows


@functools.cache
def _draws() -> frozenset[str]:
    """Names of torch's functions that draw random numbers."""
    random = torch.Tag.nondeterministic_seeded
    packets = {name: getattr(torch.ops.aten, name) for name in dir(torch.ops.aten)}
    tagged = {
        name
        for name, packet in packets.items()
        if isinstance(packet, torch._ops.OpOverloadPacket)
        and any(random in getattr(packet, overload).tags for overload in packet.overloads())
    }
    composed = {
        "dropout1d",
        "dropout2d",
        "dropout3d",
        "feature_dropout",
        "feature_alpha_dropout",
        "gumbel_softmax",
        "rrelu",
    }
    return frozenset(
        tagged | composed | {f"{name}_" for name in ("dropout", "feature_dropout", "alpha_dropout", "rrelu")}
    )
