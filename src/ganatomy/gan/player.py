"""One of the players of a game: a network and the optimiser that minimises its own loss."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ganatomy.system.runtime import Runtime

Number: TypeAlias = Callable[[int], float]  # a value at a generator step: constant or scheduled


class NonFiniteError(Exception):
    """A loss or gradient was infinite or not a number; the update did not happen."""

    def __init__(self, network: str, step: int) -> None:
        super().__init__(f"the {network}'s loss or gradient was not finite at step {step}")
        self.network, self.step = network, step


class Player:
    """A network whose optimiser minimises its own loss in its own parameters, but for those that are held fixed."""

    def __init__(
        self,
        name: str,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        settings: dict[str, Number],
        runtime: Runtime,
    ) -> None:
        """settings: the optimiser's numbers that follow a schedule, by torch's name: {"lr": …, "momentum": …}."""
        self.name, self.network = name, network
        self.optimiser, self.settings, self.runtime = optimiser, settings, runtime
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.fault: Tensor | None = None

    def update(self, loss: Tensor, step: int) -> Tensor:
        """One step of the optimiser down the loss, a scalar; returns the gradient's norm. Errors as `apply`."""
        return self.apply(self.gradients(loss), loss, step)

    def gradients(self, loss: Tensor, keep_graph: bool = False) -> tuple[Tensor, ...]:
        """∇loss of a scalar loss, a tensor of the same shape for each parameter of this player and of no other."""
        return torch.autograd.grad(loss, self.parameters, retain_graph=keep_graph)

    def apply(self, gradients: tuple[Tensor, ...], loss: Tensor, step: int) -> Tensor:
        """One step of the optimiser with the gradients of the loss, averaged over all processes; returns their norm.

        gradients: as `gradients` gives them; loss and norm: scalars.

        Raises NonFiniteError before an update with numbers that are not finite. On a GPU, where waiting for the answer
        would stall it, the optimiser's kernel skips the update instead, and `check` raises.
        """
        loss = loss.detach()
        self.runtime.average([*gradients, loss])
        norm = torch.nn.utils.get_total_norm(gradients)
        bad = ~torch.isfinite(norm + loss)
        if self._defers():
            self.optimiser.found_inf = bad.float()  # type: ignore[attr-defined]
            first = torch.where(bad, step, torch.inf)
            self.fault = first if self.fault is None else torch.minimum(self.fault, first)
        elif bad:
            raise NonFiniteError(self.name, step)

        for setting, value in self.settings.items():
            for group in self.optimiser.param_groups:
                group[setting] = value(step)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = _with_layout_of(parameter, gradient)
        self.optimiser.step()
        return norm

    def check(self) -> None:
        """Raises NonFiniteError if an update was skipped since the last check. Waits for the device."""
        fault, self.fault = self.fault, None
        if fault is not None and torch.isfinite(fault):
            raise NonFiniteError(self.name, int(fault))

    def state(self) -> dict[str, Tensor]:
        """The optimiser's tensors, named INDEX.NAME: of the shape of the parameter with that index, or scalars."""
        return {
            f"{index}.{name}": value
            for index, parameter in enumerate(self.parameters)
            for name, value in self.optimiser.state[parameter].items()
            if isinstance(value, Tensor)
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Continue from the tensors of an earlier `state`, names and shapes as there."""
        self.optimiser.state.clear()
        for key, value in tensors.items():
            index, _, name = key.partition(".")
            parameter = self.parameters[int(index)]
            if value.shape == parameter.shape:
                value = _with_layout_of(parameter, value)
            elif self.optimiser.defaults.get("fused"):  # the step counter lives where the kernel does
                value = value.to(parameter.device)
            self.optimiser.state[parameter][name] = value

    def _defers(self) -> bool:
        return self.runtime.device.type == "cuda" and bool(self.optimiser.defaults.get("fused"))


def _with_layout_of(parameter: Tensor, values: Tensor) -> Tensor:
    """The values in the parameter's memory layout: fused kernels read both buffers in order and ignore strides."""
    if values.stride() == parameter.stride() and values.device == parameter.device:
        return values
    return torch.empty_like(parameter, requires_grad=False).copy_(values)
