"""The game in the plane: it is played by the library's own loop, and learns."""

import pytest
import torch

from ganatomy.evaluation.metrics.classes import modes
from ganatomy.theory.densities import ring
from ganatomy.theory.game import PointDiscriminator, PointGenerator, cosine_decay, new_game, play


def smooth(weight: float) -> dict[str, float]:
    return {"r1": weight, "r2": weight}


def test_it_learns_a_wide_ring() -> None:
    """Eight modes of deviation 0.1, of which a network that knows nothing reaches none with many points."""
    target, objective = ring(deviation=0.1), "relativistic_pairing"
    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
    found = []
    for steps in (0, 250):
        game = new_game(2, objective, smooth(0.1), batch=128, learning_rates=(2e-3, 2e-3), width=64)
        points = play(target, game, steps).sample(z)
        found.append(modes(points.numpy(), target.centres.numpy(), 0.1, least=10))
    assert found[0].covered.value <= 2
    assert found[1].covered.value >= 7
    assert found[1].high_quality.value > 0.6 > found[0].high_quality.value


def test_a_seed_is_a_game() -> None:
    objective = "hinge"
    ends = [play(ring(), new_game(2, objective, seed=seed, width=8), 5).state() for seed in (3, 3, 4)]
    first, again, other = (end["generator"]["0.weight"] for end in ends)
    in_two_parts = play(ring(), play(ring(), new_game(2, objective, seed=3, width=8), 2), 5, begin=2)
    assert torch.equal(first, again)
    assert torch.equal(first, in_two_parts.state()["generator"]["0.weight"])
    assert not torch.equal(first, other)


def test_rates_may_fall_and_the_discriminator_may_be_ones_own() -> None:
    assert [cosine_decay(0.2, 10)(step) for step in (0, 5, 10, 99)] == pytest.approx([0.2, 0.1, 0, 0])
    own = PointDiscriminator(2, 8)
    game = new_game(2, "hinge", width=8, learning_rates=(cosine_decay(1e-3, 2), 1e-3), discriminator=own)
    assert game.discriminator.network is own
    still, moving = (
        [parameter.clone() for parameter in play(ring(), game, end, begin).generator.parameters]
        for begin, end in ((0, 2), (2, 3))
    )
    assert all(torch.equal(*pair) for pair in zip(still, moving, strict=True))  # the rate has fallen to nothing


def test_points_on_the_line_and_in_the_plane() -> None:
    for dimension in (1, 2):
        x = torch.randn(6, dimension)
        assert PointGenerator(dimension, 8)(x).shape == (6, dimension)
        assert PointDiscriminator(dimension, 8)(x).shape == (6,)
        assert PointDiscriminator(dimension, 8, pack=3)(x).shape == (2,)


def test_points_judged_together_have_one_score() -> None:
    """Neighbours in the batch share it; others have no say."""
    network, x = PointDiscriminator(2, 8, pack=2), torch.randn(6, 2)
    changed = x.clone()
    changed[3] += 1
    assert (network(x) != network(changed)).tolist() == [False, True, False]


def test_a_discriminator_that_sees_the_deviation_can_tell_a_collapsed_batch() -> None:
    network, spread = PointDiscriminator(2, 8, sees_deviation=True), torch.randn(64, 2)
    point = spread[:1].expand(64, 2)
    assert network(spread)[0] != network(point)[0]
    assert network.layers[0].weight.shape == (8, 3)
    plain = PointDiscriminator(2, 8)
    assert torch.isclose(plain(spread)[0], plain(point)[0])


@pytest.mark.parametrize("way", ["clip", "penalty"])
def test_critics_are_kept_weak(way: str) -> None:
    objective = "wasserstein"
    options = {"clip": 0.02} if way == "clip" else {"penalties": smooth(1.0)}
    game = play(ring(), new_game(2, objective, **options, width=8), 3)
    most = max(weight.abs().max().item() for weight in game.discriminator.parameters)
    assert (most <= 0.02 + 1e-7) == (way == "clip")
