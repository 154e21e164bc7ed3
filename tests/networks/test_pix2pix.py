"""pix2pix's U-Net: the paper's layers, images of any size, and what reaches what is drawn."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from ganatomy.networks.pair_shape import PairShape
from ganatomy.networks.pix2pix import Generator


def convolutions(network: Generator) -> list[tuple[int, int]]:
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    return [(layer.in_channels, layer.out_channels) for layer in network.modules() if isinstance(layer, kinds)]


def test_its_layers_are_the_papers() -> None:
    """C64-C128-C256-C512-C512-C512-C512-C512, then CD512-CD1024-CD1024-C1024-C1024-C512-C256-C128 inputs: 6.1.1."""
    network = Generator(1, PairShape(3, 256, 256), width=64, levels=8)
    down = [(3, 64), (64, 128), (128, 256), (256, 512), *[(512, 512)] * 4]
    up = [(512, 512), *[(1024, 512)] * 3, (1024, 256), (512, 128), (256, 64), (128, 3)]
    assert convolutions(network) == [*down, *up]
    norms = [module.num_features for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert norms == [128, 256, *[512] * 5, *[512] * 4, 256, 128, 64]  # neither next to the given image nor to the drawn


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_images_have_any_size_and_z_is_not_read(norm: str) -> None:
    torch.manual_seed(0)
    network = Generator(3, PairShape(1, 16, 16), width=4, levels=3, norm=norm).eval()
    given = torch.rand(2, 1, 13, 22) * 2 - 1
    drawn = network(torch.randn(2, 3), given)
    assert drawn.shape == given.shape
    assert drawn.abs().max() < 1
    assert_close(network(torch.randn(2, 3), given), drawn)


def test_details_pass_beside_the_smallest_map() -> None:
    """A pixel of the given image reaches the drawn one where it is, even if the smallest map is silent."""
    torch.manual_seed(0)
    network = Generator(1, PairShape(1, 16, 16), width=4, levels=3, norm="none").eval()
    nn.init.zeros_(network.up[0][1].weight)
    given = torch.zeros(1, 1, 32, 32)
    spot = given.clone()
    spot[0, 0, 4, 5] = 1
    change = (network(torch.zeros(1, 1), spot) - network(torch.zeros(1, 1), given)).abs()[0, 0]
    assert change[:12, :12].max() > 1e-3
    assert change[20:, 20:].max() == 0


def test_it_is_of_pairs_of_one_size() -> None:
    with pytest.raises(ValueError, match="it needs pairs"):
        Generator(1, (3, 16, 16))
    with pytest.raises(ValueError, match="as large as the given ones, not 2 times larger"):
        Generator(1, PairShape(3, 16, 16, 2))
