"""Differentially private updates: each image's gradient by itself, clipped, summed, and noise from a secret."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganatomy.gan.privacy import TOGETHER, Privacy, clipped_sum
from ganatomy.networks import dcgan
from ganatomy.networks.protocols import WithoutClasses
from ganatomy.system.runtime import Randomness

CLIP = 0.3


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, stride=2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(36, 1), nn.Flatten(0)]
    return WithoutClasses(nn.Sequential(*layers))


def images(count: int) -> Tensor:
    return torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def loss(scores: Tensor) -> Tensor:
    return softplus(-scores).mean()


def learning(network: nn.Module) -> dict[str, Tensor]:
    return dict(network.named_parameters())


def one_by_one(network: nn.Module, given: Tensor) -> list[Tensor]:
    """The same sum by a loop over images."""
    total = [torch.zeros_like(each) for each in network.parameters()]
    for image in given:
        gradients = torch.autograd.grad(loss(network(image[None], None)), list(network.parameters()))
        length = torch.cat([each.flatten() for each in gradients]).norm()
        for each, part in zip(total, gradients, strict=True):
            each += part * min(1.0, CLIP / float(length))
    return total


@pytest.mark.parametrize("count", [1, TOGETHER, TOGETHER + 5])
def test_each_images_gradient_is_clipped(network: nn.Module, count: int) -> None:
    found = clipped_sum(network, learning(network), images(count), loss, CLIP)
    for ours, expected in zip(found, one_by_one(network, images(count)), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-6)


def test_one_image_moves_the_sum_by_no_more_than_the_clip(network: nn.Module) -> None:
    given = images(8) * 100  # long gradients
    whole, without = (clipped_sum(network, learning(network), some, loss, CLIP) for some in (given, given[1:]))
    moved = torch.cat([(one - other).flatten() for one, other in zip(whole, without, strict=True)]).norm()
    assert float(moved) <= CLIP * (1 + 1e-5)


def test_no_image_no_gradient(network: nn.Module) -> None:
    assert all(not each.any() for each in clipped_sum(network, learning(network), images(0), loss, CLIP))


def test_the_noise_has_its_size_and_follows_from_secret_step_and_turn(network: nn.Module) -> None:
    def drawn(secret: int, step: int, turn: int = 0) -> Tensor:
        privacy = Privacy(2.0, CLIP, Randomness(secret))
        return torch.cat([each.flatten() for each in privacy.gradients(network, images(0), loss, 10, step, turn)])

    many = torch.cat([drawn(5, step) for step in range(200)])
    assert float(many.mean()) == pytest.approx(0, abs=4 * 0.06 / len(many) ** 0.5)
    assert float(many.std()) == pytest.approx(2.0 * CLIP / 10, rel=0.02)
    assert torch.equal(drawn(5, 1), drawn(5, 1))
    for other in (drawn(6, 1), drawn(5, 2), drawn(5, 1, 1)):
        assert not torch.equal(drawn(5, 1), other)


def test_a_layer_that_is_held_fixed_has_no_gradient(network: nn.Module) -> None:
    next(network.parameters()).requires_grad_(False)
    found = Privacy(1.0, CLIP, Randomness(0)).gradients(network, images(4), loss, 4, 0, 0)
    assert [each.shape for each in found] == [each.shape for each in network.parameters() if each.requires_grad]


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_the_discriminators_of_dcgan(norm: str) -> None:
    torch.manual_seed(0)
    network = WithoutClasses(dcgan.Discriminator((1, 16, 16), 4, norm=norm)).eval()
    given = torch.rand(3, 1, 16, 16) * 2 - 1
    found = clipped_sum(network, learning(network), given, loss, CLIP)
    for ours, expected in zip(found, one_by_one(network, given), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-5)
