"""Snapshots of games between generators and discriminators that are formulas; and their pictures."""

from math import log

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ganatomy.gan.objectives import OBJECTIVES
from ganatomy.theory.game import new_game
from ganatomy.theory.lab.arrows import arrow_scale
from ganatomy.theory.lab.picture import arrows, draw, optimal_discriminator
from ganatomy.theory.lab.snapshot import ARROWS, KNOTS, LabSnapshot, take_snapshot
from ganatomy.theory.lab.targets import TARGETS, Target


class Known(nn.Module):
    """A network that is a formula."""

    def __init__(self, formula) -> None:
        super().__init__()
        self.formula, self.weight = formula, nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.formula(x) + 0 * self.weight


def snapshot_of(name, generator, discriminator, objective="non_saturating") -> tuple[Target, LabSnapshot]:
    target = TARGETS[name]()
    game = new_game(target.dimension, objective, width=8)
    game.generator.network, game.discriminator.network = Known(generator), Known(discriminator)
    return target, take_snapshot(target, game, 7)


def test_a_perfect_generator_and_an_undecided_discriminator():
    """V is −log 4, the divergence 0 within its error, D* ½ everywhere, and nothing is pushed."""
    target, snapshot = snapshot_of("line", lambda z: 0.6 * z, lambda x: 0 * x[:, 0])
    assert snapshot.value == pytest.approx(-log(4), abs=1e-6)
    assert abs(snapshot.divergence.value) <= snapshot.divergence.error < 1e-3
    assert snapshot.best_value.value == pytest.approx(-log(4), abs=2e-3)
    assert snapshot.distance == pytest.approx(0, abs=0.01)
    best = optimal_discriminator(target, snapshot)
    assert np.nanmax(np.abs(best - 0.5)) < 0.03
    assert snapshot.descent.abs().max() == 0
    assert snapshot.step == 7


def test_a_generator_elsewhere_and_the_optimal_discriminator():
    """q = N(1, 0.6²), p = N(0, 0.6²): log p − log q = (1 − 2x)/(2·0.36), so V = −log 4 + 2·JSD, by another way."""
    target, snapshot = snapshot_of("line", lambda z: 0.6 * z + 1, lambda x: (1 - 2 * x[:, 0]) / 0.72)
    assert snapshot.value == pytest.approx(snapshot.best_value.value, abs=0.02)
    middle = np.abs(target.grid.points().squeeze(1).numpy() - 0.5) < 0.8
    wanted = torch.sigmoid(snapshot.scores).numpy()
    assert np.abs(optimal_discriminator(target, snapshot) - wanted)[middle].max() < 0.02
    # −∂/∂x softplus(−s(x)) = σ(−s)·s′(x), s′ = −1/0.36: towards the real points, the more so the surer D is.
    x = snapshot.fakes[:ARROWS, 0]
    expected = torch.sigmoid(-(1 - 2 * x) / 0.72) * -1 / 0.36
    assert torch.allclose(snapshot.descent[:, 0], expected, atol=1e-5)


def test_a_collapsed_generator_reaches_one_mode():
    target, snapshot = snapshot_of("ring", lambda z: 0.01 * z + torch.tensor([1.0, 0.0]), lambda x: x[:, 0])
    assert snapshot.modes.covered.value == 1
    assert snapshot.modes.high_quality.value == 1
    assert snapshot.divergence.value > 0.4
    assert snapshot.q.max() > 0.05
    assert np.isnan(optimal_discriminator(target, snapshot)).mean() > 0.5  # most of the plane is empty


def test_the_mesh_is_what_the_generator_makes_of_evenly_probable_lines():
    _, snapshot = snapshot_of("ring", lambda z: 2 * z, lambda x: x[:, 0])
    assert snapshot.mesh.shape[1:] == (KNOTS, 2)
    across = snapshot.mesh[:, KNOTS // 2, 0]  # 2·Φ⁻¹ of shares with equal steps
    shares = torch.special.ndtr(across[: len(across) // 2] / 2)
    assert torch.allclose(shares.diff(), shares.diff()[0].expand(len(shares) - 1), atol=1e-5)
    _, snapshot = snapshot_of("two", lambda z: z, lambda x: x[:, 0])
    assert snapshot.mesh.shape == (1, KNOTS, 1)


def test_a_snapshot_changes_nothing():
    target = TARGETS["ring"]()
    game = new_game(2, "hinge", width=8)
    before = {name: value.clone() for name, value in game.discriminator.network.state_dict().items()}
    first, again = take_snapshot(target, game, 0), take_snapshot(target, game, 0)
    assert first.value == again.value
    assert torch.equal(first.fakes, again.fakes)
    assert all(torch.equal(before[name], value) for name, value in game.discriminator.network.state_dict().items())
    assert all(parameter.grad is None for parameter in game.generator.parameters)


def test_a_wasserstein_critic_has_no_distance_from_the_optimal_discriminator():
    _, snapshot = snapshot_of("two", lambda z: z, lambda x: x[:, 0], "wasserstein")
    assert snapshot.distance is None


@pytest.mark.parametrize(("name", "axis"), [("far", 0), ("ring", 0)])
def test_arrows_are_as_long_as_their_gradients_and_vanish_with_them(name, axis):
    """Arrow lengths, read from the picture's quiver: on one scale, cut at the longest, nothing for a tiny gradient."""
    drawn = {}
    for slope in (1e-6, 1.0, 2.0, 1000.0):
        target, snapshot = snapshot_of(
            name, lambda z: 0.1 * z, lambda x, slope=slope: slope * x[:, axis], "wasserstein"
        )
        figure = Figure()
        panel = figure.subplots()
        arrows(panel, target, np.zeros((1, 2)), snapshot.descent[:1, [axis]].numpy() * [[1.0, 0.0]])
        (quiver,) = panel.collections
        drawn[slope] = float(np.hypot(quiver.U, quiver.V).max() / quiver.scale)
        assert len(panel.artists) == 1  # the legend
    scale = arrow_scale(target)
    side = target.grid.high[0] - target.grid.low[0]
    assert drawn[2.0] == pytest.approx(2 * drawn[1.0], rel=1e-4)
    assert drawn[1.0] == pytest.approx(scale.per_gradient, rel=1e-4)
    assert drawn[1000.0] == pytest.approx(scale.longest, rel=1e-4)
    assert drawn[1e-6] < 1e-6 * side
    assert 0.05 * side < scale.example * scale.per_gradient < 0.2 * side


@pytest.mark.parametrize(("name", "objective"), [("two", "wasserstein"), ("ring", "non_saturating")])
def test_a_picture_shows_its_snapshot(name, objective):
    target, snapshot = snapshot_of(name, lambda z: 0.5 * z, lambda x: x[:, 0], objective)
    _, other = snapshot_of(name, lambda z: 0.1 * z, lambda x: -x[:, 0], objective)
    probabilistic = OBJECTIVES[objective].probabilistic
    shown, changed = (draw(target, [each], probabilistic, 10, "a game") for each in (snapshot, other))
    assert (shown.shape[2], shown.dtype) == (3, np.uint8)
    assert not np.array_equal(shown, changed)
    if target.dimension == 1:
        assert np.array_equal(shown, draw(target, [snapshot], probabilistic, 10, "a game"))
