"""Pairs that are made of images, and their batches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image

from ganatomy import data as datasets
from ganatomy.config.options import DataOptions
from ganatomy.data.pair_batches import PairBatches, UnpairedBatches
from ganatomy.data.pairs import Pairs, pairs_of, smaller, whole
from ganatomy.errors import UserError
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime
from tiny import waves

Kernel = Callable[[np.ndarray], np.ndarray]


def whatever(options: DataOptions) -> datasets.Images:
    raise AssertionError("these pairs are made of one set of images")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    path = tmp_path_factory.mktemp("pairs") / "waves.npy"
    np.save(path, waves(12, 16, 24))
    return pairs_of(datasets.prepare(path), DataOptions(scale=4), whatever)


def keys(x: np.ndarray) -> np.ndarray:
    """The cubic kernel with a = −½: Keys 1981, eq. 15."""
    x = np.abs(x)
    return np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0))


def weights(size: int, scale: int) -> np.ndarray:
    """[size / scale, size]: the kernel, `scale` times as wide, at the middles of pixels, each row adding up to 1."""
    centres = (np.arange(size // scale) + 0.5) * scale - 0.5
    matrix = keys((np.arange(size)[None] - centres[:, None]) / scale)
    return matrix / matrix.sum(1, keepdims=True)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_bicubic_is_keys_kernel_made_wider(scale: int, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(64, 192, (3, 16, 24, channels), np.uint8)
    down, across = weights(16, scale), weights(24, scale)
    exact = np.einsum("ih,jw,nhwc->nijc", down, across, pixels.astype(float))
    made = smaller(pixels, scale, "bicubic")
    assert made.dtype == np.uint8
    assert np.abs(made - exact).max() < 1.2  # Pillow rounds after each axis: ½ + ½ Σ|w|


def test_area_is_the_mean_of_blocks_rounded() -> None:
    pixels = np.array([[0, 1, 10, 20], [1, 1, 30, 41]], np.uint8)[None, ..., None]
    assert_array_equal(smaller(pixels, 2, "area")[0, ..., 0], [[1, 25]])
    assert_array_equal(smaller(pixels, 1, "area"), pixels)


def test_pairs_say_what_they_are_made_of(pairs: Pairs) -> None:
    assert pairs.shape == (3, 16, 24)
    assert pairs.shape.given == (3, 4, 6)
    given, targets = pairs.at(np.array([7, 2]))
    assert_array_equal(targets, pairs.targets.pixels[[7, 2]])
    assert_array_equal(given, smaller(targets, 4, "bicubic"))
    others = [
        pairs_of(pairs.targets, DataOptions(scale=s, downscaling=f), whatever) for s, f in ((2, "bicubic"), (4, "area"))
    ]
    assert len({each.fingerprint for each in (pairs, *others)}) == 3


def test_what_cannot_be_made_smaller_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "odd.npy", waves(3, 18, 25))
    with pytest.raises(UserError, match=r"18×25 pixels, which cannot be made 4 times smaller: give --size 16x24"):
        pairs_of(datasets.prepare(tmp_path / "odd.npy"), DataOptions(scale=4), whatever)
    with pytest.raises(UserError, match="no transparency"):
        pairs_of(datasets.prepare(waves(3, 16, 16, 4), channels=4), DataOptions(scale=4), whatever)


def test_batches_are_of_pairs_and_mirror_both(pairs: Pairs) -> None:
    plain, flipped = (PairBatches(pairs, 8, 1, Randomness(0), Runtime(), flip=flip) for flip in (False, True))
    batch, mirrored = plain(3), flipped(3)
    indices = plain.indices(3)
    given, targets = pairs.at(indices)
    assert torch.equal(batch.images, to_float(torch.from_numpy(targets)))
    assert batch.classes is not None
    assert torch.equal(batch.classes, to_float(torch.from_numpy(given)))
    assert mirrored.classes is not None
    turned = 0
    for i in range(8):
        flips = [3] if not torch.equal(mirrored.images[i], batch.images[i]) else []
        turned += bool(flips)
        for one, other in ((mirrored.images, batch.images), (mirrored.classes, batch.classes)):
            assert torch.equal(one[i : i + 1], other[i : i + 1].flip(flips))
    assert 0 < turned < 8
    assert torch.equal(flipped(3).images, mirrored.images)
    assert not torch.equal(flipped(4).images, mirrored.images)


@pytest.mark.parametrize("given", ["left", "right"])
def test_one_half_of_an_image_is_given_and_the_other_drawn(tmp_path: Path, given: str) -> None:
    pixels = waves(6, 16, 48)
    np.save(tmp_path / "both.npy", pixels)
    found = pairs_of(datasets.prepare(tmp_path / "both.npy"), DataOptions(given=given), whatever)
    left, right = pixels[:, :, :24], pixels[:, :, 24:]
    for one, other in zip(found.at(np.array([4, 1])), (left, right) if given == "left" else (right, left), strict=True):
        assert_array_equal(one, other[[4, 1]])
    assert found.shape == (3, 16, 24)
    assert found.shape.given == (3, 16, 24)
    other = pairs_of(found.images, DataOptions(given="left" if given == "right" else "right"), whatever)
    assert other.fingerprint != found.fingerprint
    with pytest.raises(UserError, match="no two halves of 16 pixels at least: give --size HEIGHTxWIDTH"):
        pairs_of(datasets.prepare(waves(3, 16, 25)), DataOptions(given=given), whatever)


def test_the_size_is_that_of_a_half() -> None:
    assert whole(DataOptions(given="left", size=(16, 24))).size == (16, 48)
    assert whole(DataOptions(given="sketches", size=(16, 24))).size == (16, 24)
    assert whole(DataOptions(given="left")).size is None


def folder_of(place: Path, pixels: np.ndarray, ending: str, names: str = "abcdefgh") -> Path:
    place.mkdir(parents=True)
    for name, each in zip(names, pixels, strict=False):
        Image.fromarray(each).save(place / f"{name}.{ending}")
    return place


def test_images_of_two_folders_are_pairs_by_their_names(tmp_path: Path) -> None:
    """The given ones are prepared as those that are drawn, whatever their size and colours."""

    def load(options: DataOptions) -> datasets.Images:
        return datasets.prepare(options.path, size=options.size, channels=options.channels)

    drawn, given = waves(8, 16, 24), np.tile(np.arange(8, dtype=np.uint8)[:, None, None] * 20, (1, 32, 48))
    photos = datasets.prepare(folder_of(tmp_path / "photos", drawn, "png"))
    sketches = folder_of(tmp_path / "sketches", given, "bmp")
    found = pairs_of(photos, DataOptions(given=str(sketches)), load)
    one, other = found.at(np.array([3, 0]))
    assert one.shape == other.shape == (2, 16, 24, 3)
    assert_array_equal(other, drawn[[3, 0]])
    assert_array_equal(one[0], np.full((16, 24, 3), 60))
    assert_array_equal(one[1], np.zeros((16, 24, 3)))
    (sketches / "c.bmp").rename(sketches / "z.bmp")
    with pytest.raises(UserError, match=r"which are no pairs: c is alone\. Give both images of a pair the same name"):
        pairs_of(photos, DataOptions(given=str(sketches)), load)
    (sketches / "z.bmp").write_bytes(b"no image")
    (sketches / "z.bmp").rename(sketches / "c.bmp")
    with pytest.raises(UserError, match=r"1 of 8 images cannot be read .* Pairs need both images"):
        pairs_of(photos, DataOptions(given=str(sketches)), load)


def test_pairs_are_made_in_one_way() -> None:
    images = datasets.prepare(waves(3, 16, 16))
    for options, words in (
        (DataOptions(), r"data\.given or data\.scale is required"),
        (DataOptions(scale=2, given="left"), "give one of them"),
    ):
        with pytest.raises(UserError, match=words):
            pairs_of(images, options, whatever)


def test_two_sets_have_orders_of_their_own(tmp_path: Path) -> None:
    """Every image of both is used once a pass, in orders that follow from the seed; processes share a batch."""

    def load(options: DataOptions) -> datasets.Images:
        return datasets.prepare(options.path)

    drawn, given = (np.tile(np.arange(n, dtype=np.uint8)[:, None, None, None], (1, 16, 16, 1)) for n in (8, 12))
    for name, pixels in (("drawn", drawn), ("given", given)):
        np.save(tmp_path / f"{name}.npy", pixels)
    options = DataOptions(given=str(tmp_path / "given.npy"), paired=False)
    sets = pairs_of(datasets.prepare(tmp_path / "drawn.npy"), options, load)
    assert "12 images of" in sets.words
    batches = UnpairedBatches(sets, 4, 1, Randomness(0), Runtime())

    def seen(step: int, which: int, runtime: Runtime | None = None) -> list[int]:
        found = (batches if runtime is None else UnpairedBatches(sets, 4, 1, Randomness(0), runtime))(step)[which]
        return ((found[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()

    assert sorted(seen(0, 0) + seen(1, 0)) == list(range(8))
    assert sorted(seen(0, 1) + seen(1, 1) + seen(2, 1)) == list(range(12))
    assert seen(0, 0) != [number % 8 for number in seen(0, 1)]
    assert seen(1, 1) == seen(1, 1)
    shared = [seen(2, 1, Runtime(world=2, rank=rank)) for rank in range(2)]
    assert [number for pair in zip(*shared, strict=True) for number in pair] == seen(2, 1)
    with pytest.raises(UserError, match="The halves of an image are a pair"):
        pairs_of(sets.images, DataOptions(given="left", paired=False), load)
