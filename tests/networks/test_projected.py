"""Projected discriminators: what is fixed, what is judged, and the statistics of what they see."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from ganatomy.errors import UserError
from ganatomy.networks.projected import (
    MIXED,
    PLACES,
    Discriminator,
    Projector,
    SmallDiscriminator,
    enlarged,
    natural_noise,
)

SHAPES = [(3, 32, 32), (1, 28, 28), (3, 40, 56), (3, 128, 96)]


@pytest.mark.parametrize(("image", "classes"), [*product(SHAPES, (0, 3))])
def test_every_map_and_the_pixels_are_judged(image: tuple[int, int, int], classes: int) -> None:
    network = Discriminator(image, 8, features="random", pixels=4, classes=classes).eval()
    images = torch.rand(2, *image, requires_grad=True)
    y = torch.eye(3)[:2] if classes else None
    scores = network(images, y)
    assert scores.shape == (2, network.discriminators) == (2, 5 * PLACES)
    for each in range(5 * PLACES):
        (gradient,) = torch.autograd.grad(scores[:, each].sum(), images, retain_graph=True)
        assert (gradient.flatten(1).norm(dim=1) > 0).all(), "each of them tells the generator something"
    if classes:
        assert (network(images, torch.eye(3)[1:]) != scores).all()


def test_without_features_the_pixels_alone_are_judged() -> None:
    assert Discriminator((3, 32, 32), features="none", pixels=4)(torch.rand(2, 3, 32, 32)).shape == (2, PLACES)
    with pytest.raises(UserError, match=r"discriminator\.pixels"):
        Discriminator((3, 32, 32), features="none")


def test_only_the_small_discriminators_learn() -> None:
    network = Discriminator((3, 32, 32), 8, features="random", pixels=4)
    names = {name.partition(".")[0] for name, _ in network.named_parameters()}
    assert names == {"small", "pixels"}
    before = {name: buffer.clone() for name, buffer in network.projector.named_buffers()}
    network.train()(torch.rand(4, 3, 32, 32)).sum().backward()
    torch.optim.SGD(network.parameters(), 1.0).step()
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.projector.named_buffers())


def test_a_checkpoint_holds_the_random_mixing() -> None:
    image = torch.rand(2, 3, 32, 32)
    one, other = (Discriminator((3, 32, 32), 8, features="random", pixels=4).eval() for _ in range(2))
    assert not torch.equal(one(image), other(image))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(image), other(image))


@pytest.mark.parametrize("pretrained", [pytest.param(True, marks=pytest.mark.slow), False])
def test_mixed_maps_have_variance_one(pretrained: bool) -> None:
    """Each map's channels on noise that the projector has not seen; between 0.5 and 2 on average over channels."""
    projector = Projector(pretrained, (64, 64))
    with torch.no_grad():
        maps = projector(natural_noise(64, (64, 64)))
    assert [tuple(each.shape[1:]) for each in maps] == [(MIXED, side, side) for side in (16, 8, 4, 2)]
    for each in maps:
        assert 0.5 < each.var((0, 2, 3)).mean() < 2


def test_natural_noise_has_the_spectrum_of_natural_images() -> None:
    """Power falls with the square of the frequency: a slope of −2 of the logarithms, to 0.1."""
    noise = natural_noise(200, (64, 64)).numpy()
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean((0, 1))
    rows, columns = np.meshgrid(*[np.fft.fftfreq(64)] * 2, indexing="ij")
    frequency = np.hypot(rows, columns)
    inside = (frequency > 0.03) & (frequency < 0.45)
    slope, _ = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)
    assert abs(slope + 2) < 0.1
    np.testing.assert_allclose(noise.std((1, 2, 3)), 0.5, rtol=1e-3)


def test_the_small_discriminators_are_spectrally_normalised() -> None:
    judge = SmallDiscriminator(16, 8, 0)
    for _ in range(100):
        judge(torch.randn(2, MIXED, 16, 16), None)
    judge.eval()
    for layer in judge.modules():
        if isinstance(layer, nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("side", [16, 4, 2, 1])
def test_every_map_has_the_same_weight(side: int) -> None:
    """The mean score of the 16 places is that of the map's own, whatever its size."""
    judge = SmallDiscriminator(side, 8, 0).eval()
    maps = torch.randn(2, MIXED, side, side)
    own = judge.score(judge.layers(maps)).mean((1, 2, 3))
    torch.testing.assert_close(judge(maps, None).mean(1), own)


def test_small_images_are_enlarged_and_large_ones_are_not() -> None:
    assert enlarged((32, 32), 64) == (64, 64)
    assert enlarged((20, 40), 64) == (64, 128)
    assert enlarged((128, 96), 64) == (128, 96)
