"""What every way to train a generator has in common, and its types: batches, records and tensors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from ganatomy.gan.average import moving_average
from ganatomy.gan.player import Player
from ganatomy.gan.priors import Prior
from ganatomy.system.runtime import Randomness, Runtime

Record: TypeAlias = dict[str, Tensor]  # named scalars of one step, still on the device
TensorGroups: TypeAlias = dict[str, dict[str, Tensor]]  # one group a checkpoint file, one name a tensor


class Batch(NamedTuple):
    """Images [B, C, H, W] in [−1, 1], and what they are conditioned on, where the training is conditional.

    classes: one-hot, [B, K]; or the images that the generator is given, [B, C, h, w].
    """

    images: Tensor
    classes: Tensor | None = None


Batches: TypeAlias = Callable[[int, int], Batch]  # (step, turn) → this process's real images


@dataclass
class BudgetShare:
    """The share of the budget that is spent before the next step, 0 to 1: the loop sets it, schedules read it."""

    spent: float = 0.0


@dataclass(frozen=True)
class Setup:
    """What every method is given beside its players.

    prior            of latent vectors
    random           all draws, as a function of the step
    batch            images of a step, over all processes
    runtime          device, precision, and this process's place among others
    average_decay    of the generator's moving average: the share of the old one that each step keeps
    average_warm_up  start with a short memory: see `average.moving_average`
    share            how much of the budget is spent, for schedules over the budget
    """

    prior: Prior
    random: Randomness
    batch: int
    runtime: Runtime = field(default_factory=Runtime)
    average_decay: float = 0.999
    average_warm_up: bool = True
    share: BudgetShare = field(default_factory=BudgetShare)


class Method(ABC):
    """A way to train a generator: the body of the loop, and every tensor that it depends on.

    The first player is the generator, whose network maps latent vectors to images; its average makes the samples.
    """

    def __init__(self, players: Sequence[Player], setup: Setup) -> None:
        """players: the generator first."""
        self.players, self.generator = players, players[0]
        self.prior, self.random, self.runtime = setup.prior, setup.random, setup.runtime
        self.share = setup.share
        self.batch = self.images_per_step = setup.batch
        self.average = moving_average(self.generator.network, setup.average_decay, setup.average_warm_up)
        buffers = [buffer for player in players for buffer in player.network.buffers()]
        self.statistics = [buffer for buffer in buffers if buffer.is_floating_point()]
        self.runtime.synchronise(
            tensor for network in self.networks.values() for tensor in network.state_dict().values()
        )

    @abstractmethod
    def step(self, step: int, batches: Batches) -> Record:
        """Train one step; raises NonFiniteError before an update with numbers that are not finite.

        All updates are inside `updates`; the record is of the whole batch, over all processes.
        """

    @contextmanager
    def updates(self, step: int) -> Iterator[None]:
        """What surrounds the updates of a step: its layers' noise is seeded before, the average follows them.

        Draws inside, and means by `whole_batch.mean`, are of the batch over all processes.
        """
        self.seed_layers(step)
        with self.runtime.whole_batch(self.batch):
            yield
        self.update_average()

    def seed_layers(self, step: int) -> None:
        """Before the first forward of a step: dropout and other noise inside the networks follow from the step."""
        self.runtime.seed(self.random.number("layers", step))

    def update_average(self) -> None:
        """After a step's last update: average batch statistics over processes, update the generator's average."""
        self.runtime.average(self.statistics)
        self.average.update_parameters(self.generator.network)

    def check(self) -> None:
        """Raises NonFiniteError if a GPU skipped an update because its numbers were not finite."""
        for player in self.players:
            player.check()

    def sample(self, codes: Tensor) -> Tensor:
        """Images of the averaged generator, [B, C, H, W] in [−1, 1], float32, of a prior's codes; changes nothing."""
        with torch.no_grad():
            images: Tensor = self.average.module(*self.prior.split(codes.to(self.runtime.device)))
        return images

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The networks that make the method up, by the name of their file in a checkpoint."""
        average: nn.Module = self.average.module
        return {**{player.name: player.network for player in self.players}, "average": average}

    def state(self) -> TensorGroups:
        """Every tensor that the next step depends on: one group a checkpoint file."""
        groups = {name: network.state_dict() for name, network in self.networks.items()}
        groups["average"] = {**groups["average"], "n_averaged": self.average.n_averaged}
        groups["optimisers"] = {
            f"{player.name}.{name}": value for player in self.players for name, value in player.state().items()
        }
        return groups

    def load(self, groups: TensorGroups) -> None:
        """Continue from the tensors of an earlier `state`."""
        average = dict(groups["average"])
        self.average.n_averaged.copy_(average.pop("n_averaged"))
        for name, network in self.networks.items():
            network.load_state_dict(average if name == "average" else groups[name])
        for player in self.players:
            mine = f"{player.name}."
            optimiser = groups["optimisers"].items()
            player.load({name.removeprefix(mine): value for name, value in optimiser if name.startswith(mine)})
