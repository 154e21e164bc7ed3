"""A classifier of the user's own classes: trained once, kept, and always the same."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganatomy.data import Images
from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features import classifier
from ganatomy.evaluation.features.classifier import Classifier


def stripes(count, height, width, channels, fingerprint="stripes"):
    """Three classes: lying stripes, standing stripes and noise, of random phase."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, count)
    y, x = np.mgrid[:height, :width][..., None]
    phase = random.uniform(0, 7, (count, 1, 1, 1))
    waves = np.where((labels == 0)[:, None, None, None], np.sin(y + phase), np.sin(x + phase))
    noise = random.uniform(-1, 1, (count, height, width, channels))
    pixels = np.where((labels == 2)[:, None, None, None], noise, 0.8 * waves + 0.2 * noise)
    return Images((pixels * 127.5 + 127.5).astype(np.uint8), labels, list("abc"), fingerprint, "stripes/", [])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path))
    monkeypatch.setattr(classifier, "EPOCHS", 1)  # enough for what does not look at what is learnt
    return tmp_path / "features"


@pytest.fixture
def trained(monkeypatch):
    """How often a classifier is trained."""
    calls = []
    monkeypatch.setattr(classifier, "train", lambda *args, real=classifier.train: calls.append(args) or real(*args))
    return calls


@pytest.mark.parametrize(("height", "width", "channels"), [(16, 24, 1), (33, 16, 3), (16, 16, 4)])
def test_it_learns_the_classes_of_its_images(height, width, channels, monkeypatch):
    monkeypatch.setattr(classifier, "EPOCHS", 8)
    images = stripes(300, height, width, channels)
    before = torch.random.get_rng_state()
    extractor = features.make("classifier", labelled=images)
    assert torch.equal(torch.random.get_rng_state(), before)
    got = features.extract(extractor, [images.pixels])
    assert (got.probabilities.argmax(1) == images.labels).mean() > 0.95
    assert got.features.shape == (300, 64)
    assert got.probabilities.shape == (300, extractor.classes) == (300, 3)
    np.testing.assert_allclose(got.probabilities.sum(1), 1, atol=1e-5)
    assert extractor.protocol["held_out_accuracy"] > 0.9


def test_it_is_trained_once_and_kept(cache, trained):
    images = stripes(120, 16, 16, 1)
    first, second = (features.make("classifier", labelled=images) for _ in range(2))
    assert len(trained) == 1
    assert first.protocol == second.protocol
    np.testing.assert_array_equal(first(images.pixels).features, second(images.pixels).features)
    assert sorted(path.suffix for path in cache.iterdir()) in (
        [".json", ".lock", ".safetensors"],
        [".json", ".safetensors"],  # some systems remove the lock
    )
    features.make("classifier", labelled=replace(images, fingerprint="others"))
    assert len(trained) == 2


def test_training_again_gives_the_same_network(cache, trained):
    images = stripes(120, 16, 16, 1)
    protocols = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        protocols.append(features.make("classifier", labelled=images).protocol)
        for path in cache.glob("*.safetensors"):
            path.unlink()
    assert len(trained) == 2
    assert protocols[0] == protocols[1]


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 400])
def test_a_damaged_one_is_trained_again(cache, trained, suffix, damage):
    images = stripes(120, 16, 16, 1)
    first = features.make("classifier", labelled=images)
    (file,) = cache.glob(f"*{suffix}")
    file.write_bytes(damage)
    second = features.make("classifier", labelled=images)
    assert len(trained) == 2
    assert first.protocol == second.protocol
    features.make("classifier", labelled=images)
    assert len(trained) == 2


