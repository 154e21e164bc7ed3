"""EDSR: it begins as the bicubic enlargement, and takes images of any size."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from ganatomy.networks.edsr import Generator
from ganatomy.networks.pair_shape import PairShape


def test_a_shape_has_the_one_that_is_given() -> None:
    assert PairShape(3, 16, 24, 4) == (3, 16, 24)
    assert PairShape(3, 16, 24, 4).given == (3, 4, 6)
    with pytest.raises(ValueError, match="16×26 pixels cannot be made 4 times smaller"):
        PairShape(3, 16, 26, 4)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_it_begins_as_the_bicubic_enlargement_of_any_size(scale: int) -> None:
    torch.manual_seed(0)
    network = Generator(1, PairShape(3, 16, 16, scale), width=4, blocks=1)
    given = torch.rand(2, 3, 5, 7) * 2 - 1
    larger = F.interpolate(given, size=(5 * scale, 7 * scale), mode="bicubic", align_corners=False)
    assert_close(network(torch.zeros(2, 1), given), larger)


def test_what_it_adds_is_of_the_given_image_and_not_of_z() -> None:
    torch.manual_seed(0)
    network = Generator(3, PairShape(1, 16, 16, 2), width=4, blocks=2)
    torch.nn.init.normal_(network.tail[-1].weight)
    given = torch.rand(2, 1, 8, 8)
    drawn = network(torch.randn(2, 3), given)
    assert_close(network(torch.randn(2, 3), given), drawn)
    assert (network(torch.zeros(2, 3), given.flip(0)) - drawn).abs().max() > 1e-3


def test_it_is_of_pairs_only() -> None:
    with pytest.raises(ValueError, match="it needs pairs"):
        Generator(1, (3, 16, 16))
    with pytest.raises(ValueError, match="no power of 2"):
        Generator(1, PairShape(3, 18, 18, 3))
