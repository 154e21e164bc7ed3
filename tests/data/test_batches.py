"""Real batches are a function of the step, and every image comes once a pass."""

import numpy as np
import pytest
import torch

from ganatomy.data.batches import RealBatches
from ganatomy.system.runtime import Randomness, Runtime


def numbered(count: int) -> np.ndarray:
    """Images whose pixels say which one they are; the left half is dark."""
    pixels = np.zeros((count, 4, 4, 1), np.uint8)
    pixels[:, :, 2:] = np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None]
    return pixels


def batches(count: int = 10, batch: int = 4, turns: int = 1, seed: int = 0, **options) -> RealBatches:
    return RealBatches(numbered(count), batch, turns, Randomness(seed), options.pop("runtime", Runtime()), **options)


@pytest.mark.parametrize("batch", [1, 4, 10, 23])
def test_every_image_comes_once_a_pass(batch: int) -> None:
    real = batches(batch=batch)
    indices = np.concatenate([real.indices(step) for step in range(50)])[: 50 * batch // 10 * 10]
    passes = indices.reshape(-1, 10)
    assert (np.sort(passes, axis=1) == np.arange(10)).all()
    assert batch * 50 < 20 or len({tuple(order) for order in passes}) > 1


def test_turns_of_a_step_are_fresh_batches() -> None:
    single, double = batches(turns=1), batches(turns=2)
    for step in range(5):
        for turn in range(2):
            assert np.array_equal(double.indices(step, turn), single.indices(2 * step + turn))


def test_a_batch_depends_on_the_step_alone_and_on_the_seed() -> None:
    one, other = batches(), batches()
    expected = [one(step).images for step in range(8)]
    assert all(torch.equal(other(step).images, expected[step]) for step in (6, 1, 7, 0))
    assert not torch.equal(batches(seed=1)(0).images, expected[0])


def test_pixels_arrive_as_floats_in_channels_last() -> None:
    images = batches()(0).images
    assert (images.dtype, images.shape) == (torch.float32, (4, 1, 4, 4))
    expected = numbered(10)[batches().indices(0)].transpose(0, 3, 1, 2) / 127.5 - 1
    assert torch.allclose(images, torch.from_numpy(expected).float(), atol=1e-6)


def test_flips_mirror_about_half_and_are_repeatable() -> None:
    real = batches(count=200, batch=200, flip=True)
    mirrored = real(3).images[:, 0, 0, 0] > -1  # the bright half came to the left
    assert 70 < mirrored.sum() < 130
    assert torch.equal(real(3).images, batches(count=200, batch=200, flip=True)(3).images)
    assert not torch.equal(mirrored, real(4).images[:, 0, 0, 0] > -1)


def test_processes_share_a_batch_without_overlap() -> None:
    whole = batches(batch=6, flip=True)(2).images
    parts = [batches(batch=6, flip=True, runtime=Runtime(rank=rank, world=2))(2).images for rank in range(2)]
    assert torch.equal(torch.stack(parts, 1).flatten(0, 1), whole)  # every other image each


def test_each_image_comes_with_its_class() -> None:
    """Brightness n is image n − 1, of class (n − 1) mod 3."""
    labels = np.arange(10) % 3
    assert batches()(2).classes is None
    for rank in range(2):
        batch = batches(labels=labels, classes=3, batch=6, runtime=Runtime(rank=rank, world=2))(2)
        numbers = ((batch.images[:, 0, 0, 3] + 1) * 127.5).round().long() - 1
        assert torch.equal(batch.classes, torch.eye(3)[numbers % 3])


def test_by_coins_every_image_is_in_a_batch_by_itself() -> None:
    """Poisson sampling: sizes and memberships have a binomial's mean and variance, and no image decides another's."""
    real = batches(count=40, batch=10, coins=Randomness(7))
    there = np.zeros((2000, 40))
    for step in range(2000):
        there[step, real.indices(step)] = 1
    sizes = there.sum(1)
    assert sizes.mean() == pytest.approx(10, abs=4 * np.sqrt(40 * 0.25 * 0.75 / 2000))
    assert sizes.var() == pytest.approx(40 * 0.25 * 0.75, rel=0.15)
    assert np.abs(there.mean(0) - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 2000)
    assert np.abs(np.corrcoef(there.T) - np.eye(40)).max() < 5 / np.sqrt(2000)


def test_coins_follow_from_their_own_seed_and_the_step() -> None:
    one, other, again = (batches(count=40, batch=10, coins=Randomness(seed), flip=True) for seed in (7, 8, 7))
    assert all(np.array_equal(one.indices(step), again.indices(step)) for step in range(5))
    assert any(not np.array_equal(one.indices(step), other.indices(step)) for step in range(5))
    assert torch.equal(one(3).images, again(3).images)
    assert len(one(3).images) == len(one.indices(3))
