"""What crosses the network, counted, and how long that takes, calculated."""

import pytest
from bench.traffic import FLOPS, HOP, SHARE, Traffic, by_gpus, by_recipe, count, counted, recipes

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.system.runtime import Runtime


def test_a_step_sends_the_gradients_of_both_players() -> None:
    found = count("digits")
    method = build.method(recipe("digits"), (1, 28, 28), Runtime())
    gradients = 4 * sum(weight.numel() for player in method.players for weight in player.parameters)
    statistics = 4 * sum(each.numel() for each in method.statistics)  # of batch normalisation
    assert 0 < found.bytes - gradients - statistics < 200  # losses and records


def test_a_ring_takes_the_time_of_its_bytes_and_of_its_hops() -> None:
    """Two processes send each byte once: a gigabyte at 8 Gbit/s takes a second; very many send it twice."""
    traffic = Traffic((3, 64, 64), messages=3, bytes=1e9, flops=1e9)
    assert traffic.seconds(2, 8) == pytest.approx(1 + 3 * 2 * HOP)
    assert traffic.seconds(1000, 8) == pytest.approx(2 * 0.999 + 3 * 1998 * HOP)


def test_the_batch_is_the_smallest_whose_messages_take_little_of_a_step() -> None:
    traffic = Traffic((3, 64, 64), messages=8, bytes=25e6, flops=2e9)
    images = traffic.batch(8, 10)
    assert traffic.share(8, 10, images) < SHARE <= traffic.share(8, 10, images - 1)
    half = traffic.seconds(8, 10) * FLOPS / traffic.flops
    assert traffic.share(8, 10, round(half)) == pytest.approx(0.5, abs=1e-3)


def test_the_page_has_every_recipe_of_images() -> None:
    assert set(counted()) == set(recipes())
    assert all(f"`{name}`" in by_recipe() for name in recipes())
    assert "| 512 |" in by_gpus()
