"""What the claim on enlarged digits measures, against closed forms."""

import numpy as np
import pytest
import torch

from ganatomy.experiments.claims.enlarging import LOSSES, detail, drawn, smaller_digits, trained
from ganatomy.modalities.images import to_float, to_uint8
from ganatomy.networks.edsr import enlarged


def test_detail_is_the_mean_squared_difference_of_neighbours() -> None:
    steps = np.zeros((2, 4, 6, 1), np.uint8)
    steps[:, :, 3:] = 51  # across, one difference of 1/5 among five; down, none
    assert detail(steps) == pytest.approx(0.2**2 / 5)
    assert detail(np.full((1, 4, 4, 1), 9, np.uint8)) == 0


def test_a_generator_goes_on_from_another_one() -> None:
    """Without a step a first one draws the bicubic enlargement, and another one has its weights."""
    pairs, others = smaller_digits(0)
    assert (len(pairs), len(others)) == (4000, 1000)
    given, _ = others.at(np.arange(20))
    first = trained(LOSSES["L2 alone"], 0, pairs, 0)
    assert (drawn(first, given) == to_uint8(enlarged(to_float(torch.from_numpy(given)), 4))).all()
    for parameter in first.generator.network.parameters():
        parameter.data.add_(0.01)
    after = trained(LOSSES["game"], 0, pairs, 0, start=first)
    for network in (after.generator.network, after.average.module):
        state = network.state_dict()
        assert all(torch.equal(state[name], tensor) for name, tensor in first.generator.network.state_dict().items())
