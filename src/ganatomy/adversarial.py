"""Algorithm 1 of Goodfellow et al. 2014 (arXiv:1406.2661): two players, each descending its own loss."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganatomy.average import moving_average
from ganatomy.method import Batches, Record, TensorGroups
from ganatomy.objectives import Objective
from ganatomy.penalties import Discriminator, at_least_float32, clip_weights
from ganatomy.player import Number, Player
from ganatomy.priors import Prior
from ganatomy.runtime import Randomness, Runtime


class Penalty(NamedTuple):
    """A term of the discriminator's loss: weight(step) · value(D, real, fake, draw); draw(*shape) is uniform noise."""

    name: str
    weight: Number
    value: Callable[[Discriminator, Tensor, Tensor, Callable[..., Tensor]], Tensor]


class Adversarial:
    """The game. `step` is Algorithm 1's body; everything else is handed in or follows from it."""

    def __init__(
        self,
        generator: Player,
        discriminator: Player,
        objective: Objective,
        penalties: Sequence[Penalty],
        prior: Prior,
        random: Randomness,
        runtime: Runtime,
        *,
        batch: int,
        discriminator_steps: int = 1,
        share_fakes: bool = False,
        clip: float = 0.0,
        average_decay: float = 0.999,
        average_warm_up: bool = True,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.objective, self.penalties, self.prior = objective, penalties, prior
        self.random, self.runtime = random, runtime
        self.batch, self.k, self.share_fakes, self.clip = batch, discriminator_steps, share_fakes, clip
        self.average = moving_average(generator.network, average_decay, average_warm_up)
        players = (generator.network, discriminator.network)
        self.statistics = [buffer for network in players for buffer in network.buffers() if buffer.is_floating_point()]
        self.images_per_step = batch * discriminator_steps
        runtime.synchronise(tensor for network in self.networks.values() for tensor in network.state_dict().values())

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The networks that make the method up, by the name of their file in a checkpoint."""
        average: nn.Module = self.average.module
        return {"generator": self.generator.network, "discriminator": self.discriminator.network, "average": average}

    def step(self, step: int, batches: Batches) -> Record:
        """One round of the game: k descents of the discriminator's loss, one of the generator's."""
        torch.manual_seed(self.random.number("layers", step, self.runtime.rank))  # dropout

        for turn in range(self.k):
            real, fake = batches(step, turn), self.generate(step, turn)
            record = self.discriminator_step(real, fake.detach(), step, turn)

        if not self.share_fakes:
            fake = self.generate(step, self.k)
        record |= self.generator_step(real, fake, step)

        self.runtime.average(self.statistics)
        self.average.update_parameters(self.generator.network)
        return record

    def generate(self, step: int, turn: int) -> Tensor:
        """A batch of fakes from fresh latent vectors, [B, C, H, W] in [−1, 1]."""
        z = self.prior.sample(self.batch, self.random.at("latent", step, turn))
        # The generator's gradient is wanted only from the fakes it is judged by.
        with torch.set_grad_enabled(self.share_fakes or turn == self.k), self.runtime.autocast():
            fake: Tensor = self.generator.network(self.runtime.share(z))
        return at_least_float32(fake)

    def scores(self, images: Tensor) -> Tensor:
        """Raw scores [B], float32."""
        with self.runtime.autocast():
            scores: Tensor = self.discriminator.network(images)
        return at_least_float32(scores)

    def discriminator_step(self, real: Tensor, fake: Tensor, step: int, turn: int = 0) -> Record:
        """Descend the discriminator's loss, penalties included."""
        # Separate forwards: one batch of both would let batch norm tell the discriminator the answer.
        real_scores, fake_scores = self.scores(real), self.scores(fake)
        loss = self.objective.losses(real_scores, fake_scores).discriminator
        record = {
            "loss/discriminator": loss,
            **self._outputs("real", real_scores),
            **self._outputs("fake", fake_scores),
        }

        draws = self.random.at("penalty", step, turn)
        for penalty in self.penalties:
            value = penalty.value(self.discriminator.network, real, fake, lambda *shape: self._uniform(shape, draws))
            record[f"penalty/{penalty.name}"] = value
            loss = loss + penalty.weight(step) * value

        record["gradient_norm/discriminator"] = self.discriminator.descend(loss, step)
        if self.clip:
            clip_weights(self.discriminator.parameters, self.clip)
        return {name: value.detach() for name, value in record.items()}

    def generator_step(self, real: Tensor, fake: Tensor, step: int) -> Record:
        """Descend the generator's loss through the discriminator's judgement of its fakes."""
        fake_scores = self.scores(fake)
        with torch.no_grad():  # no gradient reaches the generator by way of real images
            real_scores = self.scores(real) if self.objective.paired else torch.zeros_like(fake_scores)
        loss = self.objective.losses(real_scores, fake_scores).generator
        norm = self.generator.descend(loss, step)
        return {"loss/generator": loss.detach(), "gradient_norm/generator": norm}

    def check(self) -> None:
        """Raise the NonFiniteError of an update that was skipped without waiting, if any."""
        self.discriminator.check()
        self.generator.check()

    def sample(self, z: Tensor) -> Tensor:
        """Images of the averaged generator, [B, C, H, W] in [−1, 1], float32; changes nothing."""
        with torch.no_grad():
            images: Tensor = self.average.module(z.to(self.runtime.device))
        return images

    def state(self) -> TensorGroups:
        """Every tensor that the future depends on: one group a checkpoint file."""
        groups = {name: network.state_dict() for name, network in self.networks.items()}
        groups["average"] = {**groups["average"], "n_averaged": self.average.n_averaged}
        groups["optimisers"] = {
            f"{player.name}.{name}": value
            for player in (self.generator, self.discriminator)
            for name, value in player.state().items()
        }
        return groups

    def load(self, groups: TensorGroups) -> None:
        """Take up a state where `state` left it."""
        average = dict(groups["average"])
        self.average.n_averaged.copy_(average.pop("n_averaged"))
        for name, network in self.networks.items():
            network.load_state_dict(average if name == "average" else groups[name])
        for player in (self.generator, self.discriminator):
            mine = f"{player.name}."
            optimiser = groups["optimisers"].items()
            player.load({name.removeprefix(mine): value for name, value in optimiser if name.startswith(mine)})

    def _outputs(self, side: str, scores: Tensor) -> Record:
        scores = scores.detach()
        record = {f"score/{side}": scores.mean(), f"score/{side}_std": scores.std(correction=0)}
        if self.objective.probabilistic:
            record[f"probability/{side}"] = scores.sigmoid().mean()
        return record

    def _uniform(self, shape: Sequence[int], random: torch.Generator) -> Tensor:
        return self.runtime.share(torch.rand(self.batch, *shape, generator=random))
