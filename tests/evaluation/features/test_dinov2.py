"""DINOv2: timm's network, with random weights; and how images and positions are resized."""

import numpy as np
import pytest
import safetensors.torch
import torch
from random_weights import randomised, sha256

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import dinov2
from tiny import waves


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """timm's smallest DINOv2 as it is published, for 518 pixels, and its weights in a file."""
    timm = pytest.importorskip("timm")
    network = timm.create_model("vit_small_patch14_dinov2.lvd142m", pretrained=False, num_classes=0).eval()
    path = tmp_path_factory.mktemp("dinov2") / "small.safetensors"
    safetensors.torch.save_file(randomised(network), path)
    return network, path


@pytest.mark.parametrize("channels", [1, 3])
def test_dinov2_is_the_class_token(small, channels):
    network, path = small
    pixels = waves(2, 224, 224, channels)  # nothing to resize
    extractor = features.make("dinov2", weights=path, sha256=sha256(path))
    got = extractor(pixels)
    colour = np.broadcast_to(pixels, (2, 224, 224, 3))
    images = torch.from_numpy((colour / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).permute(0, 3, 1, 2)
    with torch.no_grad():
        tokens = network.patch_embed.proj(images.float()).flatten(2).mT
        tokens = torch.cat([network.cls_token.expand(2, -1, -1), tokens], 1) + dinov2.positions(network.pos_embed)
        for block in network.blocks:
            tokens = block(tokens)
        expected = network.norm(tokens)[:, 0]
    np.testing.assert_allclose(got.features, expected, atol=1e-4)
    assert got.features.shape == (2, 384)
    assert got.features.std(0).max() > 1e-2
    assert (got.probabilities, extractor.classes, extractor.official) == (None, None, False)


def test_dinov2_refuses_alpha_and_other_networks(small, tmp_path):
    _, path = small
    with pytest.raises(UserError, match="dinov2 reads images of 1 or 3 channels"):
        features.make("dinov2", weights=path, sha256=sha256(path))(waves(2, 20, 20, 4))
    for state in (
        {"weight": torch.ones(2)},
        {"cls_token": torch.ones(1, 1, 384), "pos_embed": torch.ones(1, 257, 384)},
    ):
        other = tmp_path / "other.safetensors"
        safetensors.torch.save_file(state, other)
        with pytest.raises(UserError, match="holds the weights of another network"):
            features.make("dinov2", weights=other, sha256=sha256(other))


def test_positions_of_a_plane_stay_on_it():
    """Bicubic interpolation keeps a plane nearly, sampled at (i + ½)·37/16.1 − ½, away from the borders.

    Nearly: with torch's kernel (Keys' a = −¾), to 0.05 patches; sampled with 37/16, the last would be 0.2 off.
    """
    y, x = np.mgrid[:37, :37] / 10
    plane = torch.from_numpy(np.stack([x, y, x + 2 * y], -1)).reshape(1, 37 * 37, 3)
    token = torch.full((1, 1, 3), 7.0, dtype=plane.dtype)
    got = dinov2.positions(torch.cat([token, plane], 1))
    assert got.shape == (1, 257, 3)
    assert (got[:, 0] == 7).all()
    at = ((np.arange(16) + 0.5) * 37 / 16.1 - 0.5) / 10
    inside = got[0, 1:].view(16, 16, 3)[1:-1, 1:-1].numpy()
    expected = np.stack([np.broadcast_to(at, (16, 16)), np.broadcast_to(at[:, None], (16, 16))], -1)[1:-1, 1:-1]
    np.testing.assert_allclose(inside[..., :2], expected, atol=0.006)
    np.testing.assert_allclose(inside[..., 2], expected[..., 0] + 2 * expected[..., 1], atol=0.018)


def test_positions_of_224_pixels_are_taken_as_they_are():
    embedding = torch.randn(1, 257, 4)
    assert dinov2.positions(embedding) is embedding


def test_images_are_resized_with_antialiasing():
    """A fine chessboard of 448 pixels becomes grey; without antialiasing it would stay black and white."""
    y, x = np.mgrid[:448, :448]
    board = ((x + y) % 2 * 255).astype(np.uint8)[None, :, :, None]
    small = dinov2.resized(board).numpy()
    assert small.shape == (1, 224, 224, 3)
    np.testing.assert_allclose(small[:, 2:-2, 2:-2], 127.5, atol=1)
