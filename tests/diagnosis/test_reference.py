"""Generated images beside real ones, and beside those of the probe before."""

import numpy as np
import pytest

from ganatomy.diagnosis.reference import Motion, ReferenceSet
from ganatomy.experiments.diagnosis_exam.shapes import shapes


def images(count: int, seed: int = 0) -> np.ndarray:
    """Coloured shapes as networks see them, [N, 3, 16, 16] in [−1, 1]."""
    return shapes(count, seed)[0].transpose(0, 3, 1, 2) / 127.5 - 1


@pytest.fixture(scope="module")
def reference() -> ReferenceSet:
    return ReferenceSet(images(512), 128)


def test_real_images_score_as_real_ones_do(reference: ReferenceSet) -> None:
    random = [reference.compare(images(128, seed)) for seed in range(1, 9)]
    for found in random:
        assert found["spread"] == pytest.approx(1, abs=0.1)
        assert found["twins"] == pytest.approx(1, abs=0.2)
        assert found["distance"] < 2 * found["distance_floor"]
        assert found["kinds"] >= found["kinds_floor"] - 1
        assert found["checkerboard"] < 4
        assert abs(found["saturated"] - found["saturated_real"]) < 0.01
    assert sum(found["spread"] >= found["spread_floor"] for found in random) >= 7


def test_collapse_is_measured(reference: ReferenceSet) -> None:
    one = np.repeat(images(1, 5), 128, axis=0)
    found = reference.compare(one)
    assert (found["spread"], found["twins"], found["kinds"]) == (0, 0, 1)
    assert found["distance"] > 10 * found["distance_floor"]
    four = np.repeat(images(4, 5), 32, axis=0)
    assert reference.compare(four)["twins"] == pytest.approx(0, abs=1e-9)
    assert reference.compare(four)["kinds"] <= 4


def test_a_kind_that_is_left_out_is_missed(reference: ReferenceSet) -> None:
    kept = reference.cluster != reference.cluster[0]
    some = images(512)[kept][:128]
    assert reference.compare(some)["kinds"] == len(reference.centres) - 1


def test_a_grid_stands_out(reference: ReferenceSet) -> None:
    rows = np.arange(16) % 2 * 2 - 1
    for grid in (rows[:, None] * rows, np.broadcast_to(rows, (16, 16)), np.broadcast_to(rows[:, None], (16, 16))):
        assert reference.compare(images(128, 1) + 0.1 * grid)["checkerboard"] > 10
    noise = 0.1 * np.random.default_rng(0).standard_normal((128, 3, 16, 16))
    assert reference.compare(images(128, 1) + noise)["checkerboard"] < 10


def test_motion(reference: ReferenceSet) -> None:
    motion, here = Motion(reference), reference.features[:50]
    assert "sway" not in motion.update(here)
    step = np.zeros(here.shape[1])
    step[0] = reference.typical
    there = motion.update(here + step)
    assert (there["movement"], there["sway"]) == (pytest.approx(1), pytest.approx(1))
    assert motion.update(here)["turn"] == pytest.approx(-1)
    assert motion.update(here)["movement"] == 0


def test_real_images_need_not_be_many_nor_different() -> None:
    for few in (images(6), np.zeros((20, 1, 16, 16))):
        found = ReferenceSet(few, 3).compare(few)
        assert all(np.isfinite(value) for value in found.values())
