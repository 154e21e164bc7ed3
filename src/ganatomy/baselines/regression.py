"""Regression: a generator that is given an image learns the image beside it, without a game."""

from ganatomy.gan.method import Batches, Method, Record
from ganatomy.gan.penalties import l1
from ganatomy.system.precision import at_least_float32


class Regression(Method):
    """The generator, its only player, descends the mean absolute error: Lim et al. 2017 (arXiv:1707.02921), sec. 3.4.

    Of several images that a given one may come from it learns the median of each pixel, which is blurred.
    """

    def step(self, step: int, batches: Batches) -> Record:
        """One descent of E|G(y) − x|."""
        with self.updates(step):
            targets, given = batches(step, 0)
            z = self.runtime.share(self.prior.sample(self.batch, self.random.at("latent", step)))
            with self.runtime.autocast():
                drawn = self.generator.network(z, given)
            loss = l1(at_least_float32(drawn), targets)
            norm = self.generator.update(loss, step)
        return self.runtime.averaged({"loss/generator": loss.detach(), "gradient_norm/generator": norm})