def test_weights_without_their_facts_do_not_count(cache, trained, monkeypatch):
    """As after a process that was killed between the two files."""
    images = stripes(120, 16, 16, 1)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(classifier, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            features.make("classifier", labelled=images)
    features.make("classifier", labelled=images)
    assert len(trained) == 2


def test_the_held_out_tenth_is_not_trained_on(trained, monkeypatch):
    """Random labels are learnt by heart, but not predicted."""
    monkeypatch.setattr(classifier, "EPOCHS", 5)
    images = stripes(400, 16, 16, 1)
    images = replace(images, labels=np.random.default_rng(5).integers(0, 3, 400))
    protocol = features.make("classifier", labelled=images).protocol
    ((_, _, _, rows, _),) = trained
    assert len(np.unique(rows)) == 360
    held_out = np.setdiff1d(np.arange(400), rows)
    got = features.make("classifier", labelled=images)(images.pixels[held_out]).probabilities.argmax(1)
    assert protocol["held_out_accuracy"] == (got == images.labels[held_out]).mean() < 0.6


@pytest.mark.parametrize("shape", [(32, 32, 3), (16, 24, 1)])
def test_images_of_another_shape_are_refused(shape):
    extractor = features.make("classifier", labelled=stripes(120, 16, 16, 1))
    with pytest.raises(UserError, match="classifier reads images of"):
        extractor(np.zeros((2, *shape), np.uint8))


def test_images_it_cannot_be_trained_on_are_refused():
    images = stripes(120, 16, 16, 1)
    alike = replace(images, labels=np.zeros(120, np.int64))
    few = Images(images.pixels[:99], images.labels[:99], images.classes, "few", "few/", [])
    for labelled, message in (
        (None, "classifier needs labelled images"),
        (replace(images, labels=None, classes=None), "classifier needs labelled images"),
        (alike, "stripes/ has 120 of 1"),
        (few, "at least 100 images of two classes; few/ has 99 of 3"),
    ):
        with pytest.raises(UserError, match=message):
            features.make("classifier", labelled=labelled)


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 28, 1), (64, 64, 3), (127, 200, 3), (256, 256, 4)])
def test_every_size_has_a_network_that_ends_at_4_to_7_pixels(shape):
    network = Classifier(shape, classes=5).eval()
    maps = network.stages(network.read(torch.zeros(1, *shape, dtype=torch.uint8)))
    assert 4 <= min(maps.shape[2:]) <= 8
    assert maps.shape[1] == 96
    with torch.no_grad():
        one, other = network(torch.randint(0, 256, (2, *shape), dtype=torch.uint8))[0]
    assert (one != other).any()


def test_large_images_are_averaged_first():
    pixels = torch.randint(0, 256, (2, 130, 200, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = pixels.unflatten(2, (100, 2)).unflatten(1, (65, 2)).float().mean((2, 4)) / 127.5 - 1
    torch.testing.assert_close(Classifier((130, 200, 3), 2).read(pixels), expected.permute(0, 3, 1, 2))


def test_images_are_scaled_and_shifted_a_little():
    """A ramp from −1 to 1 becomes a line: its slope is 1/scale and it is off by the shift, of each image alone."""
    side = 65
    ramp = (torch.arange(side) * 2 + 1) / side - 1
    images = torch.stack([ramp.expand(side, side), ramp[:, None].expand(side, side)]).expand(200, 2, side, side)
    out = classifier.augmented(images, np.random.default_rng(0)).numpy()
    across, down = out[:, 0, side // 2], out[:, 1, :, side // 2]
    step = 2 / side
    slopes = [(line[:, 40] - line[:, 24]) / (16 * step) for line in (across, down)]
    shifts = [line[:, side // 2] for line in (across, down)]
    np.testing.assert_allclose(slopes[0], slopes[1], atol=1e-4)
    assert 1 / 1.15 < slopes[0].min() < 1 / 1.13
    assert 1 / 0.87 < slopes[0].max() < 1 / 0.85
    for shift in shifts:
        assert -1 / 8 < shift.min() < -0.11
        assert 0.11 < shift.max() < 1 / 8
    assert abs(np.corrcoef(shifts)[0, 1]) < 0.3
    assert out.min() >= -1  # borders continue: nothing from outside comes in
    assert out.max() <= 1


def test_a_minute_on_two_cores_bounds_what_it_sees(trained):
    count = 1000
    seen = [classifier._examples((side, side, 3), count * 1000) for side in (16, 32, 64, 128, 256)]
    assert seen == sorted(seen, reverse=True)
    assert 25_000 < seen[-1] < seen[0] < 250_000
    assert classifier._examples((32, 32, 3), count) == classifier.EPOCHS * count


def test_what_is_kept_is_plain_text_and_tensors(cache):
    features.make("classifier", labelled=stripes(120, 16, 16, 1))
    (file,) = cache.glob("*.json")
    assert set(json.loads(file.read_text())) == {"sha256", "accuracy"}
