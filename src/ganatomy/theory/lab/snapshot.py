"""What can be measured of a game after a step."""

from dataclasses import dataclass
from math import log

import torch
from torch import Generator, Tensor

from ganatomy.evaluation.metrics import classes
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.objectives import cross_entropy
from ganatomy.theory import optimum, pushforward
from ganatomy.theory.lab.targets import Target
from ganatomy.theory.pushforward import BoundedEstimate

FAKES, ARROWS = 1000, 80  # generated points that are shown, and those of them whose gradients are
SCORED = 16_384  # real and generated points that V is measured on
STRATA = 16_384  # points of one draw of q
LINES, KNOTS = 17, 61  # of the latent mesh: lines in each direction, and points of a line


@dataclass(frozen=True)
class LabSnapshot:
    """A game after a step: the generator, and the discriminator that it faces.

    fakes        generated points, [FAKES, d]
    descent      the direction in which the generator's loss pushes the first of them: −∂L_G/∂x, [ARROWS, d]
    scores       the discriminator's raw scores at the centres of the cells, [N]
    q            the generator's masses in the cells, [N]
    mesh         lines of equal probability in latent space, mapped by the generator: [lines, KNOTS, d]
    distance     mean |D − D*| over real and generated points; None where the scores are no logits of probabilities
    value        V(D, G), in nats: Goodfellow et al. 2014, eq. 1
    divergence   Jensen–Shannon, between p and q on the grid, in nats
    modes        modes reached, and the share of points near one; None where the target has no countable modes
    """

    step: int
    fakes: Tensor
    descent: Tensor
    scores: Tensor
    q: Tensor
    mesh: Tensor
    distance: float | None
    value: float
    divergence: BoundedEstimate
    modes: classes.ModesResult | None

    @property
    def best_value(self) -> BoundedEstimate:
        """−log 4 + 2·JSD, in nats: V with the optimal discriminator."""
        return BoundedEstimate(-log(4) + 2 * self.divergence.value, 2 * self.divergence.error)

    @property
    def gradient(self) -> float:
        """The mean norm of the gradient on a generated point, in nats per unit of x."""
        return self.descent.norm(dim=1).mean().item()


def take_snapshot(target: Target, game: Adversarial, step: int, strata: int = STRATA) -> LabSnapshot:
    """Measure a game after that many rounds, without changing it.

    strata: points of one draw of q; fewer are faster and enlarge the divergence's error.
    """
    generator, discriminator = game.generator.network, game.discriminator.network
    dimension, grid, random = target.dimension, target.grid, Generator().manual_seed(0)

    fakes = generator(torch.randn(FAKES, dimension, generator=random)).detach()
    pushed = fakes[:ARROWS].clone().requires_grad_()
    real = target.density.sample(ARROWS, random)
    loss = game.objective.losses(discriminator(real), discriminator(pushed)).generator
    (slope,) = torch.autograd.grad(loss, pushed)

    with torch.no_grad():
        if dimension == 1:
            q = pushforward.change_of_variables(generator, grid)
        else:
            q = pushforward.histogram(generator, grid, dimension, random)
        real_scores = discriminator(target.density.sample(SCORED, random))
        fake_scores = discriminator(generator(pushforward.stratified(SCORED, dimension, random).float()))
        value = -cross_entropy(real_scores, fake_scores)
        scores = discriminator(grid.points().float())
        mesh = generator(_mesh(dimension).flatten(0, 1)).unflatten(0, (-1, KNOTS))

    mixture = target.modes
    return LabSnapshot(
        step=step,
        fakes=fakes,
        descent=-slope * ARROWS,  # the loss is a mean
        scores=scores.double(),
        q=q,
        mesh=mesh,
        distance=optimum.distance(target.masses, q, scores.double()) if game.objective.probabilistic else None,
        value=value.item(),
        divergence=pushforward.divergence(target.masses, generator, grid, dimension, count=strata),
        modes=classes.modes(fakes.numpy(), mixture.centres.numpy(), mixture.deviation) if mixture else None,
    )


def _mesh(dimension: int) -> Tensor:
    """Latent lines with equal probability between them, [lines, KNOTS, d]; on the line a single one, of quantiles."""
    share = torch.linspace(0.005, 0.995, KNOTS)
    along = torch.special.ndtri(share)
    if dimension == 1:
        return along[None, :, None]
    across = torch.special.ndtri(torch.linspace(0.01, 0.99, LINES))
    rows = torch.stack(torch.meshgrid(across, along, indexing="ij"), 2)
    return torch.cat([rows, rows.flip(2)])
