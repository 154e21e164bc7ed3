"""The batch sizes that are used draw the same bits, wherever in a batch an image is."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from doubles import Double

from ganatomy.generators import api as sampling
from ganatomy.runs.run import Run
from ganatomy.training.api import train
from ganatomy.web.serve.backend import SamplerBackend, of_seeds
from ganatomy.web.serve.steady import SIZES, Size, Steady, measure
from tiny import waves


class Rounding(Double):
    """A generator whose values depend on the size of the batch: of 1 and 2 in one way, of 4 and more in another."""

    def __init__(self, step: float = 0.0, place: float = 0.0) -> None:
        """step: between small batches and large ones; place: from one place of a batch to the next."""
        super().__init__()
        self.step, self.place = step, place

    def values(self, z: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        time.sleep(2e-3)  # a batch of any size takes as long: large ones are worth it
        places = self.place * np.arange(len(z))[:, None]
        return np.repeat(z * 50 + 100 + (self.step if len(z) >= 4 else 0) + places, 64, axis=1)

    def draw(self, z: np.ndarray, y: np.ndarray | None, truncation: float | None) -> np.ndarray:
        return self.values(z, y).round().astype(np.uint8)


def test_sizes_that_round_alike_are_kept_together() -> None:
    steady = measure(Rounding(1e-3))
    assert [size.images for size in steady.sizes] == [4, 8, 16, 32]
    assert steady.difference <= 1


def test_a_difference_of_more_than_a_grey_level_is_not_worth_any_speed() -> None:
    assert [size.images for size in measure(Rounding(2.5)).sizes] == [1, 2]


def test_a_size_whose_places_differ_is_left_out() -> None:
    assert [size.images for size in measure(Rounding(place=1e-4)).sizes] == [1]


def test_a_slow_generator_draws_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganatomy.web.serve.steady.SLOWEST", 0.01)
    (size,) = measure(Double(seconds=0.02)).sizes
    assert size.images == 1
    assert 20 < size.speed < 50


@pytest.mark.parametrize(("waiting", "size"), [(1, 4), (4, 4), (7, 4), (8, 8), (31, 8), (32, 32), (99, 32)])
def test_what_waits_fills_a_batch_or_the_smallest_is_filled_up(waiting: int, size: int) -> None:
    assert Steady([Size(4, 1.0), Size(8, 2.0), Size(32, 3.0)]).fitting(waiting) == size


def test_the_best_size_is_the_largest_of_the_fast() -> None:
    assert Steady([Size(1, 5.0), Size(8, 10.0), Size(16, 9.0), Size(32, 7.0)]).best.images == 16


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seeds_bits_do_not_depend_on_its_batch(run: Run, threads: int) -> None:
    """On this machine's kernels: other images than those that were measured, at all places of all sizes, shuffled."""
    torch.set_num_threads(threads)
    sampler = sampling.load(run)
    backend = SamplerBackend(sampler)
    steady = measure(backend)
    seeds = np.arange(1000, 1000 + 2 * max(SIZES))
    z, _ = of_seeds(sampler.prior, list(map(int, seeds)))
    alone = sampler.images(torch.from_numpy(z)).astype(int)
    expected = None
    random = np.random.default_rng(0)
    for size in steady.sizes:
        order = random.permutation(len(z))
        drawn = np.empty_like(alone)
        for start in range(0, len(z), size.images):
            part = order[start : start + size.images]
            drawn[part] = backend.draw(z[part], None, None)
        expected = drawn if expected is None else expected
        assert np.array_equal(drawn, expected)
    assert expected is not None
    assert np.abs(expected - alone).max() <= 1


def test_the_digits_network_has_steady_sizes(tmp_path: Path) -> None:
    """The network of the demo, after a step: what is served is drawn in more than one size."""
    np.save(tmp_path / "grey.npy", waves(64, 28, 28, 1))
    small = {"training.minutes": None, "training.steps": 1}
    trained = train(tmp_path / "grey.npy", recipe="digits", settings=small, name="grey", runs=tmp_path)
    backend = SamplerBackend(sampling.load(trained))
    assert len(measure(backend).sizes) > 1
