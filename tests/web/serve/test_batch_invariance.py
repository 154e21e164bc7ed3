"""The batch sizes that are used draw the same bits, at every position of an image in its batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from doubles import Double

from ganatomy.generators import api as sampling
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from ganatomy.web.serve.backend import SamplerBackend, of_seeds
from ganatomy.web.serve.batch_invariance import SIZES, BatchSize, BatchSizes, measure
from tiny import PLAIN, waves


class Rounding(Double):
    """A generator whose values depend on the size of the batch: of 1 and 2 in one way, of 4 and more in another."""

    def __init__(self, step: float = 0.0, position: float = 0.0, seconds: float = 2e-3) -> None:
        """step: between small batches and large ones; position: from one position in a batch to the next.

        seconds: of a batch of any size, on its own clock, so that large batches are worth it.
        """
        super().__init__()
        self.step, self.position, self.seconds, self.time = step, position, seconds, 0.0

    def values(self, z: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        self.time += self.seconds
        positions = self.position * np.arange(len(z))[:, None]
        return np.repeat(z * 50 + 100 + (self.step if len(z) >= 4 else 0) + positions, 64, axis=1)

    def draw(self, z: np.ndarray, y: np.ndarray | None, truncation: float | None) -> np.ndarray:
        return self.values(z, y).round().astype(np.uint8)


def measured(backend: Rounding) -> BatchSizes:
    return measure(backend, lambda: backend.time)


def test_sizes_that_round_alike_are_kept_together() -> None:
    chosen = measured(Rounding(1e-3))
    assert [size.images for size in chosen.sizes] == [4, 8, 16, 32]
    assert chosen.difference <= 1


def test_a_difference_of_more_than_a_grey_level_is_not_worth_any_speed() -> None:
    assert [size.images for size in measured(Rounding(2.5)).sizes] == [1, 2]


def test_a_size_whose_positions_differ_is_left_out() -> None:
    assert [size.images for size in measured(Rounding(position=1e-4)).sizes] == [1]


def test_a_slow_generator_draws_one_at_a_time() -> None:
    (size,) = measured(Rounding(seconds=0.75)).sizes
    assert size.images == 1
    assert size.speed == pytest.approx(1 / 0.75)


@pytest.mark.parametrize(("waiting", "size"), [(1, 4), (4, 4), (7, 4), (8, 8), (31, 8), (32, 32), (99, 32)])
def test_waiting_images_fill_a_batch_or_the_smallest_is_padded(waiting: int, size: int) -> None:
    assert BatchSizes([BatchSize(4, 1.0), BatchSize(8, 2.0), BatchSize(32, 3.0)]).fitting(waiting) == size


def test_the_best_size_is_the_largest_of_the_fast() -> None:
    assert BatchSizes([BatchSize(1, 5.0), BatchSize(8, 10.0), BatchSize(16, 9.0), BatchSize(32, 7.0)]).best.images == 16


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seeds_bits_do_not_depend_on_its_batch(trained: Run, threads: int) -> None:
    """On this machine's kernels: images other than those measured, at all positions of all sizes, shuffled."""
    torch.set_num_threads(threads)
    sampler = sampling.load(trained)
    backend = SamplerBackend(sampler)
    chosen = measure(backend)
    seeds = np.arange(1000, 1000 + 2 * max(SIZES))
    z, _ = of_seeds(sampler.prior, list(map(int, seeds)))
    alone = sampler.images(torch.from_numpy(z)).astype(int)
    expected = None
    random = np.random.default_rng(0)
    for size in chosen.sizes:
        order = random.permutation(len(z))
        drawn = np.empty_like(alone)
        for start in range(0, len(z), size.images):
            part = order[start : start + size.images]
            drawn[part] = backend.draw(z[part], None, None)
        expected = drawn if expected is None else expected
        assert np.array_equal(drawn, expected)
    assert expected is not None
    assert np.abs(expected - alone).max() <= 1


def test_the_network_of_the_demo_has_several_invariant_sizes(tmp_path: Path) -> None:
    """The digits recipe, after a step."""
    np.save(tmp_path / "grey.npy", waves(64, 28, 28, 1))
    short = {name: value for name, value in PLAIN.items() if name.startswith("runtime.")}
    settings = {**short, "training.minutes": None, "training.steps": 1}
    run = train(tmp_path / "grey.npy", recipe="digits", settings=settings, name="grey", runs=tmp_path)
    assert len(measure(SamplerBackend(sampling.load(run))).sizes) > 1
