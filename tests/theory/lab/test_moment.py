"""What is seen of a game, against generators and discriminators of which it is known."""

from math import log

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganatomy import build
from ganatomy.theory.game import game
from ganatomy.theory.lab.moment import KNOTS, PULLED, look
from ganatomy.theory.lab.picture import best_discriminator, draw
from ganatomy.theory.lab.targets import TARGETS, ground


class Known(nn.Module):
    """A network that is a formula."""

    def __init__(self, formula) -> None:
        super().__init__()
        self.formula, self.weight = formula, nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.formula(x) + 0 * self.weight


def seen(target, generator, discriminator, objective="non_saturating"):
    place = ground(target)
    table = game(place.dimension, build.OBJECTIVES[objective], width=8)
    table.generator.network, table.discriminator.network = Known(generator), Known(discriminator)
    return place, look(place, table, 7)


def test_a_perfect_generator_before_an_undecided_discriminator():
    """V is −log 4, the divergence 0 within its error, D* ½ everywhere, and nothing is pulled."""
    place, moment = seen("line", lambda z: 0.6 * z, lambda x: 0 * x[:, 0])
    assert moment.value == pytest.approx(-log(4), abs=1e-6)
    assert abs(moment.divergence.value) <= moment.divergence.error < 1e-3
    assert moment.best_value == pytest.approx(-log(4), abs=2e-3)
    best = best_discriminator(place, moment)
    assert np.nanmax(np.abs(best - 0.5)) < 0.03
    assert moment.pulls.abs().max() == 0
    assert moment.step == 7


def test_a_generator_elsewhere_before_the_best_discriminator():
    """q = N(1, 0.6²), p = N(0, 0.6²): log p − log q = (1 − 2x)/(2·0.36), so V = −log 4 + 2·JSD, by another way."""
    place, moment = seen("line", lambda z: 0.6 * z + 1, lambda x: (1 - 2 * x[:, 0]) / 0.72)
    assert moment.value == pytest.approx(moment.best_value, abs=0.02)
    middle = np.abs(place.cells.points().squeeze(1).numpy() - 0.5) < 0.8
    wanted = torch.sigmoid(moment.scores).numpy()
    assert np.abs(best_discriminator(place, moment) - wanted)[middle].max() < 0.02
    # −∂/∂x softplus(−s(x)) = σ(−s)·s′(x), s′ = −1/0.36: towards the real points, the more so the surer D is.
    x = moment.fakes[:PULLED, 0]
    expected = torch.sigmoid(-(1 - 2 * x) / 0.72) * -1 / 0.36
    assert torch.allclose(moment.pulls[:, 0], expected, atol=1e-5)


def test_a_collapsed_generator_reaches_one_mode():
    place, moment = seen("ring", lambda z: 0.01 * z + torch.tensor([1.0, 0.0]), lambda x: x[:, 0])
    assert moment.modes.covered.value == 1
    assert moment.modes.high_quality.value == 1
    assert moment.divergence.value > 0.4
    assert moment.q.max() > 0.05
    assert np.isnan(best_discriminator(place, moment)).mean() > 0.5  # most of the plane is empty


def test_the_mesh_is_what_the_generator_makes_of_evenly_probable_lines():
    _, moment = seen("moons", lambda z: 2 * z, lambda x: x[:, 0])
    assert moment.mesh.shape[1:] == (KNOTS, 2)
    across = moment.mesh[:, KNOTS // 2, 0]  # 2·Φ⁻¹ of shares with equal steps
    shares = torch.special.ndtr(across[: len(across) // 2] / 2)
    assert torch.allclose(shares.diff(), shares.diff()[0].expand(len(shares) - 1), atol=1e-5)
    _, moment = seen("two", lambda z: z, lambda x: x[:, 0])
    assert moment.mesh.shape == (1, KNOTS, 1)


def test_looking_changes_nothing():
    place = ground("ring")
    table = game(2, build.OBJECTIVES["hinge"], width=8)
    before = {name: value.clone() for name, value in table.discriminator.network.state_dict().items()}
    first, again = look(place, table, 0), look(place, table, 0)
    assert first.value == again.value
    assert torch.equal(first.fakes, again.fakes)
    assert all(torch.equal(before[name], value) for name, value in table.discriminator.network.state_dict().items())
    assert all(parameter.grad is None for parameter in table.generator.parameters)


@pytest.mark.parametrize("target", list(TARGETS))
def test_every_target_lies_in_sight(target):
    """Hardly anything lies in the outermost cells, where everything outside is put."""
    place = ground(target)
    assert place.masses.sum().item() == pytest.approx(1)
    counts = place.cells.counts
    edge = torch.ones(counts, dtype=torch.bool)
    edge[tuple(slice(1, -1) for _ in counts)] = False
    drawn = place.cells.histogram(place.density.sample(20_000, torch.Generator().manual_seed(0)))
    assert drawn.view(*counts)[edge].sum() < 2e-3


@pytest.mark.parametrize(("target", "objective"), [("two", "wasserstein"), ("ring", "non_saturating")])
def test_pictures_show_what_was_seen(target, objective):
    place, moment = seen(target, lambda z: 0.5 * z, lambda x: x[:, 0], objective)
    _, other = seen(target, lambda z: 0.1 * z, lambda x: -x[:, 0], objective)
    probabilistic = build.OBJECTIVES[objective].probabilistic
    pictures = [draw(place, [each], probabilistic, 10, "a game") for each in (moment, moment, other)]
    assert pictures[0].shape[2] == 3
    assert pictures[0].dtype == np.uint8
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
