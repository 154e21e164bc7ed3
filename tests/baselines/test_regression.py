"""Regression: it descends the mean absolute error, whose minimum is the median."""

import pytest
import torch

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.gan.method import Batch
from ganatomy.networks.pair_shape import PairShape
from ganatomy.system.runtime import Runtime
from tiny import tiny


def test_it_learns_the_median_of_what_a_given_image_may_come_from() -> None:
    """Of eight targets three are white and five a dark grey: their mean is 0, and their median −0.6."""
    changes = {"generator_optimiser.learning_rate": 0.02, "average.decay": 0.9}
    method = build.method(change(recipe("edsr"), {**tiny("edsr"), **changes}), PairShape(1, 16, 16, 4), Runtime())
    given = torch.zeros(8, 1, 4, 4)
    targets = torch.tensor([1.0, 1, 1, -0.6, -0.6, -0.6, -0.6, -0.6]).view(8, 1, 1, 1).expand(8, 1, 16, 16)
    losses = [method.step(step, lambda step, turn: Batch(targets, given))["loss/generator"] for step in range(150)]
    assert losses[0].item() == pytest.approx((3 * 1 + 5 * 0.6) / 8)
    drawn = method.sample(method.prior.of_given(given[:1]))
    assert (drawn + 0.6).abs().mean() < 0.1
