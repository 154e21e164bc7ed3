"""Regression: a generator that is given an image learns the image beside it, without a game."""

from collections.abc import Sequence

from ganatomy.gan.adversarial import Penalty
from ganatomy.gan.method import Batch, Batches, Method, Record, Setup
from ganatomy.gan.player import Player
from ganatomy.system.precision import at_least_float32


class Regression(Method):
    """The generator, its only player, descends its distance from the targets, as Lim et al. 2017 (arXiv:1707.02921).

    Of several images that a given one may come from it learns, in each pixel, their median by `l1` and their mean by
    `l2`: both are blurred.
    """

    def __init__(self, players: Sequence[Player], setup: Setup, distances: Sequence[Penalty]) -> None:
        """distances: terms of the loss, as a game's `generator_penalties`."""
        super().__init__(players, setup)
        self.distances = distances

    def step(self, step: int, batches: Batches) -> Record:
        """One descent of the sum of the distances."""
        record: Record = {}
        with self.updates(step):
            targets, given = real = batches(step, 0)
            z = self.runtime.share(self.prior.sample(self.batch, self.random.at("latent", step)))
            with self.runtime.autocast():
                drawn = self.generator.network(z, given)
            fake = Batch(at_least_float32(drawn), given)
            loss = targets.new_zeros(())
            for distance in self.distances:
                loss = loss + distance.added(step, record, self.generator.network, z, real, fake)
            record["loss/generator"] = loss.detach()
            record["gradient_norm/generator"] = self.generator.update(loss, step)
        return self.runtime.averaged(record)
