"""MobileNetV2: torchvision's network, with random weights; what is read of it, and how images are resized."""

import numpy as np
import pytest
import safetensors.torch
import torch
from bench import mobilenet_stages
from random_weights import (
    check_it_refuses_alpha_and_other_networks,
    check_making_it_leaves_the_random_state_alone,
    randomised,
    sha256,
)

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import mobilenetv2
from ganatomy.evaluation.features.network import normalised
from tiny import waves

# Of torchvision 0.28.0 and of timm 1.0.31, for the images and weights below.
LOGITS = [[2.4964356, -2.0358627, 2.2921021, -1.3466688], [2.4463447, -1.2755054, 1.3066002, -1.3954877]]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """The network, and its random weights in a file."""
    network = mobilenetv2.MobileNetV2().eval()
    state = randomised(network)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data += 1  # near 0, all images would look alike
    path = tmp_path_factory.mktemp("mobilenetv2") / "network.safetensors"
    safetensors.torch.save_file(state, path)
    return network, path


def test_its_logits_are_torchvisions(network):
    images = normalised(torch.from_numpy(waves(2, 64, 96, 3)))
    with torch.no_grad():
        got = network[0](images)
    assert got.shape == (2, 1000)
    np.testing.assert_allclose(got[:, :4], LOGITS, rtol=1e-4)


def test_torchvision_has_the_same_network(network):
    models = pytest.importorskip("torchvision.models")
    theirs = models.mobilenet_v2().eval()
    theirs.load_state_dict(network[0].state_dict())
    images = normalised(torch.from_numpy(waves(2, 64, 96, 3)))
    with torch.no_grad():
        torch.testing.assert_close(network[0](images), theirs(images))


def test_it_has_as_many_parameters_as_its_paper_says(network):
    """Sandler et al. 2018, table 4: 3.4 million; counted by hand from table 2, with batch normalisation: 3,504,872."""
    assert sum(each.numel() for each in network[0].parameters()) == 3_504_872


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_means_behind_the_stage_of_96_channels(network, channels):
    network, path = network
    pixels = waves(2, 96, 96, channels)  # nothing to resize
    extractor = features.make("mobilenetv2", weights=path, sha256=sha256(path))
    got = extractor(pixels)
    maps = normalised(torch.from_numpy(np.broadcast_to(pixels, (2, 96, 96, 3)).copy()))
    with torch.no_grad():
        for layer in network.features:
            before, maps = maps, layer(maps)
            if before.shape[1] == 96 and maps.shape[1] != 96:
                break
    np.testing.assert_allclose(got.features, before.mean((2, 3)), rtol=1e-4, atol=1e-5)
    assert got.features.shape == (2, 96)
    assert got.features.std(0).max() > 1e-2
    assert (got.probabilities, extractor.classes, extractor.official) == (None, None, False)


@torch.no_grad()
def test_the_exam_of_its_stages_reads_the_same_features(network):
    network, path = network
    pixels = waves(3, 20, 30, 3)
    found = mobilenet_stages.Reader(network, features.make("pixels"), mobilenetv2.SIDE)(pixels)
    assert [x.shape[1] for x in found.values()] == [16, 24, 32, 64, 96, 160, 320, 1280, 20 * 30 * 3]
    expected = features.make("mobilenetv2", weights=path, sha256=sha256(path))(pixels).features
    np.testing.assert_allclose(found["96"], expected, rtol=1e-4, atol=1e-5)


def test_it_refuses_alpha_and_other_networks(network, tmp_path):
    _, path = network
    check_it_refuses_alpha_and_other_networks("mobilenetv2", path, tmp_path)
    with pytest.raises(UserError, match="is not the file that was expected"):
        features.make("mobilenetv2", weights=path)


def test_making_it_leaves_the_random_state_alone(network):
    _, path = network
    check_making_it_leaves_the_random_state_alone("mobilenetv2", path)


def test_enlarged_images_are_interpolated_and_shrunken_ones_averaged():
    """Enlarged threefold, a slope stays one: pixel i lies at (i + ½)/3 − ½. A fine chessboard becomes grey."""
    slope = torch.arange(32.0).expand(1, 1, 32, 32)
    expected = ((torch.arange(96) + 0.5) / 3 - 0.5).clamp(0, 31)
    torch.testing.assert_close(mobilenetv2.resized(slope)[0, 0], expected.expand(96, 96))
    y, x = np.mgrid[:192, :192]
    board = torch.from_numpy((x + y) % 2)[None, None].float()
    torch.testing.assert_close(mobilenetv2.resized(board)[..., 1:-1, 1:-1], torch.full((1, 1, 94, 94), 0.5))


def test_normalised_images_have_imagenets_mean_at_0():
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 2, 1)
    expected = [[-0.485 / 0.229, 0.515 / 0.229], [-0.456 / 0.224, 0.544 / 0.224], [-0.406 / 0.225, 0.594 / 0.225]]
    torch.testing.assert_close(normalised(pixels)[0, :, 0], torch.tensor(expected))
