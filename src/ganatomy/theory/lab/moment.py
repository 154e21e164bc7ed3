"""What there is to see of a game at one moment, in numbers."""

from dataclasses import dataclass
from math import log

import torch
from torch import Generator, Tensor

from ganatomy.evaluation.metrics import classes
from ganatomy.gan.adversarial import Adversarial
from ganatomy.gan.objectives import cross_entropy
from ganatomy.theory import pushforward
from ganatomy.theory.lab.targets import Ground
from ganatomy.theory.pushforward import Estimated

FAKES, PULLED = 1000, 80  # points that are shown, and those of them whose gradients are
JUDGED = 16_384  # real and generated points that make V
STRATA = 16_384  # points of one draw of q
LINES, KNOTS = 17, 61  # of the latent mesh: lines in each direction, and points of a line


@dataclass(frozen=True)
class Moment:
    """The generator as it is, and the discriminator that it faces.

    fakes        generated points, [FAKES, d]
    pulls        where the generator's loss sends the first of them: −∂L_G/∂x, [PULLED, d]
    scores       the discriminator's raw scores in the middles of the cells, [N]
    q            the generator's masses in the cells, [N]
    mesh         lines of equal probability in latent space, as the generator bends them: [lines, KNOTS, d]
    value        V(D, G): Goodfellow et al. 2014, eq. 1
    divergence   Jensen–Shannon, of p and q in the cells
    modes        reached, and the share of good points; None where the target has none
    """

    step: int
    fakes: Tensor
    pulls: Tensor
    scores: Tensor
    q: Tensor
    mesh: Tensor
    value: float
    divergence: Estimated
    modes: classes.ModesResult | None

    @property
    def best_value(self) -> float:
        """−log 4 + 2·JSD: what V would be if the discriminator were the best there is."""
        return -log(4) + 2 * self.divergence.value


def look(ground: Ground, game: Adversarial, step: int, strata: int = STRATA) -> Moment:
    """The game after that many rounds; changes nothing. strata: fewer are faster, and the divergence's error larger."""
    generator, discriminator = game.generator.network, game.discriminator.network
    dimension, cells, random = ground.dimension, ground.cells, Generator().manual_seed(0)

    fakes = generator(torch.randn(FAKES, dimension, generator=random)).detach()
    pulled = fakes[:PULLED].clone().requires_grad_()
    real = ground.density.sample(PULLED, random)
    loss = game.objective.losses(discriminator(real), discriminator(pulled)).generator
    (slope,) = torch.autograd.grad(loss, pulled)

    with torch.no_grad():
        if dimension == 1:
            q = pushforward.change_of_variables(generator, cells)
        else:
            q = pushforward.histogram(generator, cells, dimension, random)
        reals = discriminator(ground.density.sample(JUDGED, random))
        judged = discriminator(generator(pushforward.stratified(JUDGED, dimension, random).float()))
        value = -cross_entropy(reals, judged)
        scores = discriminator(cells.points().float())
        mesh = generator(_mesh(dimension).flatten(0, 1)).unflatten(0, (-1, KNOTS))

    density = ground.modes
    return Moment(
        step=step,
        fakes=fakes,
        pulls=-slope * PULLED,  # the loss is a mean
        scores=scores.double(),
        q=q,
        mesh=mesh,
        value=value.item(),
        divergence=pushforward.divergence(ground.masses, generator, cells, dimension, count=strata),
        modes=classes.modes(fakes.numpy(), density.centres.numpy(), density.deviation) if density else None,
    )


def _mesh(dimension: int) -> Tensor:
    """Latent lines with equal probability between them, [lines, KNOTS, d]; of a single dimension one, its quantiles."""
    share = torch.linspace(0.005, 0.995, KNOTS)
    along = torch.special.ndtri(share)
    if dimension == 1:
        return along[None, :, None]
    across = torch.special.ndtri(torch.linspace(0.01, 0.99, LINES))
    rows = torch.stack(torch.meshgrid(across, along, indexing="ij"), 2)
    return torch.cat([rows, rows.flip(2)])
