"""Algorithm 1 of Goodfellow et al. 2014 (arXiv:1406.2661): two players, each descending its own loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ganatomy.gan.augment import adjusted, augment
from ganatomy.gan.method import Batch, Batches, Method, Record, Setup, TensorGroups
from ganatomy.gan.objectives import Objective
from ganatomy.gan.packing import packed, unpacked
from ganatomy.gan.penalties import Discriminator, Draw, clip_weights
from ganatomy.gan.player import Number, Player
from ganatomy.gan.privacy import Privacy
from ganatomy.system import whole_batch
from ganatomy.system.precision import at_least_float32


@dataclass(frozen=True)
class Penalty:
    """A term of a player's loss: weight(step) · value(…), at every `every`-th step, with as many times the weight.

    value: a scalar, of (D, real, fake, draw) for the discriminator and of (G, z, real, fake), two batches, for the
    generator.
    """

    name: str
    weight: Number
    value: Callable[..., Tensor]
    every: int = 1

    def added(self, step: int, record: Record, *arguments: Any) -> Tensor | float:
        """The scalar that it adds to the loss at a step; its value goes into the record. 0 at the steps between."""
        if step % self.every:
            return 0.0
        value = self.value(*arguments)
        record[f"penalty/{self.name}"] = value.detach()
        return self.every * self.weight(step) * value


class Round(NamedTuple):
    """What the discriminator saw in its last update: batches, before augmentation, and their raw scores [B]."""

    real: Batch
    fake: Batch
    real_scores: Tensor
    fake_scores: Tensor


@dataclass
class Augmentation:
    """What happens to real and generated images before the discriminator sees them.

    policies: names of `gan.augment.POLICIES`. probability: of each transformation of each image. target: of
    r_t = E[sign D(real)], towards which ADA moves the probability (`gan.augment.adjusted`); None leaves it as it is.
    """

    policies: Sequence[str] = ()
    probability: float = 1.0
    target: float | None = None


class Adversarial(Method):
    """The game. `step` is the body of Algorithm 1; everything else is passed in or follows from it."""

    def __init__(
        self,
        generator: Player,
        discriminator: Player,
        objective: Objective,
        setup: Setup,
        *,
        penalties: Sequence[Penalty] = (),
        generator_penalties: Sequence[Penalty] = (),
        augmentation: Augmentation | None = None,
        discriminator_steps: int = 1,
        share_fakes: bool = False,
        simultaneous: bool = False,
        clip: float = 0.0,
        pack: int = 1,
        privacy: Privacy | None = None,
    ) -> None:
        """The game before its first step.

        generator, discriminator   the players: networks z, classes → images and images, classes → raw scores, [B], or
                                   [B, K] of K discriminators in one, each of which plays the game
        objective                  what each of them minimises
        setup                      prior, batch, randomness, runtime and average
        penalties                  terms of the discriminator's loss
        generator_penalties        terms of the generator's loss
        augmentation               of every image that the discriminator sees; None: none
        discriminator_steps        k, updates of the discriminator for each of the generator's
        share_fakes                the generator's update reuses the last fakes that the discriminator saw
        simultaneous               both players update from the same weights, on the same fakes; needs k = 1
        clip                       after each update the discriminator's weights are clipped to ±clip; 0: never
        pack                       samples that the discriminator scores together, by `packing`: B / pack scores
        privacy                    the discriminator's updates are differentially private; real batches then vary in
                                   size, `batch` images on average
        """
        super().__init__((generator, discriminator), setup)
        self.discriminator, self.objective = discriminator, objective
        self.penalties, self.generator_penalties = penalties, generator_penalties
        self.k, self.share_fakes, self.simultaneous, self.clip = discriminator_steps, share_fakes, simultaneous, clip
        self.pack, self.privacy = pack, privacy
        self.augmentation = augmentation or Augmentation()
        self.probability = torch.tensor(self.augmentation.probability, device=self.runtime.device)
        self.images_per_step = self.batch * discriminator_steps
        self.last_round: Round | None = None

    def step(self, step: int, batches: Batches) -> Record:
        """One round of the game: k updates of the discriminator, one of the generator."""
        with self.updates(step):
            if self.simultaneous:
                real = batches(step, 0)
                record = self.joint_step(real, self.generate(real.classes, step, self.k), step)
            else:
                for turn in range(self.k):
                    real = batches(step, turn)
                    fake = self.generate(real.classes, step, turn)
                    record = self.discriminator_step(real, fake, step, turn)

                if not self.share_fakes:
                    fake = self.generate(real.classes, step, self.k)
                record |= self.generator_step(real, fake, step)

        return self.runtime.averaged(record)

    def generate(self, classes: Tensor | None, step: int, turn: int) -> Batch:
        """Images [B, C, H, W] of fresh latent vectors, float32, of the same classes as the real images beside them."""
        z = self.runtime.share(self.prior.sample(self.batch, self.random.at("latent", step, turn)))
        # A graph is kept only of the fakes that the generator's own update uses.
        with torch.set_grad_enabled(self.share_fakes or turn == self.k), self.runtime.autocast():
            fake: Tensor = self.generator.network(z, classes)
        return Batch(at_least_float32(fake), classes)

    def scores(self, batch: Batch, draw: Draw) -> Tensor:
        """Raw scores [B], float32, of images as the discriminator sees them; of several discriminators their mean."""
        return of_images(self._scores(batch, draw))

    def _scores(self, batch: Batch, draw: Draw) -> Tensor:
        """The same, [B], or [B, K] of K discriminators."""
        with self.runtime.autocast():
            scores: Tensor = self.augmented_discriminator(batch.classes, draw)(batch.images)
        return at_least_float32(scores)

    def discriminator_step(self, real: Batch, fake: Batch, step: int, turn: int = 0) -> Record:
        """Update the discriminator: its loss, penalties included."""
        fake, draw = detached(fake), self._draws("augment", step, turn)
        # Separate forwards: with batch norm, scores depend on which images share a batch (claim shared-statistics).
        real_scores, fake_scores = self._scores(real, draw), self._scores(fake, draw)
        self._remember(real, fake, real_scores, fake_scores)
        loss = self.objective.losses(real_scores, fake_scores).discriminator
        record = self.summary(loss, real_scores, fake_scores)
        if self.privacy is not None:
            gradients = self._private_gradients(self.privacy, real.images, real_scores, fake_scores, step, turn)
            record["gradient_norm/discriminator"] = self.discriminator.apply(gradients, loss, step)
        else:
            loss = self._penalised(loss, real, fake, draw, step, turn, record)
            record["gradient_norm/discriminator"] = self.discriminator.update(loss, step)
        self._clip_weights()
        return record

    def _private_gradients(
        self, privacy: Privacy, real: Tensor, real_scores: Tensor, fake_scores: Tensor, step: int, turn: int
    ) -> tuple[Tensor, ...]:
        """The gradient of the discriminator's loss, its part that comes from real images made private.

        The loss is a sum of both sides (no objective that compares them): each side's part is its gradient while the
        other side's scores are constant.
        """

        def of_real(scores: Tensor) -> Tensor:
            return self.objective.losses(at_least_float32(scores), torch.zeros_like(scores)).discriminator

        private = privacy.gradients(self.discriminator.network, real, of_real, self.batch, step, turn)
        of_fakes = self.discriminator.gradients(self.objective.losses(real_scores.detach(), fake_scores).discriminator)
        return tuple(one + other for one, other in zip(private, of_fakes, strict=True))

    def generator_step(self, real: Batch, fake: Batch, step: int) -> Record:
        """Update the generator through the discriminator's scores of its fakes."""
        draw = self._draws("augment", step, self.k)
        fake_scores = self._scores(fake, draw)
        with torch.no_grad():  # no gradient reaches the generator by way of real images
            real_scores = self._scores(real, draw) if self.objective.paired else torch.zeros_like(fake_scores)
        loss = self.objective.losses(real_scores, fake_scores).generator
        record = {"loss/generator": loss.detach()}
        if self.generator_penalties:
            z = self.runtime.share(self.prior.sample(self.batch, self.random.at("generator penalty", step)))
        for penalty in self.generator_penalties:
            loss = loss + penalty.added(step, record, self.generator.network, z, real, fake)
        record["gradient_norm/generator"] = self.generator.update(loss, step)
        return record

    def joint_step(self, real: Batch, fake: Batch, step: int) -> Record:
        """Update both players from the same weights, on the same fakes: neither sees the other's update."""
        draw = self._draws("augment", step, 0)
        real_scores, fake_scores = self._scores(real, draw), self._scores(fake, draw)
        self._remember(real, detached(fake), real_scores, fake_scores)
        losses = self.objective.losses(real_scores, fake_scores)
        record = self.summary(losses.discriminator, real_scores, fake_scores)
        record["loss/generator"] = losses.generator.detach()

        loss = self._penalised(losses.discriminator, real, detached(fake), draw, step, 0, record)

        gradients = self.discriminator.gradients(loss, keep_graph=True)
        record["gradient_norm/generator"] = self.generator.update(losses.generator, step)
        record["gradient_norm/discriminator"] = self.discriminator.apply(gradients, loss, step)
        self._clip_weights()
        return record

    def _remember(self, real: Batch, fake: Batch, real_scores: Tensor, fake_scores: Tensor) -> None:
        self.last_round = Round(real, fake, of_images(real_scores.detach()), of_images(fake_scores.detach()))

    def state(self) -> TensorGroups:
        """Every tensor that the next step depends on: one group a checkpoint file."""
        adaptive = {"augmentation": {"probability": self.probability}} if self.augmentation.target is not None else {}
        return super().state() | adaptive

    def load(self, groups: TensorGroups) -> None:
        """Continue from the tensors of an earlier `state`."""
        super().load(groups)
        if self.augmentation.target is not None and "augmentation" in groups:
            self.probability = groups["augmentation"]["probability"].to(self.runtime.device)

    def augmented_discriminator(self, classes: Tensor | None, draw: Draw) -> Discriminator:
        """Images [B, C, H, W] → raw scores [B] or [B, K]: the discriminator behind the augmentation, of packs."""
        beside = None if classes is None else packed(classes, self.pack)

        def score(images: Tensor) -> Tensor:
            if self.augmentation.policies:
                images = augment(images, self.augmentation.policies, self.probability, draw)
            scores: Tensor = self.discriminator.network(packed(images, self.pack), beside)
            return scores

        return score

    def _penalised(
        self, loss: Tensor, real: Batch, fake: Batch, draw: Draw, step: int, turn: int, record: Record
    ) -> Tensor:
        """The discriminator's loss with its penalties, for which a pack is one sample."""
        score, pack = self.augmented_discriminator(real.classes, draw), self.pack
        random = self._draws("penalty", step, turn, self.batch // pack)

        def of_packs(packs: Tensor) -> Tensor:
            return of_images(score(unpacked(packs, pack)))

        for penalty in self.penalties:
            sides = packed(real.images, pack), packed(fake.images, pack)
            loss = loss + penalty.added(step, record, of_packs, *sides, random)
        return loss

    def _clip_weights(self) -> None:
        if self.clip:
            clip_weights(self.discriminator.parameters, self.clip)

    def summary(self, loss: Tensor, real_scores: Tensor, fake_scores: Tensor) -> Record:
        """The record of the discriminator's loss, a scalar, and its scores [B] or [B, K]. Adapts the augmentation."""
        record = {"loss/discriminator": loss.detach()}
        for side, scores in (("real", real_scores.detach()), ("fake", fake_scores.detach())):
            record |= {f"score/{side}": scores.mean(), f"score/{side}_std": whole_batch.deviation(scores, correction=0)}
            if self.objective.probabilistic:
                record[f"probability/{side}"] = scores.sigmoid().mean()
        if self.augmentation.target is not None:
            sign = whole_batch.mean(real_scores.sign().mean())
            self.probability = adjusted(self.probability, sign, self.batch, self.augmentation.target)
            record |= {"augmentation/sign": sign, "augmentation/probability": self.probability}
        return record

    def _draws(self, purpose: str, step: int, turn: int, count: int | None = None) -> Draw:
        random, count = self.random.at(purpose, step, turn), count or self.batch
        return lambda *shape: self.runtime.share(torch.rand(count, *shape, generator=random))


def detached(batch: Batch) -> Batch:
    """The batch, its images without the graph that they came from."""
    return batch._replace(images=batch.images.detach())


def of_images(scores: Tensor) -> Tensor:
    """Scores [B] as they are; of [B, K] or [B, …], the mean over an image's."""
    return scores if scores.dim() == 1 else scores.flatten(1).mean(1)
