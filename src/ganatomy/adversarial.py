"""Algorithm 1 of Goodfellow et al. 2014 (arXiv:1406.2661): two players, each descending its own loss."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganatomy.average import moving_average
from ganatomy.method import Batches, NonFiniteError, Record, TensorGroups
from ganatomy.objectives import Objective
from ganatomy.penalties import Discriminator, at_least_float32, clip_weights
from ganatomy.priors import Prior
from ganatomy.runtime import Randomness, Runtime

Number = Callable[[int], float]  # a value at a generator step: constant or scheduled


class Penalty(NamedTuple):
    """A term of the discriminator's loss: weight(step) · value(D, real, fake, draw); draw(*shape) is uniform noise."""

    name: str
    weight: Number
    value: Callable[[Discriminator, Tensor, Tensor, Callable[..., Tensor]], Tensor]


class Player:
    """A network that descends its own loss in its own parameters."""

    def __init__(
        self,
        name: str,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        settings: dict[str, Number],
        runtime: Runtime,
    ) -> None:
        """settings: the optimiser's numbers that follow a schedule, by torch's name: {"lr": …, "momentum": …}."""
        self.name, self.network, self.optimiser, self.settings, self.runtime = (
            name,
            network,
            optimiser,
            settings,
            runtime,
        )
        self.parameters = list(network.parameters())
        self.fault: Tensor | None = None

    def descend(self, loss: Tensor, step: int) -> Tensor:
        """One step down the loss; returns the gradient's norm.

        Only this player's gradients are computed: the other network's weights would get ones that nobody asked for.
        Raises NonFiniteError before the update, or where waiting for the answer would stall a GPU, lets the optimiser's
        kernel skip the update and leaves the raising to `check`.
        """
        gradients = torch.autograd.grad(loss, self.parameters)
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
            parameter.grad = _lying_like(parameter, gradient)
        self.optimiser.step()
        return norm

    def check(self) -> None:
        """Raise the NonFiniteError that `descend` left to be raised, if any. Waits for the device."""
        fault, self.fault = self.fault, None
        if fault is not None and torch.isfinite(fault):
            raise NonFiniteError(self.name, int(fault))

    def state(self) -> dict[str, Tensor]:
        """The optimiser's tensors, named `index of the parameter.name`."""
        return {
            f"{index}.{name}": value
            for index, parameter in enumerate(self.parameters)
            for name, value in self.optimiser.state[parameter].items()
            if isinstance(value, Tensor)
        }

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        self.optimiser.state.clear()
        for key, value in tensors.items():
            index, _, name = key.partition(".")
            parameter = self.parameters[int(index)]
            if value.shape == parameter.shape:
                value = _lying_like(parameter, value)
            elif self.optimiser.defaults.get("fused"):  # the step counter lives where the kernel does
                value = value.to(parameter.device)
            self.optimiser.state[parameter][name] = value

    def _defers(self) -> bool:
        return self.runtime.device.type == "cuda" and bool(self.optimiser.defaults.get("fused"))


def _lying_like(parameter: Tensor, values: Tensor) -> Tensor:
    """The values in the parameter's order in memory: fused optimisers walk both alike, whatever their strides say."""
    if values.stride() == parameter.stride() and values.device == parameter.device:
        return values
    return torch.empty_like(parameter, requires_grad=False).copy_(values)


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
            player.load(
                {
                    key.removeprefix(f"{player.name}."): value
                    for key, value in groups["optimisers"].items()
                    if key.startswith(f"{player.name}.")
                }
            )

    def _outputs(self, side: str, scores: Tensor) -> Record:
        scores = scores.detach()
        record = {f"score/{side}": scores.mean(), f"score/{side}_std": scores.std(correction=0)}
        if self.objective.probabilistic:
            record[f"probability/{side}"] = scores.sigmoid().mean()
        return record

    def _uniform(self, shape: Sequence[int], random: torch.Generator) -> Tensor:
        return self.runtime.share(torch.rand(self.batch, *shape, generator=random))
