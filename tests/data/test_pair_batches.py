"""Pairs that are made of images, and their batches."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from ganatomy import data as datasets
from ganatomy.config.options import DataOptions
from ganatomy.data.pair_batches import PairBatches
from ganatomy.data.pairs import Pairs, pairs_of, smaller
from ganatomy.errors import UserError
from ganatomy.modalities.images import to_float
from ganatomy.system.runtime import Randomness, Runtime
from tiny import waves

Kernel = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    path = tmp_path_factory.mktemp("pairs") / "waves.npy"
    np.save(path, waves(12, 16, 24))
    return pairs_of(datasets.prepare(path), DataOptions(scale=4))


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
    others = [pairs_of(pairs.targets, DataOptions(scale=s, downscaling=f)) for s, f in ((2, "bicubic"), (4, "area"))]
    assert len({each.fingerprint for each in (pairs, *others)}) == 3


def test_what_cannot_be_made_smaller_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "odd.npy", waves(3, 18, 25))
    with pytest.raises(UserError, match=r"18×25 pixels, which cannot be made 4 times smaller: give --size 16x24"):
        pairs_of(datasets.prepare(tmp_path / "odd.npy"), DataOptions(scale=4))
    with pytest.raises(UserError, match="no transparency"):
        pairs_of(datasets.prepare(waves(3, 16, 16, 4), channels=4), DataOptions(scale=4))


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
