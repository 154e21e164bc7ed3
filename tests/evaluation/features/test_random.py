"""The untrained network is one and the same everywhere."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ganatomy.evaluation import features
from ganatomy.evaluation.features.random import RandomNetwork
from tiny import waves


def test_its_weights_never_change():
    """A change here changes every score that was ever measured with it."""
    sha256 = "18fe447ab222442e085016abf7e09d4f8c81d8604309208d13d84b47d840ce80"
    assert features.make("random").protocol["sha256"] == sha256


@pytest.mark.parametrize("name", ["random", "lenet"])
def test_making_an_extractor_leaves_the_random_state_alone(name):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    features.make(name)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(("height", "width", "channels"), [(16, 16, 1), (28, 28, 1), (17, 64, 3), (128, 96, 4)])
def test_any_image_gives_480_features(height, width, channels):
    pixels = waves(6, height, width, channels)
    extractor = features.make("random")
    got = extractor(pixels).features
    assert got.shape == (6, 480)
    assert extractor.classes is None
    assert got.std(0).min() > 1e-4  # they all tell images apart
    np.testing.assert_array_equal(extractor(pixels[::-1]).features, got[::-1])


def test_features_are_the_means_of_maps_at_four_depths():
    pixels = waves(2, 20, 24, 3)
    maps = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1
    expected = []
    for depth, kernel in enumerate(RandomNetwork().kernels):
        kernel = kernel[:, :3] if depth == 0 else kernel
        maps = F.conv2d(maps, kernel, stride=2, padding=1)
        maps = torch.where(maps > 0, maps, maps / 5)
        expected.append(maps.flatten(2).mean(2))
    torch.testing.assert_close(torch.from_numpy(features.make("random")(pixels).features), torch.cat(expected, 1))


def test_activations_keep_their_size():
    """Kaiming: through each layer, the mean square of white noise stays what it was, to a tenth."""
    maps = torch.randn(8, 32, 32, 32, generator=torch.Generator().manual_seed(0))
    for kernel in RandomNetwork().requires_grad_(False).kernels:
        maps = torch.randn(8, kernel.shape[1], 16, 16, generator=torch.Generator().manual_seed(0))
        after = F.leaky_relu(F.conv2d(maps, kernel), 0.2)
        assert float(after.square().mean() / maps.square().mean()) == pytest.approx(1, abs=0.1)
