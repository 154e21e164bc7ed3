"""The stream: whatever its cut, the same features; and what no extractor reads."""

from itertools import cycle, pairwise

import numpy as np
import pytest

from ganatomy.errors import UserError
from ganatomy.evaluation import features
from ganatomy.evaluation.features.extractor import BATCH, Extracted
from ganatomy.modalities.images import to_uint8
from tiny import waves

PIXELS = waves(150, 16, 20)


class Means:
    """Feature: each image's mean; probabilities: of a batch's size, so that they show how the stream was cut."""

    name, protocol, classes, official = "means", {}, 2, False

    def __call__(self, pixels):
        means = pixels.reshape(len(pixels), -1).mean(1, dtype=np.float32, keepdims=True)
        self.last = pixels
        return Extracted(means, np.full((len(pixels), 2), len(pixels), np.float32))


def cut(pixels, *at):
    return (pixels[start:stop] for start, stop in pairwise((0, *at, len(pixels))))


@pytest.mark.parametrize("at", [(), (1, 2, 3), (64,), (63, 65, 65, 149), (128,), tuple(range(1, 150))])
@pytest.mark.parametrize("count", [None, 150])
def test_batches_are_of_a_fixed_size_however_the_stream_is_cut(at, count):
    got = features.extract(Means(), cut(PIXELS, *at), count)
    np.testing.assert_array_equal(got.features[:, 0], PIXELS.reshape(150, -1).mean(1, dtype=np.float32))
    np.testing.assert_array_equal(got.probabilities[:, 0], [BATCH] * (150 // BATCH * BATCH) + [150 % BATCH] * 22)


@pytest.mark.parametrize("name", ["lenet", "random", "pixels"])
def test_the_cut_does_not_change_a_bit(name):
    digits = waves(140, 28, 28, 1)
    extractor = features.make(name)
    whole, pieces = (features.extract(extractor, batches) for batches in ([digits], cut(digits, 5, 70, 131)))
    np.testing.assert_array_equal(whole.features, pieces.features)
    assert whole.features.dtype == np.float32
    if name == "lenet":
        np.testing.assert_array_equal(whole.probabilities, pieces.probabilities)
        assert whole.probabilities.dtype == np.float32
    else:
        assert whole.probabilities is None


def test_an_endless_stream_gives_as_many_as_are_asked_for():
    taken = []
    stream = (taken.append(1) or batch for batch in cycle([PIXELS[:40], PIXELS[40:100]]))
    got = features.extract(Means(), stream, 130)
    assert len(got.features) == 130
    assert len(taken) == 3  # and no more images are made than needed
    np.testing.assert_array_equal(got.features[100:130], got.features[:30])


def test_a_stream_may_fill_the_same_memory_again():
    def stream():
        buffer = np.empty_like(PIXELS[:10])
        for start in range(0, 150, 10):
            buffer[:] = PIXELS[start : start + 10]
            yield buffer

    expected = features.extract(Means(), [PIXELS]).features
    np.testing.assert_array_equal(features.extract(Means(), stream()).features, expected)


@pytest.mark.parametrize(
    ("batches", "count", "message"),
    [
        ([], None, "no images"),
        ([PIXELS[:0]], None, "no images"),
        ([], 5, "no images"),
        ([PIXELS[:3]], 5, "5 images are needed, but there are only 3"),
        ([PIXELS], 0, "0 images cannot be extracted: at least 1 is needed"),
        ([PIXELS, waves(3, 16, 16)], None, "16×20×3 and 16×16×3"),
        ([PIXELS / 255], None, r"uint8 .* not float64; ganatomy\.modalities\.images\.to_uint8"),
        ([PIXELS.astype(np.int64)], None, "not int64"),
        ([PIXELS[..., 0]], None, r"\[N, H, W, C\], not an array of shape \[150, 16, 20\]"),
        ([PIXELS[..., :2]], None, "images of 1 or 3 or 4 channels; these are 16×20×2"),
        ([PIXELS[:, :0]], None, "0×20×3"),
    ],
)
def test_what_cannot_be_read_is_refused(batches, count, message):
    with pytest.raises(UserError, match=message):
        features.extract(features.make("pixels"), batches, count)


def test_the_advice_for_floats_works():
    import torch

    images = torch.rand(3, 1, 4, 5) * 2 - 1
    assert features.extract(features.make("pixels"), [to_uint8(images)]).features.shape == (3, 20)


def test_pixels_are_themselves_from_0_to_1():
    pixels = np.arange(0, 240, 10, dtype=np.uint8).reshape(2, 2, 2, 3)
    got = features.make("pixels")(pixels)
    np.testing.assert_allclose(got.features, np.arange(0, 240, 10).reshape(2, 12) / 255, rtol=1e-6)
    assert got.probabilities is None


def test_unknown_names_are_refused():
    with pytest.raises(UserError, match="no feature extractor called 'incepton'; did you mean inception"):
        features.make("incepton")


@pytest.mark.parametrize("name", ["lenet", "random", "pixels"])
def test_read_only_and_strided_pixels_are_read(name):
    pixels = waves(4, 28, 28, 1)
    flipped = np.ascontiguousarray(pixels[:, :, ::-1])
    flipped.flags.writeable = False
    extractor = features.make(name)
    np.testing.assert_array_equal(extractor(pixels[:, :, ::-1]).features, extractor(flipped).features)


def test_a_network_computes_in_float32_and_a_gpu_keeps_its_fast_kernels():
    import torch

    from ganatomy.evaluation.features.network import NetworkExtractor

    class Arithmetic(torch.nn.Module):
        def forward(self, pixels):
            cudnn = torch.backends.cudnn
            seen = [cudnn.enabled, cudnn.allow_tf32, torch.is_autocast_enabled("cpu")]
            return torch.tensor([seen] * len(pixels), dtype=torch.float32), None

    with torch.autocast("cpu", torch.bfloat16):
        found = NetworkExtractor("arithmetic", Arithmetic(), {})(PIXELS[:2])
    assert found.features.tolist() == [[torch.backends.cudnn.enabled, False, False]] * 2
