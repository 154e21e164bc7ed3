"""PatchGAN: what a score sees, and that it sees the given image too."""

import pytest
import torch

from ganatomy.networks.pair_shape import PairShape
from ganatomy.networks.patchgan import Discriminator


@pytest.mark.parametrize(("layers", "side"), [(1, 16), (2, 34), (3, 70)])
def test_a_score_sees_the_patch_that_the_paper_states(layers: int, side: int) -> None:
    """Isola et al. 2017, appendix 6.1.2: 16×16, and 70×70 with three strided layers."""
    torch.manual_seed(0)
    network = Discriminator(PairShape(1, 128, 128), width=2, layers=layers, norm="none")
    images = torch.rand(1, 1, 128, 128, requires_grad=True)
    scores = network(images, torch.rand(1, 1, 128, 128))
    assert scores.shape == (1, network.discriminators)
    middle = scores.unflatten(1, (int(network.discriminators**0.5), -1))[0]
    (seen,) = torch.autograd.grad(middle[len(middle) // 2, len(middle) // 2], images)
    touched = seen[0, 0].abs() > 0
    assert touched.any(0).sum() == touched.any(1).sum() == side


@pytest.mark.parametrize("norm", ["batch", "spectral", "none"])
def test_a_score_is_of_an_image_beside_the_given_one(norm: str) -> None:
    torch.manual_seed(0)
    network = Discriminator(PairShape(3, 16, 24, 4), width=4, layers=2, norm=norm).eval()
    images, given = torch.rand(2, 3, 16, 24), torch.rand(2, 3, 4, 6)
    scores = network(images, given)
    assert scores.shape == (2, network.discriminators)
    assert (network(images, given.flip(0)) - scores).abs().max() > 1e-4
    assert (network(images.flip(0), given) - scores).abs().max() > 1e-4


def test_it_refuses_what_it_cannot_judge() -> None:
    with pytest.raises(ValueError, match="16×16 pixels are too few for 4 strided layers"):
        Discriminator(PairShape(1, 16, 16), layers=4)
    with pytest.raises(ValueError, match="it needs pairs"):
        Discriminator((1, 16, 16))
