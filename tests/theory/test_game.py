"""The game in the plane: it is played by the library's own loop, and learns."""

from functools import partial

import pytest
import torch

from ganatomy import build
from ganatomy.adversarial import Penalty
from ganatomy.metrics.classes import modes
from ganatomy.schedules import at
from ganatomy.theory.densities import ring
from ganatomy.theory.game import Points, play


def smooth(weight: float) -> list[Penalty]:
    return [Penalty(name, partial(at, weight), build.PENALTIES[name]) for name in ("r1", "r2")]


def test_it_learns_a_wide_ring() -> None:
    """Eight modes of deviation 0.1, of which a network that knows nothing reaches none with many points."""
    target, objective = ring(deviation=0.1), build.OBJECTIVES["relativistic_pairing"]
    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
    found = []
    for steps in (0, 700):
        points = play(target, objective, smooth(0.1), steps=steps, learning_rate=2e-3, width=64).sample(z)
        found.append(modes(points.numpy(), target.centres.numpy(), 0.1, least=10))
    assert found[0].covered.value <= 2
    assert found[1].covered.value >= 7
    assert found[1].high_quality.value > 0.6 > found[0].high_quality.value


def test_a_seed_is_a_game() -> None:
    objective = build.OBJECTIVES["hinge"]
    ends = [play(ring(), objective, steps=5, seed=seed, width=8).state() for seed in (3, 3, 4)]
    first, again, other = (end["generator"]["0.weight"] for end in ends)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_points_are_scored_one_number_each() -> None:
    assert Points(2, 1, 8)(torch.zeros(5, 2)).shape == (5,)
    assert Points(2, 3, 8)(torch.zeros(5, 2)).shape == (5, 3)
    assert sum(isinstance(layer, torch.nn.ReLU) for layer in Points(2, 1, 8)) == 3


@pytest.mark.parametrize("way", ["clip", "penalty"])
def test_critics_are_kept_weak(way: str) -> None:
    objective = build.OBJECTIVES["wasserstein"]
    options = {"clip": 0.02} if way == "clip" else {"penalties": smooth(1.0)}
    game = play(ring(), objective, **options, steps=3, width=8)
    most = max(weight.abs().max().item() for weight in game.discriminator.parameters)
    assert (most <= 0.02 + 1e-7) == (way == "clip")
