"""CUT's generator: images of any size, patches at the same places of two images, and what they follow from."""

import pytest
import torch
from torch.testing import assert_close

from ganatomy.networks.cut import COMPARED, PATCHES, Generator
from ganatomy.networks.pair_shape import PairShape


def network(channels: int = 3) -> Generator:
    torch.manual_seed(0)
    return Generator(3, PairShape(channels, 16, 16), width=4, levels=2, blocks=2).eval()


def test_images_have_any_size_and_z_is_not_read() -> None:
    generator, given = network(1), torch.rand(2, 1, 13, 22) * 2 - 1
    drawn = generator(torch.randn(2, 3), given)
    assert drawn.shape == given.shape
    assert drawn.abs().max() < 1
    assert_close(generator(torch.randn(2, 3), given), drawn)


def test_patches_are_unit_vectors_of_every_layer_of_the_encoder() -> None:
    """16×16 and 8×8 maps give PATCHES of them; the 4×4 maps, before and after the residual blocks, have 16."""
    found = network().patches(torch.rand(2, 3, 16, 16))
    assert [each.shape for each in found] == [(2, count, COMPARED) for count in (PATCHES, PATCHES, 16, 16)]
    for each in found:
        assert_close(each.norm(dim=2), torch.ones(each.shape[:2]))


def test_a_patch_follows_from_its_own_place() -> None:
    """The first layer sees 7×7 pixels; its normalisation is the only way from elsewhere."""
    generator, image = network(), torch.rand(1, 3, 16, 16)
    generator.encoder[0][1] = torch.nn.Identity()
    changed = image.clone()
    changed[:, :, 12:, 12:] = 0
    before, after = generator.patches(image)[0], generator.patches(changed)[0]
    grid = torch.linspace(0, 255, PATCHES).round().long()
    near = (grid // 16 >= 9) & (grid % 16 >= 9)
    assert_close(before[0, ~near], after[0, ~near])
    assert (before[0, near] - after[0, near]).abs().max() > 1e-3


def test_it_is_of_pairs_of_one_size() -> None:
    with pytest.raises(ValueError, match="it needs pairs"):
        Generator(1, (3, 16, 16))
    with pytest.raises(ValueError, match="as large as the given ones, not 2 times larger"):
        Generator(1, PairShape(3, 16, 16, 2))
