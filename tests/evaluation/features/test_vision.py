"""Inception and DINOv2: random weights in place of the published ones, which no test downloads."""

import hashlib
import sys
from io import BytesIO

import numpy as np
import pytest
import safetensors.torch
import torch

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import dinov2, inception
from tiny import waves


@pytest.mark.parametrize(
    ("name", "module", "file"), [("inception", "torch_fidelity", inception.FILE), ("dinov2", "timm", dinov2.FILE)]
)
class TestWithoutWeightsOrExtra:
    def test_the_weights_are_asked_for(self, name, module, file, tmp_path, monkeypatch):
        monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
        with pytest.raises(UserError, match=f"{name} needs its weights in {tmp_path / 'weights' / file}.* is at https"):
            features.make(name)

    def test_the_extra_is_asked_for(self, name, module, file, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, module, None)
        path = tmp_path / "weights.safetensors"
        safetensors.torch.save_file({"one": torch.ones(1)}, path)
        package = module.replace("_", "-")
        with pytest.raises(UserError, match=rf"{name} needs {package}: pip install 'ganatomy\[vision\]'"):
            features.make(name, weights=path, sha256=sha256(path))

    def test_another_file_is_refused(self, name, module, file, tmp_path):
        path = tmp_path / "weights.safetensors"
        safetensors.torch.save_file({"one": torch.ones(1)}, path)
        with pytest.raises(UserError, match=r"is not the file that was expected|no known sha256"):
            features.make(name, weights=path)
        with pytest.raises(UserError, match="is not the file that was expected"):
            features.make(name, weights=path, sha256="00" * 32)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def randomised(network):
    """Weights drawn again, so that none is 0 or 1 and all of them tell."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            spread = (2 / tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.1
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * spread)
            if name.endswith(("bn.weight", "running_var")) or ".norm" in name:
                tensor.abs_().add_(0.9)
    return {name: tensor.contiguous() for name, tensor in network.state_dict().items()}


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """torch-fidelity's network, and its weights in a file."""
    fidelity = pytest.importorskip("torch_fidelity")

    class Untrained(fidelity.FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    empty = BytesIO()
    torch.save({}, empty)  # noqa: TID251
    empty.seek(0)
    network = Untrained("inception", ["2048", "logits_unbiased"], empty)
    path = tmp_path_factory.mktemp("inception") / "network.safetensors"
    safetensors.torch.save_file(randomised(network), path)
    return network, path


@pytest.mark.parametrize(("height", "width", "channels"), [(20, 30, 3), (40, 16, 1)])
def test_inception_is_torch_fidelitys(official, height, width, channels):
    network, path = official
    pixels = waves(3, height, width, channels)
    extractor = features.make("inception", weights=path, sha256=sha256(path))
    got = extractor(pixels)
    with torch.no_grad():
        expected, logits = network(torch.from_numpy(pixels).permute(0, 3, 1, 2).repeat(1, 3 // channels, 1, 1))
    np.testing.assert_allclose(got.features, expected, rtol=1e-5)
    np.testing.assert_allclose(got.probabilities, logits.double().softmax(1), rtol=1e-5)
    assert got.probabilities.shape == (3, extractor.classes)
    assert got.features.std(0).max() > 1e-3


def test_only_the_official_weights_may_be_called_fid(official, monkeypatch):
    _, path = official
    digest = sha256(path)
    assert not features.make("inception", weights=path, sha256=digest).official
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    assert features.make("inception", weights=path).protocol["sha256"] == digest
    monkeypatch.setattr(inception, "OFFICIAL", digest)
    assert features.make("inception", weights=path).official


def test_inception_refuses_alpha_and_other_networks(official, tmp_path):
    _, path = official
    with pytest.raises(UserError, match="inception reads images of 1 or 3 channels; these are 20×20×4"):
        features.make("inception", weights=path, sha256=sha256(path))(waves(2, 20, 20, 4))
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"weight": torch.ones(2)}, other)
    with pytest.raises(UserError, match="holds the weights of another network"):
        features.make("inception", weights=other, sha256=sha256(other))


def test_making_inception_leaves_the_random_state_alone(official):
    _, path = official
    before = torch.random.get_rng_state()
    features.make("inception", weights=path, sha256=sha256(path))
    assert torch.equal(torch.random.get_rng_state(), before)


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
