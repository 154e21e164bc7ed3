"""Regression: of the mean absolute error the minimum is the median, of the mean squared error the mean."""

from typing import Any

import pytest
import torch

from ganatomy import build
from ganatomy.config.recipes import recipe
from ganatomy.config.settings import change
from ganatomy.errors import UserError
from ganatomy.gan.method import Batch, Method
from ganatomy.networks.pair_shape import PairShape
from ganatomy.system.runtime import Runtime
from tiny import tiny

TARGETS = [1.0, 1, 1, -0.6, -0.6, -0.6, -0.6, -0.6]  # three white, five a dark grey


def edsr(**changes: Any) -> Method:
    settings = {"generator_optimiser.learning_rate": 0.02, "average.decay": 0.9, **changes}
    return build.method(change(recipe("edsr"), {**tiny("edsr"), **settings}), PairShape(1, 16, 16, 4), Runtime())


@pytest.mark.parametrize(
    ("weights", "first", "learnt"),
    [
        ({"penalties.l1": 1.0}, (3 * 1 + 5 * 0.6) / 8, -0.6),  # the median
        ({"penalties.l1": 0.0, "penalties.l2": 2.0}, 2 * (3 * 1 + 5 * 0.36) / 8, 0.0),  # the mean
        ({"penalties.l1": 4.0, "penalties.l2": 1.0}, 4 * 0.75 + 0.6, -0.5),  # 4·(5 − 3)/8 + 2·(−x) = 0
    ],
)
def test_what_it_learns_of_all_that_a_given_image_may_come_from(
    weights: dict[str, float], first: float, learnt: float
) -> None:
    method, given = edsr(**weights), torch.zeros(8, 1, 4, 4)
    targets = torch.tensor(TARGETS).view(8, 1, 1, 1).expand(8, 1, 16, 16)
    losses = [method.step(step, lambda step, turn: Batch(targets, given))["loss/generator"] for step in range(150)]
    assert losses[0].item() == pytest.approx(first)
    drawn = method.sample(method.prior.of_given(given[:1]))
    assert (drawn - learnt).abs().mean() < 0.1


def test_without_a_distance_there_is_nothing_to_descend() -> None:
    with pytest.raises(UserError, match=r"penalties\.l1=1 or penalties\.l2=1"):
        edsr(**{"penalties.l1": 0.0})
