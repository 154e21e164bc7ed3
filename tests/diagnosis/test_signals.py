"""Signals have the values that their definitions give."""

import numpy as np
import pytest

from ganatomy.diagnosis import signals
from ganatomy.diagnosis.data import problems
from ganatomy.diagnosis.reference import Motion, ReferenceSet
from ganatomy.diagnosis.rules import CHANCE
from ganatomy.experiments.diagnosis_exam.shapes import shapes


def images(count: int, seed: int = 0) -> np.ndarray:
    """Coloured shapes as networks see them, [N, 3, 16, 16] in [−1, 1]."""
    return shapes(count, seed)[0].transpose(0, 3, 1, 2) / 127.5 - 1


REALS = ReferenceSet(images(512), 128)


def test_real_images_score_as_real_ones_do() -> None:
    random = [REALS.compare(images(128, seed)) for seed in range(1, 9)]
    for look in random:
        assert look["spread"] == pytest.approx(1, abs=0.1)
        assert look["twins"] == pytest.approx(1, abs=0.2)
        assert look["distance"] < 2 * look["distance_floor"]
        assert look["kinds"] >= look["kinds_floor"] - 1
        assert look["checkerboard"] < 4
        assert abs(look["saturated"] - look["saturated_real"]) < 0.01
    assert sum(look["spread"] >= look["spread_floor"] for look in random) >= 7


def test_collapse_is_seen() -> None:
    one = np.repeat(images(1, 5), 128, axis=0)
    look = REALS.compare(one)
    assert (look["spread"], look["twins"], look["kinds"]) == (0, 0, 1)
    assert look["distance"] > 10 * look["distance_floor"]
    four = np.repeat(images(4, 5), 32, axis=0)
    assert REALS.compare(four)["twins"] == pytest.approx(0, abs=1e-9)
    assert REALS.compare(four)["kinds"] <= 4


def test_a_kind_that_is_left_out_is_missed() -> None:
    kept = REALS.cluster != REALS.cluster[0]
    some = images(512)[kept][:128]
    assert REALS.compare(some)["kinds"] == len(REALS.centres) - 1


def test_a_grid_stands_out() -> None:
    rows = np.arange(16) % 2 * 2 - 1
    for grid in (rows[:, None] * rows, np.broadcast_to(rows, (16, 16)), np.broadcast_to(rows[:, None], (16, 16))):
        assert REALS.compare(images(128, 1) + 0.1 * grid)["checkerboard"] > 10
    noise = 0.1 * np.random.default_rng(0).standard_normal((128, 3, 16, 16))
    assert REALS.compare(images(128, 1) + noise)["checkerboard"] < 10


def test_saturation_counts_pixels_at_the_ends() -> None:
    values = np.zeros((1, 1, 10, 10))
    values[0, 0, :3], values[0, 0, 3, :5] = 1, -1
    assert signals.saturated(values, -1, 1) == pytest.approx(0.35)


def test_small_takes_means_of_blocks() -> None:
    image = np.arange(32 * 32, dtype=np.float64).reshape(1, 1, 32, 32)
    assert signals.downsampled(image).shape == (1, 256)
    assert signals.downsampled(image)[0, 0] == image[0, 0, :2, :2].mean()
    assert signals.downsampled(image).mean() == pytest.approx(image.mean())


@pytest.mark.parametrize(
    ("real", "fake", "area"), [([3, 4], [1, 2], 1), ([1, 2], [3, 4], 0), ([1, 1], [1, 1], 0.5), ([0, 2], [1, 1], 0.5)]
)
def test_auc(real: list[float], fake: list[float], area: float) -> None:
    assert signals.auc(np.array(real), np.array(fake)) == area


def test_the_threshold_of_chance_is_three_standard_errors() -> None:
    random = np.random.default_rng(0)
    areas = [signals.auc(random.standard_normal(128), random.standard_normal(128)) for _ in range(2000)]
    assert 0.5 + 3 * np.std(areas) == pytest.approx(CHANCE, abs=0.005)


def test_energy_is_zero_for_one_set_and_known_for_shifted_points() -> None:
    zeros, ones = np.zeros((5, 5)), np.ones((5, 5))
    assert signals.energy_distance(zeros, zeros, zeros) == 0
    assert signals.energy_distance(3 * ones, zeros, zeros) == 6  # two points, 3 apart


def test_copies() -> None:
    learnt, new = (np.random.default_rng(seed).standard_normal((200, 4)) for seed in (0, 1))
    other = np.random.default_rng(2).standard_normal((200, 4))
    assert signals.copies(learnt, learnt[:50], new) == 0
    assert signals.copies(learnt, other, new) == pytest.approx(1, abs=0.2)
    assert signals.copies(learnt, other, None) == pytest.approx(1, abs=0.2)
    assert signals.copies(learnt, learnt[:50] + 1e-3, None) < 0.02


def test_motion() -> None:
    motion, here = Motion(REALS), REALS.features[:50]
    assert "sway" not in motion.update(here)
    step = np.zeros(here.shape[1])
    step[0] = REALS.typical
    there = motion.update(here + step)
    assert (there["movement"], there["sway"]) == (pytest.approx(1), pytest.approx(1))
    assert motion.update(here)["turn"] == pytest.approx(-1)
    assert motion.update(here)["movement"] == 0


def test_reals_need_not_be_many_nor_different() -> None:
    for few in (images(6), np.zeros((20, 1, 16, 16))):
        look = ReferenceSet(few, 3).compare(few)
        assert all(np.isfinite(value) for value in look.values())


ONE_LABEL = "all labels are the same, so that there is nothing to generate by class"


@pytest.mark.parametrize(
    ("pixels", "labels", "said"),
    [
        (shapes(100)[0], None, []),
        (shapes(100)[0], np.arange(100) % 2, []),
        (
            shapes(100)[0],
            np.zeros(100, int),
            ["all labels are the same, so that there is nothing to generate by class"],
        ),
        (shapes(5)[0], None, ["5 images are far too few"]),
        (np.repeat(shapes(1)[0], 50, axis=0), None, ["all images are the same"]),
        (np.full((50, 16, 16, 1), 7, np.uint8), None, ["every image is of one plain colour"]),
        (
            np.arange(50, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8),
            None,
            ["every image is of one plain colour"],
        ),
    ],
)
def test_data_that_cannot_work(pixels: np.ndarray, labels: np.ndarray | None, said: list[str]) -> None:
    assert problems(pixels, labels) == said
