"""DCGAN against the paper's numbers, torch's own layers, and every size it promises."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from ganatomy.networks.dcgan import Discriminator, Generator, map_sizes

PAPER = (3, 64, 64)


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def paper():
    torch.manual_seed(0)
    return Generator(100, PAPER, 64), Discriminator(PAPER, 64)


def test_parameters_are_as_many_as_the_papers(paper):
    """3,576,704 and 2,765,568 in the well-known code without any bias; here the image and the score have theirs."""
    assert [parameters(network) for network in paper] == [3_576_704 + 3, 2_765_568 + 1]


def test_layers_are_the_papers(paper):
    """Channels × kernel of the weights from z to the image, and from the image to the score."""
    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    shapes = [[tuple(m.weight.shape) for m in net.modules() if isinstance(m, kinds)] for net in paper]
    up = [(100, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 3, 4, 4)]
    down = [(64, 3, 4, 4), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4), (1, 512, 4, 4)]
    assert shapes == [up, down]
    assert [sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) for net in paper] == [4, 3]


def test_weights_begin_as_in_the_papers_code(paper):
    """Convolutions N(0, 0.02), batch-norm scales N(1, 0.02): mean and deviation within five standard errors."""
    for module in (module for network in paper for module in network.modules()):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)):
            weight, count = module.weight, module.weight.numel()
            mean = 1 if isinstance(module, nn.BatchNorm2d) else 0
            assert weight.mean().item() == pytest.approx(mean, abs=5 * 0.02 / count**0.5)
            assert weight.std().item() == pytest.approx(0.02, rel=5 / (2 * count) ** 0.5)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((64, 64), [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]),
        ((28, 28), [(28, 28), (14, 14), (7, 7), (3, 3)]),
        ((16, 16), [(16, 16), (8, 8), (4, 4)]),
        ((31, 47), [(31, 47), (15, 23), (7, 11), (3, 5)]),
        ((16, 256), [(16, 256), (8, 128), (4, 64)]),
        ((256, 255), [(256, 255), (128, 127), (64, 63), (32, 31), (16, 15), (8, 7), (4, 3)]),
    ],
)
def test_maps_are_halved_until_the_shorter_side_is_three_to_five(size, sizes):
    assert map_sizes(*size) == sizes


def check_shapes(image, norm):
    generator, discriminator = Generator(3, image, 2, norm), Discriminator(image, 2, norm)
    images = generator(drawn(2, 3))
    assert images.shape == (2, *image)
    assert images.abs().max() <= 1
    assert discriminator(images).shape == (2,)


@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(st.integers(1, 4), st.integers(16, 80), st.integers(16, 80), st.sampled_from(["batch", "none"]))
def test_every_size_gives_images_of_it_and_a_score_each(channels, height, width, norm):
    check_shapes((channels, height, width), norm)


@pytest.mark.parametrize("image", [(3, 256, 256), (1, 255, 16), (4, 17, 251), (2, 129, 200)])
def test_large_sizes_do_too(image):
    check_shapes(image, "none")


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_images_stay_between_minus_one_and_one(size):
    torch.manual_seed(0)
    images = Generator(5, (3, 16, 16), 4)(drawn(8, 5) * size)
    assert images.abs().max() <= 1
    assert images.std() > 0.01


def textbook(width):
    """The paper's two networks for 64×64 images, layer by layer with torch's own."""
    w = width
    up = [nn.ConvTranspose2d(100, 8 * w, 4, bias=False)]
    for channels in (8 * w, 4 * w, 2 * w):
        up += [nn.BatchNorm2d(channels), nn.ReLU()]
        up += [nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1, bias=False)]
    up += [nn.BatchNorm2d(w), nn.ReLU(), nn.ConvTranspose2d(w, 3, 4, stride=2, padding=1), nn.Tanh()]
    down = [nn.Conv2d(3, w, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2)]
    for channels in (w, 2 * w, 4 * w):
        down += [nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1, bias=False)]
        down += [nn.BatchNorm2d(2 * channels), nn.LeakyReLU(0.2)]
    return nn.Sequential(*up), nn.Sequential(*down, nn.Conv2d(8 * w, 1, 4))


@pytest.mark.parametrize("training", [True, False])
def test_networks_compute_what_the_textbooks_do_from_the_same_weights(training):
    torch.manual_seed(0)
    networks, references = (Generator(100, PAPER, 4), Discriminator(PAPER, 4)), textbook(4)
    for network, reference in zip(networks, references, strict=True):
        reference.load_state_dict(network.layers.state_dict())  # of the same names and shapes
        network.train(training)
        reference.train(training)
    z, images = drawn(6, 100), drawn(6, *PAPER)
    assert_close(networks[0](z), references[0](z[:, :, None, None]), rtol=1e-4, atol=1e-6)
    assert_close(networks[1](images), references[1](images).flatten(), rtol=1e-4, atol=1e-5)


def test_without_normalisation_a_score_does_not_depend_on_the_batch():
    torch.manual_seed(0)
    images, network = drawn(5, 3, 16, 16), Discriminator((3, 16, 16), 4, norm="none")
    alone = torch.cat([network(image[None]) for image in images])
    assert_close(network(images), alone, rtol=1e-5, atol=1e-6)


def test_with_batch_normalisation_it_does():
    torch.manual_seed(0)
    images, network = drawn(5, 3, 16, 16), Discriminator((3, 16, 16), 4)
    assert (network(images)[:2] - network(images[:2])).abs().min() > 1e-4


@pytest.mark.parametrize("network", [Generator(5, (3, 16, 16), 4, "none"), Discriminator((3, 16, 16), 4, "none")])
def test_without_normalisation_there_is_none_and_every_layer_has_its_bias(network):
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    layers = [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))]
    assert all(layer.bias is not None for layer in layers)


@pytest.mark.parametrize("width", [16, 64])
def test_without_normalisation_images_differ_by_their_latent_vector_from_the_start(width):
    """A hundredth of the pixels' range: with batch normalisation it is a twentieth."""
    torch.manual_seed(0)
    assert Generator(100, PAPER, width, "none")(drawn(16, 100)).std(0).mean() > 0.02


@pytest.mark.parametrize("width", [16, 64])
def test_without_normalisation_scores_differ_by_their_image_from_the_start(width):
    torch.manual_seed(0)
    assert Discriminator(PAPER, width, "none")(drawn(16, *PAPER)).std() > 0.02
