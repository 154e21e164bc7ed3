"""What every way to train a generator has in common: the types that the rooms around the loop share."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from torch import Tensor

from ganatomy.runtime import Runtime

Record: TypeAlias = dict[str, Tensor]  # named scalars of one step, still on the device
Batches: TypeAlias = Callable[[int, int], Tensor]  # (step, turn) → real images [B, C, H, W] in [−1, 1]
TensorGroups: TypeAlias = dict[str, dict[str, Tensor]]  # one group a checkpoint file, one name a tensor


class NonFiniteError(Exception):
    """A loss or gradient was infinite or not a number; the update did not happen."""

    def __init__(self, network: str, step: int) -> None:
        super().__init__(f"the {network}'s loss or gradient was not finite at step {step}")
        self.network, self.step = network, step


class Method(Protocol):
    """A way to train a generator: the body of the loop, and every tensor that it depends on."""

    runtime: Runtime
    images_per_step: int

    def step(self, step: int, batches: Batches) -> Record:
        """Train one step; raises NonFiniteError before an update with numbers that are not finite."""
        ...

    def check(self) -> None:
        """Raise the NonFiniteError that `step` left for later rather than wait for a GPU, if there is one."""
        ...

    def sample(self, z: Tensor) -> Tensor:
        """Images [B, C, H, W] in [−1, 1] of latent vectors [B, latent_dim]; changes nothing."""
        ...

    def state(self) -> TensorGroups:
        """Every tensor that the future depends on."""
        ...

    def load(self, groups: TensorGroups) -> None:
        """Go on from what `state` gave."""
        ...
